/** What scanners, guessers and listeners can do to one door. */
import type { Door, Policy } from "../policy/policy.ts";
import { commandFor } from "./command.ts";
import { chancePerThousand, firstOpening, targetAt } from "./judge.ts";
import { GUESSABLE, type Remedy, remedyFor } from "./remedy.ts";
import { describeScan, type Scan, scansOf } from "./scans.ts";
import type { Known } from "./services.ts";

export interface DoorReport {
  readonly door: string;
  /** The simplest scan that opens it. */
  readonly openedBy: OpenedBy | undefined;
  /** Another sequence, where this one is opened by a scan or easily guessed, and one was found. */
  readonly remedy: Remedy | undefined;
  /** How many scans there were until one opened it. */
  readonly scansTried: number;
  /**
   * The probability, 0 to 1, that 1,000 packets open it, each to a random port of the watch range
   * over TCP or UDP.
   */
  readonly chancePerThousand: number;
  /**
   * How many packets a listener must overhear to be able to open it: the steps. Undefined where
   * nothing but the hand opens it.
   */
  readonly overheardPackets: number | undefined;
}

export interface OpenedBy {
  /** In plain English, as in "a scan of all ports upwards over TCP". */
  readonly scan: string;
  /** For `sh`, with the word HOST for the host. */
  readonly command: string;
}

export function judgeDoor(policy: Policy, door: Door, known: Known): DoorReport {
  const { name, sequence } = door;
  if (sequence === undefined) {
    return {
      door: name,
      openedBy: undefined,
      remedy: undefined,
      scansTried: 0,
      chancePerThousand: 0,
      overheardPackets: undefined,
    };
  }
  const scans = allScans(known);
  const target = targetAt(policy, door, sequence);
  const opening = firstOpening(target, scans);
  const scan = opening === undefined ? undefined : scans[opening];
  const chance = chancePerThousand(target);
  const weak = scan !== undefined || chance >= GUESSABLE;
  return {
    door: name,
    openedBy:
      scan === undefined
        ? undefined
        : { scan: describeScan(scan), command: commandFor(target, scan, sequence) },
    remedy: weak ? remedyFor(policy, door, sequence, scans) : undefined,
    scansTried: opening === undefined ? scans.length : opening + 1,
    chancePerThousand: chance,
    overheardPackets: sequence.steps.length,
  };
}

const scansKnown = new WeakMap<Known, readonly Scan[]>();

/** Made once for all doors. */
function allScans(known: Known): readonly Scan[] {
  const scans = scansKnown.get(known) ?? scansOf(known);
  scansKnown.set(known, scans);
  return scans;
}
