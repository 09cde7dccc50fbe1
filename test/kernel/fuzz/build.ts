/** A draft as the Ethernet frames that carry it. */
import { chanceOf } from "../../setup/fuzz.ts";
import { macFor } from "../frames.ts";
import type { Link } from "../network.ts";
import {
  addressBytes,
  internetChecksum,
  padded,
  protocolNumberOf,
  segmentOf,
} from "../segments.ts";
import { type Draft, type FragmentLayer, type HeaderLayer, sequenceOf } from "./draft.ts";

const FRAGMENT_HEADER = 44;
const LONGEST = 65_535;

/** Bytes, and the number of the header that they begin with. */
interface Payload {
  readonly first: number;
  readonly bytes: Buffer;
}

interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly more: boolean;
}

/** From the client's end of `link` to the server's. */
export function framesOfDraft(draft: Draft, link: Link): Buffer[] {
  const { core, odd, id } = draft;
  const whole = { first: protocolNumberOf(core), bytes: segmentOf(core, sequenceOf(id), odd) };
  const isIpv4 = core.source.family === "ipv4";
  const ethernet = Buffer.concat([
    macFor(core.destination) ?? link.server.mac,
    link.client.mac,
    isIpv4 ? Buffer.of(0x08, 0x00) : Buffer.of(0x86, 0xdd),
  ]);
  const trailer = Buffer.alloc(draft.ip.trailer ?? 0, 0xee);
  const packets = isIpv4 ? ipv4(draft, whole) : ipv6(draft, whole);
  const frames = packets.map((packet) => Buffer.concat([ethernet, packet, trailer]));
  return draft.disorder === undefined ? frames : disordered(frames, draft.disorder);
}

function ipv4({ core, layers, ip }: Draft, { first, bytes }: Payload): Buffer[] {
  const cut = layers.find((layer) => layer.kind === "fragments");
  const pieces = cut === undefined ? [{ bytes, offset: 0, more: false }] : piecesOf(bytes, cut);
  const options = padded(ip.options ?? new Uint8Array(), 4);
  return pieces.map((piece) => {
    const header = Buffer.concat([Buffer.alloc(20), options]);
    header[0] = 0x40 | (header.length / 4);
    header.writeUInt16BE(Math.min(header.length + piece.bytes.length, LONGEST), 2);
    header.writeUInt16BE(cut?.identification ?? ip.label & 0xffff, 4);
    const flags = (piece.more ? 0x2000 : 0) | ((cut?.reserved ?? 0) << 15);
    header.writeUInt16BE((flags | (piece.offset >> 3)) & 0xffff, 6);
    header[8] = 64;
    header[9] = first;
    addressBytes(core.source).copy(header, 12);
    addressBytes(core.destination).copy(header, 16);
    header.writeUInt16BE(internetChecksum(header), 10);
    return Buffer.concat([header, piece.bytes]);
  });
}

function ipv6({ core, layers, ip }: Draft, whole: Payload): Buffer[] {
  const payloads = layers.reduce<readonly Payload[]>(
    (inside, layer) =>
      layer.kind === "header"
        ? inside.map((payload) => behindHeader(payload, layer))
        : inside.flatMap((payload, n) => inFragments(payload, layer, n)),
    [whole],
  );
  return payloads.map(({ first, bytes }) => {
    const header = Buffer.alloc(40);
    header.writeUInt32BE(0x6000_0000 | (ip.label & 0xfffff), 0);
    header.writeUInt16BE(ip.hasNoLength === true ? 0 : Math.min(bytes.length, LONGEST), 4);
    header[6] = first;
    header[7] = 64;
    addressBytes(core.source).copy(header, 8);
    addressBytes(ip.destination ?? core.destination).copy(header, 24);
    return Buffer.concat([header, bytes]);
  });
}

function behindHeader({ first, bytes }: Payload, { number, body }: HeaderLayer): Payload {
  return { first: number, bytes: Buffer.concat([Buffer.of(first), body, bytes]) };
}

/** `n` tells the packets inside apart, each of which is put together for itself. */
function inFragments({ first, bytes }: Payload, layer: FragmentLayer, n: number): Payload[] {
  return piecesOf(bytes, layer).map((piece, place) => {
    const header = Buffer.alloc(8);
    const claimed = layer.next ?? first;
    header[0] = place === 0 ? claimed : (layer.nextOfRest ?? claimed);
    const bits = (layer.reserved << 1) | (piece.more ? 1 : 0);
    header.writeUInt16BE(((piece.offset & 0xfff8) | bits) & 0xffff, 2);
    header.writeUInt32BE(layer.identification + n, 4);
    return { first: FRAGMENT_HEADER, bytes: Buffer.concat([header, piece.bytes]) };
  });
}

/** A cut that is no multiple of 8 makes fragments that no host can place exactly. */
function piecesOf(whole: Buffer, { cuts, overlap }: FragmentLayer): Piece[] {
  const ends = [...cuts.filter((cut) => cut < whole.length), whole.length];
  return ends.map((end, n) => {
    const start = n === 0 ? 0 : (ends[n - 1] ?? 0);
    const early = n === 0 ? 0 : Math.min(overlap?.bytes ?? 0, start);
    const bytes = Buffer.from(whole.subarray(start - early, end));
    if (overlap?.isNoise === true) bytes.fill(0xa5, 0, early);
    return { bytes, offset: start - early, more: n < ends.length - 1 };
  });
}

function disordered(frames: readonly Buffer[], seed: number): Buffer[] {
  const chance = chanceOf(seed);
  const some = frames.flatMap((frame) => (chance(3) === 0 ? [frame, frame] : [frame]));
  return some
    .map((frame) => ({ frame, place: chance(2 ** 16) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ frame }) => frame);
}
