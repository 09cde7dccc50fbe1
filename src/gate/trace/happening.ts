/** What a packet's way through the rules says of knocks and doors. */
import type { LiveSet } from "../../backend/live.ts";
import { ANSWER_AS_CLOSED } from "../../backend/nftables/names.ts";
import type { Link } from "./link.ts";
import { candidatesOn, missedSignedOn, type NotSigned, type OfCandidate } from "./signed.ts";
import { missedTokensOn, type NoToken, type OfToken, tokensOn } from "./token.ts";

/** Steps count from 1. Stable for scripts: `trace --json` prints them as they are. */
export type Happening =
  /** Within so many seconds the next step has to come. */
  | (OfStep & { readonly kind: "step"; readonly seconds: number | null })
  /** The step is right, and the set of those who have made it is full. */
  | (OfStep & { readonly kind: "no-room" })
  | (AtDoor & { readonly kind: "open"; readonly seconds: number | null })
  /** One of the steps that were made already. */
  | (PartWay & { readonly kind: "repeated" })
  | (PartWay & { readonly kind: "wrong" })
  /** For wrong steps. */
  | (AtDoor & { readonly kind: "banned"; readonly seconds: number | null })
  /** No attempt was under way, and this is not the first step. */
  | (AtDoor & { readonly kind: "not-first"; readonly of: number })
  /** A TCP segment to a watched port that asks for no connection. */
  | (AtDoor & { readonly kind: "not-new" })
  /** Some step has this port, and not this protocol. */
  | (AtDoor & { readonly kind: "other-protocol" })
  /** A knock or a visit whose destination is not the door's. */
  | (AtDoor & { readonly kind: "elsewhere"; readonly what: "knock" | "visit" })
  /** Spent: with the one connection of a grant for single use. */
  | (AtDoor & { readonly kind: "passes"; readonly why: WhyPassed; readonly spent: boolean })
  | (AtDoor & { readonly kind: "refused"; readonly why: WhyRefused; readonly answered: boolean })
  | OfToken
  | NoToken
  | OfCandidate
  | NotSigned
  /** It came in by an interface that has no doors. */
  | { readonly kind: "other-interface" }
  | { readonly kind: "no-door" };

export type WhyPassed = "trusted" | "grant" | "session" | "connection" | "repeated-syn";
/** Unknown: the rules were replaced, and the kernel's trace no longer quotes them. */
export type WhyRefused = "no-grant" | "banned" | "no-connection" | "fragment" | "unknown";

interface AtDoor {
  readonly door: string;
}

interface OfStep extends AtDoor {
  readonly step: number;
  readonly of: number;
}

interface PartWay extends AtDoor {
  /** How many steps had been made. */
  readonly made: number;
  readonly of: number;
}

/** What a gate is like, as far as it takes to read a packet's way. */
export interface GateShape {
  /** How many steps each door's sequence has; 1 also where there is none. */
  readonly steps: ReadonlyMap<string, number>;
  /** Whether only some interfaces have doors. */
  readonly byInterface: boolean;
  /** The gate's chains. */
  readonly chains: ReadonlySet<string>;
}

export function shapeOf(sets: readonly LiveSet[], chains: readonly string[]): GateShape {
  const steps = new Map<string, number>();
  for (const { role } of sets.map(({ label }) => label)) {
    if (!("door" in role)) continue;
    const made = role.kind === "stage" ? role.stage : 0;
    steps.set(role.door, Math.max(steps.get(role.door) ?? 1, made + 1));
  }
  return { steps, byInterface: chains.includes("gate"), chains: new Set(chains) };
}

/** Never empty: a packet that meets no door has that said of it. */
export function happeningsOf(
  links: readonly Link[],
  shape: GateShape,
  protocol: string,
): readonly Happening[] {
  const entered = new Set(links.map(({ target }) => target));
  const doors = new Set(
    [...entered].flatMap((chain) => OF_DOOR.exec(chain)?.groups?.["door"] ?? []),
  );
  const found = [...doors].flatMap((door) => {
    const of = shape.steps.get(door) ?? 1;
    const mayVisit = shape.chains.has(`${protocol}_${door}`);
    const way: Way = { door, links, entered, of, protocol, mayVisit };
    return [...knockOn(way), ...visitTo(way)];
  });
  const all = [...found, ...tokensOn(links), ...candidatesOn(links)];
  if (all.length > 0) return all;
  const missed = [...missedTokensOn(links), ...missedSignedOn(links)];
  if (missed.length > 0) return missed;
  const isOutside = shape.byInterface && !entered.has("gate");
  return [{ kind: isOutside ? "other-interface" : "no-door" }];
}

/** The chains that a packet enters first when it knocks at a door or comes to it. */
const OF_DOOR = /^(knock|steps|attempt|door)_(?<door>[a-z][a-z0-9-]*)$/;

interface Way {
  readonly door: string;
  readonly links: readonly Link[];
  /** Every chain that the packet was sent to. */
  readonly entered: ReadonlySet<string>;
  /** How many steps the door's sequence has. */
  readonly of: number;
  /** The packet's. What has no ports has other numbers in their place, which may look like one. */
  readonly protocol: string;
  /** Whether the door protects anything of that protocol. */
  readonly mayVisit: boolean;
}

function knockOn(way: Way): Happening[] {
  const { door, entered, protocol } = way;
  if (entered.has(`stages_${door}`)) return attemptAt(way);
  if (entered.has(`attempt_${door}`)) return [{ kind: "elsewhere", door, what: "knock" }];
  if (protocol !== "tcp" && protocol !== "udp") return [];
  if (entered.has(`knock_${door}`)) return [{ kind: "not-new", door }];
  return entered.has(`steps_${door}`) ? [{ kind: "other-protocol", door }] : [];
}

/** A chain that makes a step is left without a trace where its set had no room. */
function attemptAt(way: Way): Happening[] {
  const { door, of, entered, links } = way;
  if (entered.has(`open_${door}`)) {
    const opening = links.find(({ chain }) => chain === `open_${door}`);
    if (opening === undefined) return [{ kind: "no-room", door, step: of, of }];
    return [{ kind: "open", door, seconds: opening.says?.seconds ?? null }];
  }
  const step = numberIn(entered, `made_${door}_`);
  if (step !== undefined) {
    const making = links.find(({ chain }) => chain === `made_${door}_${step}`);
    if (making === undefined) return [{ kind: "no-room", door, step, of }];
    return [{ kind: "step", door, step, of, seconds: making.says?.seconds ?? null }];
  }
  const made = numberIn(entered, `at_${door}_`);
  if (made === undefined) return [{ kind: "not-first", door, of }];
  if (!entered.has(`wrong_${door}`)) return [{ kind: "repeated", door, made, of }];
  return [{ kind: "wrong", door, made, of }, ...banFor(way)];
}

function banFor({ door, links }: Way): Happening[] {
  const banning = links.find(({ target }) => target === `banned_${door}`);
  return banning === undefined
    ? []
    : [{ kind: "banned", door, seconds: banning.says?.seconds ?? null }];
}

/** The number at the end of the one chain that begins so. */
function numberIn(entered: ReadonlySet<string>, stem: string): number | undefined {
  const chain = [...entered].find((name) => name.startsWith(stem));
  const number = Number(chain?.slice(stem.length));
  return Number.isInteger(number) ? number : undefined;
}

function visitTo({ door, links, entered, mayVisit }: Way): Happening[] {
  if (!mayVisit || !entered.has(`door_${door}`)) return [];
  if (entered.has(`refuse_${door}`)) {
    const answered = entered.has(ANSWER_AS_CLOSED) || isReset(links, door);
    return [{ kind: "refused", door, why: whyRefused(links, door), answered }];
  }
  const isJudged = entered.has(`tcp_${door}`) || entered.has(`udp_${door}`);
  const accepting = links.find(({ verdict }) => verdict === "accept");
  if (!isJudged && accepting?.chain !== `door_${door}`) {
    return [{ kind: "elsewhere", door, what: "visit" }];
  }
  return [{ kind: "passes", door, ...passing(links, door) }];
}

function isReset(links: readonly Link[], door: string): boolean {
  return links.some(({ chain, says }) => chain === `refuse_${door}` && says?.answers === true);
}

function whyRefused(links: readonly Link[], door: string): WhyRefused {
  const refusing = links.find(({ target }) => target === `refuse_${door}`);
  if (refusing?.chain === `tcp_${door}`) return "fragment";
  const isBan = refusing?.says?.of === "banned" || refusing?.says?.of === "auto-banned";
  if (isBan) return "banned";
  if (SEGMENT_CHAINS.some((stem) => refusing?.chain === `${stem}_${door}`)) return "no-connection";
  return refusing?.says === undefined ? "unknown" : "no-grant";
}

/** Where segments are judged that begin no connection. */
const SEGMENT_CHAINS = ["existing", "half", "listener", "remembered", "elsewhere"];

function passing(
  links: readonly Link[],
  door: string,
): { readonly why: WhyPassed; readonly spent: boolean } {
  if (links.some(({ chain, verdict }) => chain === "trusted" && verdict !== "return")) {
    return { why: "trusted", spent: false };
  }
  const deciding = links.find(
    ({ chain, target, verdict }) =>
      (chain === `new_${door}` && target === `pass_${door}`) ||
      // Where the gate remembers sources, what passes falls back to where it came from.
      ((chain === `new_${door}` || chain === `udp_${door}`) &&
        (verdict === "accept" || verdict === "return")),
  );
  if (deciding === undefined) return { why: "connection", spent: false };
  if (deciding.says !== undefined && deciding.says.of === undefined) {
    return { why: "trusted", spent: false };
  }
  const spent = deciding.says?.forgets === true;
  if (deciding.target === `pass_${door}`) return { why: "grant", spent };
  if (deciding.chain === `new_${door}`) return { why: "repeated-syn", spent: false };
  return { why: deciding.says?.of === "sessions" ? "session" : "grant", spent };
}
