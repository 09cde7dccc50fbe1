/** What `./dev bench` has found out, as bench/results/compare.json has it. */
import type { Delay } from "../lab/delay.ts";
import type { FloodResult } from "../lab/flood.ts";
import type { Machine } from "../lab/machine.ts";
import type { Bulk } from "./bulk.ts";
import type { Idle } from "./idle.ts";
import type { Memory } from "./memory.ts";
import type { PacketCosts, StateCost } from "./packets.ts";
import type { Reloads } from "./reloads.ts";

export interface Part<T> {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly figures: T;
}

export interface Results {
  readonly machine: Machine;
  readonly idle: Part<readonly Idle[]>;
  readonly packets: Part<PacketCosts>;
  readonly state: Part<readonly StateCost[]>;
  readonly bulk: Part<readonly Bulk[]>;
  readonly delay: Part<readonly Delay[]>;
  readonly floods: Part<readonly FloodResult[]>;
  readonly reloads: Part<readonly Reloads[]>;
  readonly memory: Part<readonly Memory[]>;
}

export const RESULTS = "bench/results/compare.json";
