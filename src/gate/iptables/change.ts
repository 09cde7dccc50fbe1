/** Changes to who is in which list. */
import {
  membersOf,
  nameFor,
  type SavedList,
  savedRules,
  withList,
} from "../../backend/iptables/index.ts";
import type { LiveMember } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { maskAddress, printAddress } from "../../policy/address.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { Change } from "../backend.ts";
import { keepOf } from "../keep/keep.ts";
import { whileLocked } from "../keep/lock.ts";
import { readCapacity } from "./capacity.ts";
import { put } from "./put.ts";
import { findGate, type Gate } from "./read.ts";
import { readRecent, readSeen, writeTo } from "./recent.ts";

/**
 * About a minute in all: fail2ban may ban dozens of sources at once, each of which takes a part of a
 * second, and a ban that is refused is forgotten.
 */
const TRIES = 300;
const PAUSE_MILLISECONDS = 50;
/** So that many who wait do not keep the one from working for whom they wait. */
const LONGEST_PAUSES = 5;

/**
 * One after the other: what cannot be done ends it. Rules that somebody else makes at the same
 * time would not know a list that is made here, and the kernel would forget it.
 */
export async function changeMembers(
  host: Host,
  changes: readonly Change[],
): Promise<Result<undefined>> {
  const keep = await keepOf(host);
  for (let tries = 1; ; tries += 1) {
    const done = await whileLocked(host, keep, "open, close or ban", () =>
      changeAll(host, changes),
    );
    const isBusy = !done.ok && done.problems.some(({ code }) => code === "gate-busy");
    if (!isBusy || tries === TRIES) return done;
    await host.pause(PAUSE_MILLISECONDS * (1 + Math.random() * (LONGEST_PAUSES - 1)));
  }
}

async function changeAll(host: Host, changes: readonly Change[]): Promise<Result<undefined>> {
  for (const change of changes) {
    const changed = await changeOne(host, change);
    if (!changed.ok) return changed;
  }
  return ok(undefined);
}

async function changeOne(host: Host, change: Change): Promise<Result<undefined>> {
  const found = await findGate(host);
  if (!found.ok) return found;
  const gate = found.value;
  const lists = (gate?.lists ?? []).filter(({ set }) => set === change.set.name);
  const [first] = lists;
  // Somebody has taken the gate away since.
  if (gate === undefined || first === undefined) return ok(undefined);
  if (change.kind === "forget-all") return writeAll(host, lists, "/");
  const source = printAddress(maskAddress(change.source, change.set.label.prefixLength));
  if (change.kind === "forget") return writeAll(host, lists, `-${source}`);
  const name = nameFor(first, change.seconds);
  const room = await findRoom(host, { name, seconds: change.seconds }, source);
  if (!room.ok) return room;
  const there = await makeList(host, gate, lists, change.seconds);
  if (!there.ok) return there;
  const remembered = await writeTo(host, name, `+${source}`);
  const others = lists.filter((list) => list.name !== name);
  return remembered.ok ? writeAll(host, others, `-${source}`) : remembered;
}

async function writeAll(
  host: Host,
  lists: readonly SavedList[],
  line: string,
): Promise<Result<undefined>> {
  for (const { name } of lists) {
    const written = await writeTo(host, name, line);
    if (!written.ok) return written;
  }
  return ok(undefined);
}

/**
 * The kernel makes room for a packet's source by throwing out who is in the list the longest. An
 * administrator who bans one source does not mean to lift the ban of another.
 */
async function findRoom(
  host: Host,
  list: Pick<SavedList, "name" | "seconds">,
  source: string,
): Promise<Result<undefined>> {
  const capacity = await readCapacity(host);
  if ((await readSeen(host, list.name)).length < capacity) return ok(undefined);
  // Of those in the file the time may be over.
  const members = membersOf(list, await readRecent(host, list.name)).map(printMember);
  if (members.length < capacity || members.includes(source)) return ok(undefined);
  return fail({
    code: "set-full",
    severity: "error",
    what: `the list ${list.name} is full: it holds ${capacity} sources`,
    fix: "make room first, or give another time, each of which has a list of its own; `postern status` shows who is in it",
  });
}

function printMember({ source }: LiveMember): string {
  return source === undefined ? "" : printAddress(source);
}

/** A list for members that last so long, where the set has none. */
async function makeList(
  host: Host,
  { variant, halves }: Gate,
  lists: readonly SavedList[],
  seconds: number | undefined,
): Promise<Result<undefined>> {
  const like = lists.find(({ isWindow }) => !isWindow);
  if (like === undefined) throw new Error("makeList: a set without lists");
  if (lists.some((list) => !list.isWindow && list.seconds === seconds)) return ok(undefined);
  return put(host, variant, halves, (_, saved) => savedRules(withList(saved, like, seconds)));
}
