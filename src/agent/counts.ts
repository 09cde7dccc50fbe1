/** Counts what an agent tells of, for `status`. */
import type { AgentCounts } from "../gate/index.ts";
import type { AgentEvent, Tell } from "./event.ts";

export interface Counts {
  /** Counts, and tells it on. */
  readonly tell: Tell;
  /** Whether they have since this was asked last. */
  haveChanged(): boolean;
  now(): AgentCounts;
}

export function countsOf(tell: Tell): Counts {
  let opened = 0;
  let lost = 0;
  let repeated = 0;
  let hasChanged = false;
  const refused = new Map<string, number>();
  const count = (event: AgentEvent) => {
    if (event.kind === "opened") opened += 1;
    else if (event.kind === "repeated") repeated += 1;
    else if (event.kind === "lost") lost += event.packets;
    else if (event.kind === "refused")
      refused.set(event.reason, (refused.get(event.reason) ?? 0) + 1);
    else return;
    hasChanged = true;
  };
  return {
    tell: (event) => {
      count(event);
      tell(event);
    },
    haveChanged: () => {
      const changed = hasChanged;
      hasChanged = false;
      return changed;
    },
    now: () => ({ opened, lost, repeated, refused: Object.fromEntries(refused) }),
  };
}
