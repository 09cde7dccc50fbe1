/** Puts together what one packet after another says: what was too late, what has been used up. */
import type { GateShape, Happening } from "./happening.ts";
import { happeningsOf } from "./happening.ts";
import type { TracedPacket } from "./monitor.ts";
import type { Telling } from "./trails.ts";

/** What happened to a packet, with what this trace has seen before. Stable for scripts. */
export type Seen =
  | Happening
  /** The step that was made had lost its worth. */
  | {
      readonly kind: "late";
      readonly door: string;
      readonly made: number;
      readonly of: number;
      /** How long ago it was made, and for how long it counts. */
      readonly secondsAgo: number;
      readonly seconds: number;
    }
  | {
      readonly kind: "refused";
      readonly door: string;
      /** The one connection of the grant was made during this trace. */
      readonly why: "used-up";
      readonly answered: boolean;
    }
  /** A part of a datagram without ports. */
  | { readonly kind: "part" };

interface Step {
  readonly made: number;
  readonly at: number;
  readonly seconds: number | null;
}

/** @returns what is to be told of a packet that came at `at` (milliseconds); empty: nothing new. */
export function narrator(
  shape: GateShape,
): (telling: Extract<Telling, { kind: "judged" }>, at: number) => readonly Seen[] {
  const attempts = new Map<string, Step>();
  const usedUp = new Set<string>();
  const told = new Set<string>();
  return ({ packet, links, isPart }, at) => {
    const seen = isPart
      ? [{ kind: "part" } as const]
      : happeningsOf(links, shape, packet.protocol).map((happening) => {
          const more = inLightOf(happening, at, attempts, usedUp);
          learn(happening, at, attempts, usedUp);
          return more;
        });
    return seen.filter((one) => isNews(one, packet, told));
  };
}

function inLightOf(
  happening: Happening,
  at: number,
  attempts: ReadonlyMap<string, Step>,
  usedUp: ReadonlySet<string>,
): Seen {
  if (happening.kind === "refused" && happening.why === "no-grant" && usedUp.has(happening.door)) {
    return { ...happening, why: "used-up" };
  }
  if (happening.kind !== "not-first") return happening;
  const { door, of } = happening;
  const { made = 0, at: madeAt = 0, seconds = null } = attempts.get(door) ?? {};
  const secondsAgo = (at - madeAt) / 1000;
  if (seconds === null || secondsAgo < seconds) return happening;
  return { kind: "late", door, made, of, secondsAgo: Math.round(secondsAgo), seconds };
}

function learn(
  happening: Happening,
  at: number,
  attempts: Map<string, Step>,
  usedUp: Set<string>,
): void {
  switch (happening.kind) {
    case "step": {
      const { door, step, seconds } = happening;
      attempts.set(door, { made: step, at, seconds });
      return;
    }
    case "open":
      attempts.delete(happening.door);
      usedUp.delete(happening.door);
      return;
    case "token":
      usedUp.delete(happening.door);
      return;
    case "wrong":
    case "not-first":
      attempts.delete(happening.door);
      return;
    case "passes":
      if (happening.spent) usedUp.add(happening.door);
      return;
    default:
      return;
  }
}

/** More flows than this are told of anew. */
const MOST_TOLD = 10_000;

/** Of a flow that goes on, the first packet is told. */
function isNews(seen: Seen, packet: TracedPacket, told: Set<string>): boolean {
  if (!isOfFlow(seen, packet)) return true;
  const { protocol, sourcePort, port } = packet;
  const flow = [seen.kind, protocol, sourcePort, port, packet.to].join(" ");
  if (told.has(flow)) return false;
  if (told.size >= MOST_TOLD) told.clear();
  told.add(flow);
  return true;
}

/** Whether there may be any number of packets like this one, of which none says more. */
export function isOfFlow(seen: Seen, { protocol, flags }: TracedPacket): boolean {
  if (seen.kind === "not-new") return true;
  if (seen.kind === "passes") return seen.why === "connection" || seen.why === "session";
  return seen.kind === "no-door" && protocol === "tcp" && !asksForConnection(flags);
}

function asksForConnection(flags: readonly string[] | undefined): boolean {
  return (
    flags?.includes("syn") === true && !flags.some((flag) => ["ack", "rst", "fin"].includes(flag))
  );
}
