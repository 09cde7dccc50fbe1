/** Puts a gate in the place of the one that stands, and keeps who is known to it. */

import {
  membersOf,
  nameFor,
  printRules,
  type Recent,
  type Saved,
  type SavedList,
  savedRules,
  withList,
} from "../../backend/iptables/index.ts";
import type { Connection } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { type Address, maskAddress, printAddress } from "../../policy/address.ts";
import { ok, type Result } from "../../problem/problem.ts";
import type { Program } from "../../program/index.ts";
import { put, type Wanted } from "./put.ts";
import { type Gate, readOthers, readOwnGate } from "./read.ts";
import { readRecent, writeTo } from "./recent.ts";

/** Somebody else may change the table between our look at it and our change to it. */
const TRIES = 4;

export async function loadProgram(
  host: Host,
  program: Program,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  const wanted = (gate: Gate, recent: Recent): Wanted => {
    const rules = printRules(program, {
      lasting: lastingIn(gate, recent),
      counted: countedIn(gate),
    });
    return () => rules;
  };
  return replaceGate(host, wanted, older);
}

/** The same for rules as they once stood. */
export async function loadSaved(
  host: Host,
  kept: Partial<Readonly<Record<"ipv4" | "ipv6", Saved>>>,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  const wanted = (gate: Gate, recent: Recent): Wanted => {
    const lasting = lastingIn(gate, recent);
    return (family) => {
      const saved = kept[family];
      return saved === undefined ? [] : savedRules(lasting.reduce(withLasting, saved));
    };
  };
  return replaceGate(host, wanted, older);
}

/** Who is in a list that the rules do not know is looked for all the same, if they know its set. */
function withLasting(saved: Saved, { name, seconds }: SavedList): Saved {
  const like = saved.lists.find((list) => nameFor(list, seconds) === name);
  return like === undefined ? saved : withList(saved, like, seconds);
}

async function replaceGate(
  host: Host,
  wanted: (gate: Gate, recent: Recent) => Wanted,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  for (let tries = 1; ; tries += 1) {
    const gate = await readOwnGate(host);
    if (!gate.ok) return gate;
    const recent = await readRecent(host);
    const loaded = await put(
      host,
      gate.value.variant,
      gate.value.halves,
      wanted(gate.value, recent),
    );
    if (loaded.ok || tries === TRIES) return loaded.ok ? settle(host, older) : loaded;
  }
}

/** What has to be done once the rules stand. */
async function settle(host: Host, older: readonly Connection[]): Promise<Result<undefined>> {
  const gate = await readOwnGate(host);
  if (!gate.ok) return gate;
  await adopt(
    host,
    gate.value,
    older.map(({ source }) => source),
  );
  const others = await readOthers(host, gate.value.variant);
  if (!others.ok) return others;
  for (const { variant, halves } of others.value) {
    const gone = await put(host, variant, halves, () => []);
    if (!gone.ok) return gone;
  }
  return ok(undefined);
}

/** Sources with connections that the gate has not seen begin. Better to cut one than to fail. */
async function adopt(host: Host, { lists }: Gate, sources: readonly Address[]): Promise<void> {
  const written = new Set<string>();
  for (const { name, label } of lists.filter((list) => list.label.role.kind === "let-through")) {
    for (const source of sources.filter(({ family }) => family === label.family)) {
      const line = `+${printAddress(maskAddress(source, label.prefixLength))}`;
      if (!written.has(line)) await writeTo(host, name, line);
      written.add(line);
    }
  }
}

/** The lists that hold somebody whose time is not over. */
function lastingIn({ lists }: Gate, recent: Recent): SavedList[] {
  return lists.filter((list) => !list.isWindow && membersOf(list, recent).length > 0);
}

function countedIn({ halves }: Gate): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const saved of [halves.ipv4, halves.ipv6]) {
    for (const [name, count] of saved?.counted ?? []) {
      counted.set(name, (counted.get(name) ?? 0) + count);
    }
  }
  return counted;
}
