/** What a gate asks of whatever holds it in the kernel. */
import type {
  Admission,
  Connection,
  Listing,
  LiveSet,
  SeenKnock,
  TimedValue,
  TokenChange,
} from "../backend/live.ts";
import type { Surroundings } from "../compile/index.ts";
import type { Host } from "../host/index.ts";
import type { Address } from "../policy/address.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Problem, Result } from "../problem/problem.ts";
import type { Program } from "../program/index.ts";

export type BackendName = Exclude<Policy["backend"], "auto">;

/**
 * Only {@link findObstacle} and what asks nothing of a host goes on every host; the rest needs
 * one where that found nothing. What others made under a name of ours is a problem, and stays.
 */
export interface Backend {
  readonly name: BackendName;
  /**
   * Says what to do so that sets hold more, where a full one forgets somebody for each newcomer;
   * undefined where it refuses them instead.
   */
  readonly adviseOnCapacity: ((host: Host) => Promise<string>) | undefined;
  /** Undefined where it has no sets that could hold tokens: {@link limitsOf} says so. */
  readonly tokens: TokenSets | undefined;
  /** Undefined where it has no sets for what an agent knows of signed knocks. */
  readonly signed: SignedSets | undefined;
  /** The first thing that this host lacks for such a gate, besides what any gate needs. */
  findObstacle(host: Host): Promise<Problem | undefined>;
  /** What the kernel holds of the gate; undefined where there is none. */
  read(host: Host, how: HowToRead): Promise<Result<Listing | undefined>>;
  /** What a policy asks that it cannot say, as errors. Of such a policy it prints no rules. */
  limitsOf(placed: PlacedPolicy): readonly Problem[];
  /**
   * What the rules of a policy do; the same arguments always make the same program.
   *
   * @param around what is known of the host.
   */
  compile(policy: Policy, around?: Partial<Surroundings>): Program;
  /** The rules as a file that loads them on a host without Postern. */
  print(program: Program): string;
  /** The same of a gate that was kept. */
  printKept(kept: KeptGate): string;
  /** What the names of such files end with: by that it is known how to load them. */
  readonly suffix: ".nft" | ".sh";
  /**
   * Puts the rules into the kernel, in the place of a gate that stands; what means the same in
   * both is kept. At no moment is there less than one of the two.
   *
   * @param older connections that began before the gate and go on.
   */
  load(host: Host, program: Program, older: readonly Connection[]): Promise<Result<undefined>>;
  /** Takes the gate away, if there is one. */
  remove(host: Host): Promise<Result<undefined>>;
  /**
   * Makes all of the changes to the gate that stands, or none as far as that is possible. By hand
   * nobody is pushed out of a full set: that is a problem.
   */
  change(host: Host, changes: readonly Change[]): Promise<Result<undefined>>;
  /**
   * For how long a member of the set is put back that had so many seconds left; undefined: not at
   * all.
   */
  secondsAgain(set: LiveSet, seconds: number): number | undefined;
  /** The gate as it stands, without members; null where there is none. */
  takeSnapshot(host: Host): Promise<Result<KeptGate | null>>;
  /** Of the policy that a kept gate was made of, if its rules say. */
  fingerprintOf(kept: KeptGate): string | undefined;
  /** Whether the kernel would take it now; changes nothing. */
  tryRestore(host: Host, kept: KeptGate): Promise<Result<undefined>>;
  /** The same as {@link load} for a gate that was kept. */
  restore(host: Host, kept: KeptGate, older: readonly Connection[]): Promise<Result<undefined>>;
}

export interface HowToRead {
  /** Without members every set is as if it were empty: to list a full one takes a second. */
  readonly members: boolean;
  /** Whose members are wanted; those of others may be left out. Default: all. */
  readonly of?: (set: LiveSet) => boolean;
}

/** What a backend does with tokens, their marks, and who has spent them. */
export interface TokenSets {
  /** These sets with their members. */
  read(host: Host, names: readonly string[]): Promise<Result<readonly LiveSet[]>>;
  /** All of the changes or none. */
  change(host: Host, changes: readonly TokenChange[]): Promise<Result<undefined>>;
  /** Takes all members out of the sets. */
  flush(host: Host, names: readonly string[]): Promise<Result<undefined>>;
}

/** What a backend does for an agent. */
export type Admitted = "admitted" | "seen before";

export interface SignedSets {
  /** Which values signed knocks may begin with, of 16 hexadecimal digits, and for how long. */
  addTags(host: Host, set: string, tags: readonly TimedValue[]): Promise<Result<undefined>>;
  /** Of each all or nothing; what came of each, in their order. */
  admit(host: Host, admissions: readonly Admission[]): Promise<readonly Result<Admitted>[]>;
  /** Notes knocks again that were seen in a gate of before. */
  noteSeen(host: Host, set: string, knocks: readonly SeenKnock[]): Promise<Result<undefined>>;
  /** Ends a ban, if there is one. */
  unban(host: Host, sets: readonly LiveSet[], source: Address): Promise<void>;
}

/** A gate as it once stood, so that it can come back. Its texts only its backend reads. */
export interface KeptGate {
  readonly backend: BackendName;
  readonly texts: Readonly<Record<string, string>>;
}

/** Of the members of one set. */
export type Change =
  /** From now on, whatever the source was before; undefined seconds: without an end. */
  | {
      readonly kind: "remember";
      readonly set: LiveSet;
      readonly source: Address;
      readonly seconds: number | undefined;
    }
  | { readonly kind: "forget"; readonly set: LiveSet; readonly source: Address }
  | { readonly kind: "forget-all"; readonly set: LiveSet };
