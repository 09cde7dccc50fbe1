/** What a gate asks of whatever holds it in the kernel. */
import type { Connection, Listing, LiveSet } from "../backend/live.ts";
import type { Endpoint } from "../compile/index.ts";
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
  /** The first thing that this host lacks for such a gate, besides what any gate needs. */
  findObstacle(host: Host): Promise<Problem | undefined>;
  /**
   * What the kernel holds of the gate; undefined where there is none. Without members every set
   * is as if it were empty: to list a full one takes a second.
   */
  read(host: Host, how: { readonly members: boolean }): Promise<Result<Listing | undefined>>;
  /** What a policy asks that it cannot say, as errors. Of such a policy it prints no rules. */
  limitsOf(placed: PlacedPolicy): readonly Problem[];
  /**
   * What the rules of a policy do; the same arguments always make the same program.
   *
   * @param bound where services listen on one address alone, if that is known.
   */
  compile(policy: Policy, bound?: readonly Endpoint[]): Program;
  /** The rules as a file that loads them on a host without Postern. */
  print(program: Program): string;
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
  /** The gate as it stands, without members; null where there is none. */
  takeSnapshot(host: Host): Promise<Result<KeptGate | null>>;
  /** Of the policy that a kept gate was made of, if its rules say. */
  fingerprintOf(kept: KeptGate): string | undefined;
  /** Whether the kernel would take it now; changes nothing. */
  tryRestore(host: Host, kept: KeptGate): Promise<Result<undefined>>;
  /** The same as {@link load} for a gate that was kept. */
  restore(host: Host, kept: KeptGate, older: readonly Connection[]): Promise<Result<undefined>>;
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
