/** Names that the printed rules and the kernel's listing share, within the kernel's limits. */
import { digest } from "../../program/digest.ts";
import type { TimedSet } from "../../program/program.ts";

/** Where every packet enters: the only chain that anything outside of the gate leads to. */
export const ENTRY = "POSTERN";
const PREFIX = `${ENTRY}-`;

/** The one jump that leads into the gate, before whatever else is in its chain. */
export const JUMP = `PREROUTING -j ${ENTRY}`;

/** Holds, in comments on its rules, what the gate is made of. No packet comes here. */
export const MADE_OF = `${PREFIX}made_of`;

/** What the comments there, and those where packets are counted, begin with. */
export const POLICY = "policy=";
export const LIST = "list=";
export const COUNTS = "counts=";

/** XT_EXTENSION_MAXNAMELEN of x_tables.h, less the byte that ends the name. */
const CHAIN_BYTES = 28;
/** The `prefix` of xt_log_info in xt_LOG.h, less the byte that ends it. */
const LOG_BYTES = 29;

export function isOurs(chain: string): boolean {
  return chain === ENTRY || chain.startsWith(PREFIX);
}

/** What iptables calls the chains of a program, whose names are theirs; the first is the entry. */
export function chainNames(chains: readonly string[]): ReadonlyMap<string, string> {
  const [entry = "", ...others] = chains;
  const taken = new Set([ENTRY, MADE_OF]);
  const names = others.map((chain) => {
    const name = firstFree(fitting(`${PREFIX}${chain}`, CHAIN_BYTES), taken);
    taken.add(name);
    return [chain, name] as const;
  });
  return new Map([[entry, ENTRY], ...names]);
}

/**
 * What the kernel log calls the doors: the 29 bytes of a prefix hold `postern: refused door=` and
 * six of the name.
 */
export function logNames(doors: readonly string[]): ReadonlyMap<string, string> {
  const room = LOG_BYTES - "postern: refused door= ".length;
  const whole = doors.filter((door) => door.length <= room);
  const taken = new Set(whole);
  const names = doors.map((door) => {
    if (whole.includes(door)) return [door, door] as const;
    const name = firstFree(shortened(door, room), taken);
    taken.add(name);
    return [door, name] as const;
  });
  return new Map(names);
}

function* shortened(name: string, bytes: number): Generator<string> {
  yield name.slice(0, bytes);
  yield* fitting(name, bytes);
}

const DIGITS = 4;

/** The name if it fits; otherwise its beginning with a few digits that tell it from others. */
function* fitting(name: string, bytes: number): Generator<string> {
  if (name.length <= bytes) yield name;
  for (let salt = 0; ; salt += 1) {
    const digits = digest(`${name} ${salt}`).slice(-DIGITS);
    yield `${name.slice(0, bytes - DIGITS)}${digits}`;
  }
}

function firstFree(names: Iterable<string>, taken: ReadonlySet<string>): string {
  for (const name of names) if (!taken.has(name)) return name;
  throw new Error("firstFree: every name is taken");
}

/**
 * A list of sources, under /proc/net/xt_recent. What it means to be in it is in its name, so that
 * one with another meaning is another list, and begins empty.
 */
export function listName(set: TimedSet, what: string): string {
  return `postern-${set.name}-${what}-${digest(set.meaning).slice(-8)}`;
}

/** Nobody is ever in it: what is written there is how the kernel's clock is read. */
export const CLOCK = "postern-clock";
