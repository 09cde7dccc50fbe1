/** Draws packets for a door at random, most of them such that a host without a gate delivers them. */
import type { Packet, TcpFlag } from "../../../src/model/packet.ts";
import type { Address, Family } from "../../../src/policy/address.ts";
import { type Chance, chanceOf } from "../../setup/fuzz.ts";
import { addressOf, senderOf } from "../network.ts";
import type { SegmentOddities } from "../segments.ts";
import { type Draft, type FragmentLayer, type Layer, sequenceOf } from "./draft.ts";
import { drawDetour, drawLayers } from "./draw-ipv6.ts";
import { drawCuts, drawOverlap } from "./fragments.ts";
import { bytesOf, oneOf } from "./pick.ts";

/** Whom the packets are for. */
export interface Target {
  readonly ipv4: Address;
  readonly ipv6: Address;
  /** Undefined: for the other port alone. */
  readonly tcp?: number | undefined;
  readonly udp: number;
}

/** Two drafts of the same seed, id and target are the same. */
export function drawPacket(seed: number, id: number, target: Target): Draft {
  const chance = chanceOf((seed + Math.imul(id, 0x9e37_79b1)) | 0);
  // The first numbers of neighbouring seeds are like each other.
  chance(1);
  const family: Family = chance(5) < 2 ? "ipv4" : "ipv6";
  const ends = drawEnds(chance, family, id, target);
  const isTcp = target.tcp !== undefined && chance(2) === 0;
  const core = isTcp ? tcp(chance, id, ends, target.tcp) : udp(chance, id, ends, target.udp);
  const odd = isTcp ? tcpOddities(chance) : { ...(chance(30) === 0 ? WRONG_SUM : {}) };
  const layers = family === "ipv6" ? drawLayers(chance, id, isTcp ? 6 : 17) : drawCut(chance, id);
  return {
    id,
    core,
    odd,
    layers,
    ip: { label: chance(2 ** 20), ...drawIp(chance, family, layers) },
    ...(chance(4) === 0 ? { disorder: chance(2 ** 30) } : {}),
    ...(family === "ipv6" && chance(60) === 0 ? drawDetour(chance, id, target.ipv6) : {}),
  };
}

function drawIp(chance: Chance, family: Family, layers: readonly Layer[]): Partial<Draft["ip"]> {
  return {
    ...(family === "ipv4" && chance(3) === 0 ? { options: oneOf(chance, IPV4_OPTIONS) } : {}),
    ...(isBehindHopByHop(layers) && chance(8) === 0 ? { hasNoLength: true } : {}),
    ...(chance(20) === 0 ? { trailer: 1 + chance(20) } : {}),
  };
}

/** A plain packet behind these headers of IPv6: over TCP where the target has a port of it. */
export function packetBehind(layers: readonly Layer[], id: number, target: Target): Draft {
  const ends = { source: senderOf("ipv6", id), destination: target.ipv6 };
  const core =
    target.tcp === undefined ? udp(LAST, id, ends, target.udp) : tcp(LAST, id, ends, target.tcp);
  return { id, core, odd: {}, layers, ip: { label: 0 } };
}

/** Draws what stands last: a SYN without more flags, a long datagram, a high port. */
const LAST: Chance = (below) => below - 1;

type Ends = Pick<Packet, "source" | "destination">;

const WRONG_SUM: SegmentOddities = { checksum: "wrong" };

/** Those that nobody on the other side of the link has, or everybody. */
const ODD_SOURCES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ["127.0.0.1", "0.0.0.0", "255.255.255.255", "10.91.0.255", "224.0.0.1", "10.91.0.1"],
  ipv6: ["::1", "::", "ff02::1", "fe80::1", "fe80::ff:fe00:1", "fd91::1", "::ffff:10.91.0.1"],
};

const ODD_DESTINATIONS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ["127.0.0.1", "255.255.255.255", "10.91.0.255", "224.0.0.1", "10.91.0.0", "0.0.0.0"],
  // Of the server's end of the link, of everybody, and of any router of the network.
  ipv6: ["fe80::ff:fe00:2", "ff02::1", "ff01::1", "::1", "fd91::", "::"],
};

function drawEnds(chance: Chance, family: Family, id: number, target: Target): Ends {
  const usual = { source: senderOf(family, id), destination: target[family] };
  switch (chance(16)) {
    case 0:
      return { ...usual, source: addressOf(oneOf(chance, ODD_SOURCES[family])) };
    case 1:
      return { ...usual, destination: addressOf(oneOf(chance, ODD_DESTINATIONS[family])) };
    case 2:
      return { ...usual, source: target[family] };
    default:
      return usual;
  }
}

const SYN: TcpFlag = "syn";
const ALL_FLAGS: readonly TcpFlag[] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];
const BESIDE_SYN: readonly TcpFlag[] = ["psh", "urg", "ece", "cwr"];

function tcp(chance: Chance, id: number, ends: Ends, port: number): Packet {
  const some = (of: readonly TcpFlag[]) => of.filter(() => chance(2) === 0);
  const flags =
    chance(8) === 0 ? some(ALL_FLAGS) : [SYN, ...(chance(2) === 0 ? some(BESIDE_SYN) : [])];
  return {
    ...ends,
    destined: "here",
    interface: "eth0",
    content: {
      protocol: "tcp",
      sourcePort: drawPort(chance, port),
      destinationPort: port,
      flags,
      sequenceNumber: sequenceOf(id),
      socket: "listener",
    },
  };
}

/** What the listener gets says which it is: its id, after a mark and before another. */
function udp(chance: Chance, id: number, ends: Ends, port: number): Packet {
  const filling = ".".repeat(oneOf(chance, [0, 0, 8, 30, 120]));
  return {
    ...ends,
    destined: "here",
    interface: "eth0",
    content: {
      protocol: "udp",
      sourcePort: drawPort(chance, port),
      destinationPort: port,
      payload: Buffer.from(`#${id};${filling}\n`),
    },
  };
}

function drawPort(chance: Chance, door: number): number {
  return chance(6) === 0 ? oneOf(chance, [door, 53, 80, 1]) : 1024 + chance(60_000);
}

const TCP_OPTIONS = [
  Buffer.of(2, 4, 0x05, 0xb4),
  Buffer.of(2, 4, 0x05, 0xb4, 1, 3, 3, 7, 4, 2),
  Buffer.of(8, 10, 0, 0, 0, 1, 0, 0, 0, 0),
  // Asks for a cookie of TCP Fast Open.
  Buffer.of(34, 2),
  Buffer.alloc(40, 1),
  // One that nobody knows, and one that is longer than the header.
  Buffer.of(253, 6, 1, 2, 3, 4),
  Buffer.of(253, 40),
];

function tcpOddities(chance: Chance): SegmentOddities {
  return {
    ...(chance(2) === 0 ? { tcpOptions: oneOf(chance, TCP_OPTIONS) } : {}),
    ...(chance(4) === 0 ? { payload: bytesOf(chance, oneOf(chance, [1, 16, 64, 200])) } : {}),
    ...(chance(30) === 0 ? WRONG_SUM : {}),
    ...(chance(60) === 0 ? { dataOffset: chance(16) } : {}),
    window: chance(2 ** 16),
  };
}

const IPV4_OPTIONS = [
  Buffer.alloc(4, 1),
  Buffer.alloc(40, 1),
  // Record route, a time stamp, router alert; loose and strict source routes that have been gone.
  Buffer.of(7, 7, 4, 0, 0, 0, 0),
  Buffer.of(68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  Buffer.of(148, 4, 0, 0),
  Buffer.of(131, 7, 8, 10, 91, 0, 1),
  Buffer.of(137, 7, 8, 10, 91, 0, 1),
  // One more step to go: the server's own address.
  Buffer.of(131, 7, 4, 10, 91, 0, 2),
];

function drawCut(chance: Chance, id: number): FragmentLayer[] {
  if (chance(2) === 0) return [];
  return [
    {
      kind: "fragments",
      identification: id & 0xffff,
      cuts: drawCuts(chance, 80),
      reserved: chance(8) === 0 ? 1 : 0,
      ...drawOverlap(chance),
    },
  ];
}

function isBehindHopByHop(layers: readonly Layer[]): boolean {
  const outermost = layers.at(-1);
  return outermost?.kind === "header" && outermost.number === 0;
}
