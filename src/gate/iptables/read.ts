/** The gate as iptables holds it. */
import { listingOf, type SavedList } from "../../backend/iptables/index.ts";
import type { Listing } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { NO_IPTABLES, NOT_OURS } from "./obstacle.ts";
import { readNobody, readRecent } from "./recent.ts";
import { type Halves, otherVariant, ownVariant, readHalves, type Variant } from "./variant.ts";

export interface Gate {
  readonly variant: Variant;
  readonly halves: Halves;
  /** Of both families, each once. */
  readonly lists: readonly SavedList[];
}

/** As the variant holds it that the host uses; without chains where there is none. */
export async function readOwnGate(host: Host): Promise<Result<Gate>> {
  const own = await ownVariant(host);
  return own === undefined ? fail(NO_IPTABLES) : readGateIn(host, own);
}

/** Gates of the other variant: the host may have been told to use this one since. */
export async function readOthers(host: Host, own: Variant): Promise<Result<readonly Gate[]>> {
  const other = await otherVariant(host, own);
  if (other === undefined) return ok([]);
  const gate = await readGateIn(host, other);
  if (!gate.ok) return gate;
  return ok(stands(gate.value) ? [gate.value] : []);
}

async function readGateIn(host: Host, variant: Variant): Promise<Result<Gate>> {
  const halves = await readHalves(host, variant);
  if (!halves.ok) return halves;
  const saved = savedIn(halves.value);
  // What others made under our names has nothing that tells of a policy.
  const foreign = saved.find(
    ({ chains, fingerprint }) => chains.length > 0 && fingerprint === undefined,
  );
  if (foreign !== undefined) return fail(NOT_OURS);
  const lists = saved.flatMap((half) => half.lists);
  return ok({
    variant,
    halves: halves.value,
    lists: lists.filter((list, n) => lists.findIndex(({ name }) => name === list.name) === n),
  });
}

export function savedIn({ ipv4, ipv6 }: Halves) {
  return [ipv4, ipv6].filter((saved) => saved !== undefined);
}

export function stands({ halves }: Gate): boolean {
  return savedIn(halves).some(({ chains }) => chains.length > 0);
}

/** The one that stands, whichever variant holds it; undefined where there is none. */
export async function findGate(host: Host): Promise<Result<Gate | undefined>> {
  const own = await readOwnGate(host);
  if (!own.ok || stands(own.value)) return own;
  const others = await readOthers(host, own.value.variant);
  return others.ok ? ok(others.value[0]) : others;
}

export async function readListing(
  host: Host,
  { members }: { readonly members: boolean },
): Promise<Result<Listing | undefined>> {
  const gate = await findGate(host);
  if (!gate.ok) return gate;
  if (gate.value === undefined) return ok(undefined);
  const recent = members ? await readRecent(host) : await readNobody(host);
  return ok(listingOf(savedIn(gate.value.halves), recent));
}
