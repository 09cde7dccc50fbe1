/** Lines of many packets' traces, as they come from the kernel, to one trail for each packet. */
import { TABLE } from "../../backend/nftables/index.ts";
import type { Role } from "../../program/index.ts";
import type { Link } from "./link.ts";
import { parseTraceLine, type TracedPacket, type TraceLine } from "./monitor.ts";
import { CHAINS, isMarking, isTracing } from "./table.ts";

export type Telling =
  | {
      readonly kind: "judged";
      readonly packet: TracedPacket;
      readonly links: readonly Link[];
      /** A part of a datagram that holds no header: of no door, until it is put together. */
      readonly isPart: boolean;
    }
  /** Another table threw the packet away, before the gate or after it. */
  | {
      readonly kind: "dropped";
      readonly packet: TracedPacket;
      readonly when: "before" | "after";
      readonly table: string;
      readonly chain: string;
    }
  /** More packets come than are traced. */
  | { readonly kind: "left-out" }
  /** The rules of the gate were replaced: from now on the trace does not quote them. */
  | { readonly kind: "reloaded" }
  | { readonly kind: "gate-gone" }
  /** The kernel told more than could be heard. */
  | { readonly kind: "overrun" };

/** Packets under way at one time. Who has lost its end by an overrun makes room for others. */
const MOST_UNDER_WAY = 256;

/** nft reads the ports of a fragment without a header from whatever stands there. */
const PART: TracedPacket = {
  protocol: "fragment",
  port: undefined,
  sourcePort: undefined,
  flags: undefined,
  payloadBytes: undefined,
  to: undefined,
};

interface Trail {
  packet: TracedPacket;
  readonly links: Link[];
  /** Our own table has marked it, so it is from the address that is traced. */
  isOurs: boolean;
  isPart: boolean;
  stands: "before" | "at" | "after";
}

/**
 * What each line of a monitor adds to what came before.
 *
 * @param own the table that marks packets, as {@link TraceLine} names tables.
 */
export function trailReader(
  own: string,
  roles: ReadonlyMap<string, Role["kind"]>,
): (line: string) => readonly Telling[] {
  const trails = new Map<string, Trail>();
  let isQuoted = true;
  return (text) => {
    const line = parseTraceLine(text, roles);
    if (line === undefined) return eventIn(text);
    const tellings = readLine(trails, own, line);
    const hasChanged = isQuoted && line.table === TABLE && isUnquoted(line);
    if (hasChanged) isQuoted = false;
    return hasChanged ? [{ kind: "reloaded" }, ...tellings] : tellings;
  };
}

function isUnquoted({ tells }: TraceLine): boolean {
  return tells.kind === "link" && tells.link.says === undefined;
}

function eventIn(text: string): readonly Telling[] {
  if (text.startsWith("# ERROR: We lost some netlink events")) return [{ kind: "overrun" }];
  return text === `delete table ${TABLE}` ? [{ kind: "gate-gone" }] : [];
}

function readLine(trails: Map<string, Trail>, own: string, line: TraceLine): readonly Telling[] {
  if (line.table === own) return mark(trails, line);
  const trail = trails.get(line.id);
  if (trail === undefined || !trail.isOurs || isTracing(line.table)) return [];
  return line.table === TABLE ? atGate(trail, line) : elsewhere(trail, line);
}

/** Our table is the first to see a packet: what was known of its number was of another. */
function mark(trails: Map<string, Trail>, { id, chain, tells }: TraceLine): readonly Telling[] {
  if (tells.kind === "packet") {
    trails.delete(id);
    const { packet } = tells;
    trails.set(id, { packet, links: [], isOurs: false, isPart: false, stands: "before" });
    const [oldest] = trails.keys();
    if (trails.size > MOST_UNDER_WAY && oldest !== undefined) trails.delete(oldest);
    return [];
  }
  const trail = trails.get(id);
  if (trail === undefined || tells.kind !== "link" || !isMarking(tells.rule)) return [];
  trail.isOurs = true;
  if (chain === CHAINS.parts) {
    trail.isPart = true;
    trail.packet = PART;
  }
  return chain === CHAINS.more ? [{ kind: "left-out" }] : [];
}

/** Without having come through our table again, what comes a second time is another packet. */
function atGate(trail: Trail, { tells }: TraceLine): readonly Telling[] {
  if (trail.stands === "after") return [];
  switch (tells.kind) {
    case "packet":
      trail.packet = trail.isPart ? PART : tells.packet;
      trail.links.length = 0;
      trail.stands = "at";
      return [];
    case "link": {
      const { link } = tells;
      trail.links.push(link);
      return link.verdict === "accept" || link.verdict === "drop" ? judged(trail) : [];
    }
    case "policy":
      return judged(trail);
  }
}

function judged(trail: Trail): readonly Telling[] {
  if (trail.stands !== "at") return [];
  trail.stands = "after";
  const { packet, links, isPart } = trail;
  return [{ kind: "judged", packet, links: [...links], isPart }];
}

function elsewhere(trail: Trail, { table, chain, tells }: TraceLine): readonly Telling[] {
  const verdict =
    tells.kind === "link" ? tells.link.verdict : tells.kind === "policy" && tells.verdict;
  if (verdict !== "drop" || trail.stands === "at") return [];
  return [{ kind: "dropped", packet: trail.packet, when: trail.stands, table, chain }];
}
