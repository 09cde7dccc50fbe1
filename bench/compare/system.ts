/** A host that is compared with others. */
import type { Site, Way } from "../lab/site.ts";

export interface System extends Site {
  /** How to knock at it. */
  readonly ways: readonly Way[];
  /** Frames that look like the beginning of knocks; undefined: nobody knocks here. */
  readonly beginnings: ((count: number) => readonly Buffer[]) | undefined;
  /** Puts the same gate up again, in the place of the one that stands. */
  readonly reload: (() => Promise<void>) | undefined;
}

/** Everything is kept for so long, that it lasts while it is measured. */
export const SECONDS = 600;

/** Of a given name. */
export type Maker = (name: string) => Promise<System>;
