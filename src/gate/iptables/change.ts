/** Changes to who is in which list. */
import { nameFor, type SavedList, savedRules, withList } from "../../backend/iptables/index.ts";
import type { Host } from "../../host/index.ts";
import { maskAddress, printAddress } from "../../policy/address.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { Change } from "../backend.ts";
import { put } from "./put.ts";
import { findGate, type Gate } from "./read.ts";
import { writeTo } from "./recent.ts";

/** One after the other: what cannot be done ends it. */
export async function changeMembers(
  host: Host,
  changes: readonly Change[],
): Promise<Result<undefined>> {
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

/** A list for members that last so long, where the set has none. */
async function makeList(
  host: Host,
  { variant, halves }: Gate,
  lists: readonly SavedList[],
  seconds: number | undefined,
): Promise<Result<undefined>> {
  const like = lists.find(({ isWindow }) => !isWindow);
  if (like === undefined) return fail();
  if (lists.some((list) => !list.isWindow && list.seconds === seconds)) return ok(undefined);
  return put(host, variant, halves, (_, saved) => savedRules(withList(saved, like, seconds)));
}
