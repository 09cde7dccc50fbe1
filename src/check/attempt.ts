/**
 * What one sender's packets do at a door, learnt from the interpreter of the compiled rules.
 *
 * All packets come at one instant: a slower scan never gets further. Let a source be at stage j
 * and another at stage k >= j. A packet that takes the second back to 0 is none of the steps 1 to
 * k + 1, so it takes the first to 0 as well; any other leaves the second at k or moves it to
 * k + 1, and the first can move to j + 1 <= k at most, or be at k itself and move along. So who
 * is ahead stays ahead, and all that time does is to take sources back to 0.
 */
import { compilePolicy } from "../compile/index.ts";
import type { Packet } from "../model/packet.ts";
import { parseAddress } from "../policy/address.ts";
import type { Door, Policy } from "../policy/policy.ts";
import { emptyState, type Program, runPacket, type State } from "../program/index.ts";
import type { Knock } from "./scans.ts";

/** Where a source is that the door opened to. Other places are numbered from 0, the beginning. */
export const OPEN = -1;
export const START = 0;

export interface Attempt {
  /** Where a source is after one of the packets, given by its index; `from` is not {@link OPEN}. */
  readonly after: (from: number, packet: number) => number;
}

/** Whoever scans: not trusted, as nobody is, and from an address that is special to no policy. */
const SCANNER = addressOf("192.0.2.1");
const HOST = addressOf("198.51.100.1");

/**
 * The door by itself, with the packets that will come. What the interpreter knows of a source
 * (the sets that it is in) is a place; each packet is run once from each place that is reached.
 */
export function attemptAt(policy: Policy, door: Door, knocks: readonly Knock[]): Attempt {
  const program = compilePolicy(lonelyDoor(policy, door));
  const packets = knocks.map(packetOf);
  const places: State[] = [emptyState()];
  const known = new Map([[keyOf(emptyState()), START]]);
  const learnt: number[] = [];
  const learn = (from: number, packet: number): number => {
    const [state, sent] = [places[from], packets[packet]];
    if (state === undefined || sent === undefined) {
      throw new Error(`attemptAt: no packet ${packet} or no place ${from}`);
    }
    const after = run(program, state, sent);
    if (after === undefined) return OPEN;
    const key = keyOf(after);
    const place = known.get(key) ?? places.push(after) - 1;
    known.set(key, place);
    return place;
  };
  return {
    after: (from, packet) => {
      const index = from * packets.length + packet;
      const place = learnt[index] ?? learn(from, packet);
      learnt[index] = place;
      return place;
    },
  };
}

/** Where a source is after a packet; who has opened the door has, whatever comes then. */
export function send({ after }: Attempt, place: number, packet: number): number {
  return place === OPEN ? OPEN : after(place, packet);
}

/** Without anything that could stop a scanner before the door's own steps do. */
function lonelyDoor(policy: Policy, door: Door): Policy {
  return {
    ...policy,
    interfaces: [],
    trusted: [],
    ban: undefined,
    log: true,
    doors: [{ ...door, destinations: [] }],
  };
}

/** The state after the packet; undefined when the packet opened the door. */
function run(program: Program, before: State, packet: Packet): State | undefined {
  const state: State = {
    members: new Map(
      [...before.members].map(([set, members]) => [
        set,
        new Map([...members].map(([key, membership]) => [key, { ...membership }])),
      ]),
    ),
  };
  const { logged } = runPacket(program, state, packet, 0);
  return logged.some(({ line }) => line === "open") ? undefined : state;
}

function keyOf({ members }: State): string {
  const sets = [...members].filter(([, sources]) => sources.size > 0);
  sets.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sets.map(([set, sources]) => [set, ...sources]));
}

/** The packet that a scanner sends to the host. */
function packetOf(knock: Knock): Packet {
  return {
    source: SCANNER,
    destination: HOST,
    destined: "here",
    interface: "eth0",
    content: contentOf(knock),
  };
}

function contentOf(knock: Knock): Packet["content"] {
  if (knock.protocol === "ping") return knock;
  const ports = { sourcePort: 40_000, destinationPort: knock.port };
  if (knock.protocol === "udp") return { protocol: "udp", ...ports };
  return { protocol: "tcp", ...ports, flags: ["syn"], sequenceNumber: 1, socket: "none" };
}

function addressOf(text: string) {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressOf: ${text} is no address`);
  return address;
}
