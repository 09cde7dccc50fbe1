/** Puts a gate in the place of the one that stands, and keeps who is known to it. */

import {
  countedIn,
  membersOf,
  nameFor,
  printRules,
  type Saved,
  type SavedList,
  savedRules,
  withList,
} from "../../backend/iptables/index.ts";
import type { Connection } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { type Family, maskAddress, printAddress } from "../../policy/address.ts";
import { ok, type Result } from "../../problem/problem.ts";
import type { Program } from "../../program/index.ts";
import { put, type Wanted } from "./put.ts";
import { findGate, type Gate, readGates, savedIn } from "./read.ts";
import { readRecent, writeTo } from "./recent.ts";

/** Somebody else may change the table between our look at it and our change to it. */
const TRIES = 4;

export async function loadProgram(
  host: Host,
  program: Program,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  const wanted = (lasting: readonly SavedList[], counted: ReadonlyMap<string, number>) => {
    const rules = printRules(program, { lasting, counted });
    return () => rules;
  };
  return replaceGate(host, wanted, older);
}

/** The same for rules as they once stood. */
export async function loadSaved(
  host: Host,
  kept: Readonly<Record<Family, Saved>>,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  const wanted =
    (lasting: readonly SavedList[]): Wanted =>
    (family) =>
      savedRules(lasting.reduce(withLasting, kept[family]));
  return replaceGate(host, wanted, older);
}

/** Who is in a list that the rules do not know is looked for all the same, if they know its set. */
function withLasting(saved: Saved, { name, seconds }: SavedList): Saved {
  const like = saved.lists.find((list) => nameFor(list, seconds) === name);
  return like === undefined ? saved : withList(saved, like, seconds);
}

async function replaceGate(
  host: Host,
  wanted: (lasting: readonly SavedList[], counted: ReadonlyMap<string, number>) => Wanted,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  for (let tries = 1; ; tries += 1) {
    const gates = await readGates(host);
    if (!gates.ok) return gates;
    const { own, others } = gates.value;
    const lasting = await findLasting(host, [own, ...others]);
    const loaded = await put(
      host,
      own.variant,
      own.halves,
      wanted(lasting, countedIn(savedIn(own.halves))),
    );
    if (!loaded.ok && tries < TRIES) continue;
    if (!loaded.ok) return loaded;
    if (older.length > 0) await adopt(host, older);
    return removeAll(host, others);
  }
}

/** Takes away every one of the gates; stops at the first that does not go. */
export async function removeAll(host: Host, gates: readonly Gate[]): Promise<Result<undefined>> {
  for (const { variant, halves } of gates) {
    const gone = await put(host, variant, halves, () => []);
    if (!gone.ok) return gone;
  }
  return ok(undefined);
}

/** Sources with connections that the gate has not seen begin. Better to cut one than to fail. */
async function adopt(host: Host, older: readonly Connection[]): Promise<void> {
  const gate = await findGate(host);
  const lists = (gate.ok ? gate.value?.lists : undefined) ?? [];
  for (const { name, label } of lists.filter(
    ({ label: { role } }) => role.kind === "let-through",
  )) {
    const { role } = label;
    const sources = older.filter(
      ({ door, source }) =>
        role.kind === "let-through" && role.door === door && source.family === label.family,
    );
    const lines = sources.map(({ source }) =>
      printAddress(maskAddress(source, label.prefixLength)),
    );
    for (const line of new Set(lines)) await writeTo(host, name, `+${line}`);
  }
}

/** The lists that hold somebody whose time is not over: the kinds of iptables share all lists. */
async function findLasting(host: Host, gates: readonly Gate[]): Promise<readonly SavedList[]> {
  const recent = await readRecent(host);
  return gates
    .flatMap(({ lists }) => lists)
    .filter((list) => !list.isWindow && membersOf(list, recent).length > 0);
}
