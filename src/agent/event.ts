/** What an agent tells of. */
import type { Problem } from "../problem/problem.ts";
import type { Opens, Refused } from "../signed/index.ts";
import type { Candidate } from "./candidates.ts";

/** Why a knock does not open, besides what its own bytes say. */
export type NotOpened =
  | Refused["reason"]
  /** Its client knocks too often. */
  | "too often"
  /** It was made before this agent began, and nobody knows what was seen then. */
  | "before start"
  /** The gate could not take it; the problem is told of as well. */
  | "not admitted";

/** As far as a knock says so: proven only where the reason comes after the signature's. */
export type Who = Refused["who"];

export type AgentEvent =
  /** With the fingerprint of its sealing key. */
  | { readonly kind: "ready"; readonly fingerprint: string }
  | { readonly kind: "opened"; readonly knock: Opens; readonly candidate: Candidate }
  | {
      readonly kind: "refused";
      readonly reason: NotOpened;
      readonly who: Who;
      readonly candidate: Candidate;
    }
  /** A copy of one that came moments ago from the same source; of no account. */
  | { readonly kind: "repeated"; readonly candidate: Candidate }
  /** The kernel had no room for candidates. */
  | { readonly kind: "lost"; readonly packets: number }
  | { readonly kind: "gate"; readonly became: GateNews }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/**
 * `watched`: signed knocks open it from now on. `restored`: something else had taken it away.
 * `missing`: there is none, and nobody has seen one that could be brought back.
 */
export type GateNews = "watched" | "restored" | "taken away" | "missing";

export type Tell = (event: AgentEvent) => void;
