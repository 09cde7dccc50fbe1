/** Lets in who have made signed knocks, in the gate that stands. */
import type { Admission, LiveSet } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { type Address, printAddress } from "../../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Opens } from "../../signed/index.ts";
import type { Admitted } from "../backend.ts";
import { type HeldGate, readLiveGate } from "../live-policy.ts";

/** So long the gate remembers who has knocked; a knock itself is good for a minute or two. */
export const SEEN_SECONDS = 24 * 60 * 60;

/** What nftables takes of a comment. */
const LONGEST_COMMENT = 128;

/** A gate with doors that signed knocks open, as it was when it was last read. */
export interface SignedGateNow {
  readonly gate: HeldGate;
  readonly tags: LiveSet;
  readonly seen: LiveSet;
}

/** Undefined where no door of the gate that stands is opened by signed knocks. */
export async function readSignedGate(
  host: Host,
  file: string,
): Promise<Result<SignedGateNow | undefined>> {
  const gate = await readLiveGate(host, file, { members: true });
  if (!gate.ok) return gate;
  const ofRole = (kind: "signed-tags" | "signed-seen") =>
    gate.value.listing.sets.find(({ label }) => label.role.kind === kind);
  const [tags, seen] = [ofRole("signed-tags"), ofRole("signed-seen")];
  return ok(
    tags === undefined || seen === undefined ? undefined : { gate: gate.value, tags, seen },
  );
}

/** A good knock, and what it came by. */
export interface Arrived {
  readonly knock: Opens;
  readonly carrier: string;
}

/** All of them at once, which takes hardly longer than one; what came of each, in their order. */
export async function admitAll(
  host: Host,
  now: SignedGateNow,
  arrived: readonly Arrived[],
): Promise<readonly Result<Admitted>[]> {
  const { signed } = now.gate.backend;
  const admissions = arrived.map((one) => admissionOf(now, one));
  const good = admissions.filter((admission) => admission !== undefined);
  const results = signed === undefined || good.length === 0 ? [] : await signed.admit(host, good);
  const ofGood = new Map(good.map((admission, n) => [admission, results[n]]));
  return await Promise.all(
    arrived.map(async ({ knock }, n) => {
      const admission = admissions[n];
      const result = admission === undefined ? undefined : ofGood.get(admission);
      if (result?.ok && result.value === "admitted") await liftBan(host, now, knock.address);
      return result ?? fail(noSuchDoor(knock));
    }),
  );
}

/** Undefined where the gate has no such door any more. */
function admissionOf(
  { gate: { listing, placed }, seen }: SignedGateNow,
  { knock, carrier }: Arrived,
): Admission | undefined {
  const { address: source, id } = knock;
  const door = placed.policy.doors.find(({ name }) => name === knock.door);
  const grants = listing.sets.filter(
    ({ family, label: { role } }) =>
      family === source.family && role.kind === "grants" && role.door === knock.door,
  );
  if (door === undefined || grants.length === 0) return undefined;
  return {
    seen: seen.name,
    knock: { value: id, seconds: SEEN_SECONDS, about: aboutOf(knock, carrier) },
    grants,
    source,
    openSeconds: door.openForSeconds,
  };
}

async function liftBan(
  host: Host,
  { gate: { backend, listing } }: SignedGateNow,
  source: Address,
): Promise<void> {
  const bans = listing.sets.filter(
    ({ family, label }) => family === source.family && label.role.kind === "auto-banned",
  );
  await backend.signed?.unban(host, bans, source);
}

/** `DOOR CARRIER ADDRESS CLIENT`: what `status` shows. */
function aboutOf({ door, address, client }: Opens, carrier: string): string {
  const name = client.replaceAll(/[^\w.@+-]/g, "?");
  return `${door} ${carrier} ${printAddress(address)} ${name}`.slice(0, LONGEST_COMMENT);
}

/** Who has made a signed knock, as the gate remembers it. */
export interface SeenKnock {
  readonly door: string;
  readonly carrier: string;
  readonly source: string;
  readonly client: string;
  readonly secondsAgo: number;
}

/** The last first. */
export function seenKnocks({ members }: LiveSet): SeenKnock[] {
  return members
    .flatMap(({ comment = "", secondsLeft = 0 }) => {
      const [door, carrier, source, client] = comment.split(" ");
      if (door === undefined || carrier === undefined || source === undefined) return [];
      const secondsAgo = Math.max(0, SEEN_SECONDS - secondsLeft);
      return [{ door, carrier, source, client: client ?? "", secondsAgo }];
    })
    .sort((a, b) => a.secondsAgo - b.secondsAgo);
}

function noSuchDoor({ door }: Opens): Problem {
  return {
    code: "no-such-door",
    severity: "error",
    what: `the gate has no door ${JSON.stringify(door)} any more`,
    fix: "nothing to do: it was changed while somebody knocked",
  };
}
