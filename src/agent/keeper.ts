/** Judges candidates, and lets in whose knock is good. */
import { admitAll, type SignedGateNow, signersFilesOf } from "../gate/index.ts";
import { type Host, withinLimits } from "../host/index.ts";
import { printAddress } from "../policy/address.ts";
import { ok } from "../problem/problem.ts";
import { judgeKnock, type Opens, type SealingKey, type SignedDoor } from "../signed/index.ts";
import type { Candidate } from "./candidates.ts";
import type { NotOpened, Tell, Who } from "./event.ts";
import { lotsOf } from "./lots.ts";
import { emptyMemory } from "./memory.ts";

export interface Keeper {
  /** The gate in which it lets in; undefined: none that signed knocks open. */
  watchOver(gate: SignedGateNow | undefined): void;
  /** Comes back when there is room for more of them. */
  judge(candidates: readonly Candidate[]): Promise<void>;
  /** Until all whom it lets in are in. */
  finish(): Promise<void>;
}

/** So many are let in by one change to the kernel: each takes the start of a program. */
const TOGETHER = 32;

export function keeperOf(host: Host, sealingKey: SealingKey, tell: Tell): Keeper {
  const files = signersFilesOf(host);
  const memory = emptyMemory();
  let gate: SignedGateNow | undefined;
  /** Knocks from before are not believed where nothing tells which of them were seen. */
  let sinceMs = host.now();

  const lots = lotsOf<GoodKnock>(TOGETHER, async (knocks) => {
    for (const { knock } of await letIn(host, gate, knocks, tell)) memory.forget(knock.id);
  });

  const judgeOne = (doors: readonly SignedDoor[], candidate: Candidate) => {
    const nowMs = host.now();
    const refuse = (reason: NotOpened, who: Who) =>
      tell({ kind: "refused", reason, who, candidate });
    const source = printAddress(candidate.source);
    let isRepeated = false;
    const seen = (id: string) => {
      isRepeated = memory.isRepeated(id, source, nowMs);
      return memory.isSeen(id);
    };
    const knock = judgeKnock({ ...candidate, nowMs }, { sealingKey, doors, seen });
    if (isRepeated) return tell({ kind: "repeated", candidate });
    if (knock.kind === "refused") return refuse(knock.reason, knock.who);
    if (knock.timeMs < sinceMs) return refuse("before start", knock);
    if (memory.isTooOften(knock.client, nowMs)) return refuse("too often", knock);
    memory.remember(knock.id, nowMs, source);
    lots.add({ knock, candidate });
  };

  return {
    watchOver: (now) => {
      gate = now;
      for (const { value } of now?.seen.members ?? []) {
        if (value === undefined) continue;
        memory.remember(value, host.now());
        // Whoever noted this one has noted all of them.
        sinceMs = 0;
      }
    },
    judge: async (candidates) => {
      if (gate === undefined) return;
      const { doors, problems } = await files.doorsOf(gate.gate.placed.policy);
      for (const problem of problems) tell({ kind: "problem", problem });
      for (const candidate of candidates) judgeOne(doors, candidate);
      await lots.room();
    },
    finish: () => lots.finish(),
  };
}

interface GoodKnock {
  readonly knock: Opens;
  readonly candidate: Candidate;
}

/** Those that the kernel has not taken, and does not know from before. */
async function letIn(
  host: Host,
  gate: SignedGateNow | undefined,
  knocks: readonly GoodKnock[],
  tell: Tell,
): Promise<readonly GoodKnock[]> {
  const arrived = knocks.map(({ knock, candidate }) => ({ knock, carrier: candidate.carrier }));
  const results = await withinLimits(async () =>
    ok(gate === undefined ? [] : await admitAll(host, gate, arrived)),
  );
  return knocks.filter(({ knock, candidate }, n) => {
    // Where a program hung, one of them says so for all.
    const isFirst = n === 0;
    const hung = isFirst && !results.ok ? results : undefined;
    const admitted = results.ok ? results.value[n] : hung;
    if (admitted?.ok && admitted.value === "admitted") {
      tell({ kind: "opened", knock, candidate });
      return false;
    }
    const problems = admitted?.ok === false ? admitted.problems : [];
    for (const problem of problems) tell({ kind: "problem", problem });
    const isSeen = admitted?.ok === true;
    tell({ kind: "refused", reason: isSeen ? "seen" : "not admitted", who: knock, candidate });
    return !isSeen;
  });
}
