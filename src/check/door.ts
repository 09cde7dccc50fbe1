/** What scanners, guessers and listeners can do to one door. */
import { printCarrier } from "../policy/carriers.ts";
import type { Door, Policy, Sequence } from "../policy/policy.ts";
import { commandFor } from "./command.ts";
import { chancePerThousand, firstOpening, type Target, targetAt } from "./judge.ts";
import { likeliestList, type OpenedBy } from "./listed.ts";
import { type Predictable, predictabilityOf } from "./predictable.ts";
import { GUESSABLE, type Remedy, remedyFor } from "./remedy.ts";
import { describeScan, type Scan, scansOf } from "./scans.ts";
import type { Known } from "./services.ts";
import { judgeTokens, type TokenReport } from "./token.ts";

export interface DoorReport {
  readonly door: string;
  /**
   * The simplest scan that opens it, or where each does so only by chance the likeliest, from a
   * chance of one in a million on.
   */
  readonly openedBy: OpenedBy | undefined;
  /** Why somebody guesses the steps who knows what people choose. Undefined: nobody does. */
  readonly predictable: Predictable | undefined;
  /** Another sequence, where this one is opened by a scan or easily guessed, and one was found. */
  readonly remedy: Remedy | undefined;
  /** How many scans there were until one opened it; those of lists of ports do not count. */
  readonly scansTried: number;
  /**
   * The probability, 0 to 1, that 1,000 packets open it, each to a random port of the watch range
   * over TCP or UDP.
   */
  readonly chancePerThousand: number;
  /**
   * How many packets a listener must overhear to be able to open it: the steps. Undefined where
   * it has no sequence: a token that was overheard is spent, and a signed knock known.
   */
  readonly overheardPackets: number | undefined;
  /** Undefined where the door opens with no tokens. */
  readonly token: TokenReport | undefined;
  /**
   * What carries a signed knock to it, as a policy writes it: nobody can guess one, and one that
   * was overheard is known. Undefined where the door opens with none.
   */
  readonly signed: readonly string[] | undefined;
}

export function judgeDoor(policy: Policy, door: Door, known: Known): DoorReport {
  const { name, sequence } = door;
  const others = {
    token: judgeTokens(policy, door),
    signed: door.signed?.carriers.map(printCarrier),
  };
  if (sequence === undefined) {
    return {
      door: name,
      openedBy: undefined,
      predictable: undefined,
      remedy: undefined,
      scansTried: 0,
      chancePerThousand: 0,
      overheardPackets: undefined,
      ...others,
    };
  }
  const scans = allScans(known);
  const target = targetAt(policy, door, sequence);
  const opening = firstOpening(target, scans);
  const scan = opening === undefined ? undefined : scans[opening];
  const chance = chancePerThousand(target);
  const openedBy =
    scan === undefined
      ? likelyList(target, sequence)
      : { scan: describeScan(scan), command: commandFor(target, scan, sequence), chance: 1 };
  const predictable = predictabilityOf(sequence.steps);
  const isWeak = openedBy !== undefined || predictable !== undefined || chance >= GUESSABLE;
  const means = { scans, chance: known.chance };
  return {
    door: name,
    openedBy,
    predictable,
    remedy: isWeak ? remedyFor(policy, door, sequence, means) : undefined,
    scansTried: opening === undefined ? scans.length : opening + 1,
    chancePerThousand: chance,
    overheardPackets: sequence.steps.length,
    ...others,
  };
}

function likelyList(target: Target, sequence: Sequence): OpenedBy | undefined {
  const list = likeliestList(target, sequence);
  return list !== undefined && list.chance >= GUESSABLE ? list : undefined;
}

const scansKnown = new WeakMap<Known, readonly Scan[]>();

/** Made once for all doors. */
function allScans(known: Known): readonly Scan[] {
  const scans = scansKnown.get(known) ?? scansOf(known);
  scansKnown.set(known, scans);
  return scans;
}
