/** A backend whose kernel is a variable, and which remembers what was asked of it. */
import { labelOf } from "../../src/backend/labels.ts";
import type { Listing } from "../../src/backend/live.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Backend, BackendName, Change } from "../../src/gate/backend.ts";
import { type Address, maskAddress } from "../../src/policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../src/problem/problem.ts";
import type { Program } from "../../src/program/index.ts";

export interface FakeBackend extends Backend {
  /** The gate that it holds. */
  gate: Listing | undefined;
  /** What the host lacks for it. */
  lack: Problem | undefined;
  /** What it does not do. */
  readonly refuses: Set<"read" | "load" | "remove">;
  readonly changes: Change[];
}

export function problem(what: string): Problem {
  return { code: `host-${what}`, severity: "error", what, fix: "" };
}

/** What a kernel lists of the gate of a program; `members` by the names of sets. */
export function gateOf(
  program: Program,
  members: Readonly<Record<string, readonly Address[]>> = {},
): Listing {
  const sets = program.sets.map((set) => {
    const label = labelOf(set);
    const held = (members[set.name] ?? []).map((source) => ({
      source: maskAddress(source, label.prefixLength),
      secondsLeft: 9,
    }));
    return { name: set.name, family: set.family, capacity: 1, label, members: held };
  });
  return { fingerprint: program.fingerprint, sets, counters: [] };
}

/** @param asked where each change to the kernel is written down, `load nftables`. */
export function fakeBackend(name: BackendName, asked: string[]): FakeBackend {
  const todo = (verb: "read" | "load" | "remove", work: () => void): Promise<Result<undefined>> => {
    if (fake.refuses.has(verb)) return Promise.resolve(fail(problem(`${name} does not ${verb}`)));
    work();
    return Promise.resolve(ok(undefined));
  };
  const fake: FakeBackend = {
    name,
    gate: undefined,
    lack: undefined,
    refuses: new Set(),
    changes: [],
    adviseOnCapacity: undefined,
    tokens: undefined,
    signed: undefined,
    findObstacle: () => Promise.resolve(fake.lack),
    read: async () => {
      const read = await todo("read", () => undefined);
      return read.ok ? ok(fake.gate) : read;
    },
    limitsOf: () => [],
    compile: (policy, bound) => compilePolicy(policy, bound),
    print: () => `a gate of ${name}\n`,
    printKept: () => `a gate of ${name} that was kept\n`,
    suffix: name === "nftables" ? ".nft" : ".sh",
    load: (_, program) =>
      todo("load", () => {
        asked.push(`load ${name}`);
        fake.gate = gateOf(program);
      }),
    remove: () =>
      todo("remove", () => {
        if (fake.gate !== undefined) asked.push(`remove ${name}`);
        fake.gate = undefined;
      }),
    change: (_, changes) => {
      fake.changes.push(...changes);
      return Promise.resolve(ok(undefined));
    },
    takeSnapshot: () =>
      Promise.resolve(ok(fake.gate === undefined ? null : { backend: name, texts: {} })),
    fingerprintOf: () => undefined,
    secondsAgain: (_, seconds) => seconds,
    tryRestore: () => Promise.resolve(ok(undefined)),
    restore: () =>
      todo("load", () => {
        asked.push(`restore ${name}`);
        fake.gate = { fingerprint: undefined, sets: [], counters: [] };
      }),
  };
  return fake;
}
