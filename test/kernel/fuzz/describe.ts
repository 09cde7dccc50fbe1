/** Frames in words: which headers they have, as far as those can be read. */
import { parseAddressBytes, printAddress } from "../../../src/policy/address.ts";

const ETHERNET_BYTES = 14;

const NAMES: Readonly<Record<number, string>> = {
  0: "hop-by-hop",
  43: "routing",
  44: "fragment",
  51: "authentication",
  60: "destination options",
};

/** One line a frame, and under each its bytes behind the Ethernet header. */
export function describeFrames(frames: readonly Buffer[]): string {
  return frames
    .map((frame) => frame.subarray(ETHERNET_BYTES))
    .map((packet) => `${describe(packet)}\n    ${packet.toString("hex")}`)
    .join("\n  ");
}

function describe(packet: Buffer): string {
  return (packet[0] ?? 0) >> 4 === 4 ? ipv4(packet) : ipv6(packet);
}

function ipv4(packet: Buffer): string {
  const offset = packet.readUInt16BE(6);
  const length = 4 * ((packet[0] ?? 0) & 15);
  const place =
    (offset & 0x3fff) === 0 ? "" : `, at ${8 * (offset & 0x1fff)}${more(offset & 0x2000)}`;
  return [
    `IPv4 ${ends(packet.subarray(12, 16), packet.subarray(16, 20))}, ${length} bytes${place}`,
    transport(packet[9] ?? 0, packet.subarray(length), (offset & 0x1fff) === 0),
  ].join(" | ");
}

function ipv6(packet: Buffer): string {
  const words = [`IPv6 ${ends(packet.subarray(8, 24), packet.subarray(24, 40))}`];
  let next = packet[6] ?? 0;
  let at = 40;
  let isFirst = true;
  while (NAMES[next] !== undefined && at + 8 <= packet.length) {
    const [following = 0, length = 0] = packet.subarray(at);
    if (next === 44) {
      const offset = packet.readUInt16BE(at + 2);
      isFirst &&= offset < 8;
      words.push(`fragment at ${offset & 0xfff8}${more(offset & 1)}, claims ${following}`);
      at += 8;
    } else {
      const bytes = next === 51 ? 4 * (length + 2) : 8 * (length + 1);
      words.push(`${NAMES[next]}, ${bytes} bytes`);
      at += bytes;
    }
    next = following;
    if (!isFirst) break;
  }
  return [...words, transport(next, packet.subarray(at), isFirst)].join(" | ");
}

function ends(source: Buffer, destination: Buffer): string {
  const [from, to] = [source, destination].map(parseAddressBytes);
  return from === undefined || to === undefined
    ? ""
    : `${printAddress(from)} > ${printAddress(to)}`;
}

function more(bits: number): string {
  return bits === 0 ? "" : " and more";
}

function transport(protocol: number, bytes: Buffer, isFirst: boolean): string {
  if (!isFirst) return `${bytes.length} bytes of ${protocol}`;
  if (bytes.length < 4) return `${protocol}, ${bytes.length} bytes`;
  const ports = `${bytes.readUInt16BE(0)} > ${bytes.readUInt16BE(2)}`;
  if (protocol === 17) return `UDP ${ports}`;
  if (protocol !== 6) return `${protocol}, ${bytes.length} bytes`;
  const flags = bytes[13];
  return `TCP ${ports}${flags === undefined ? "" : `, flags 0x${flags.toString(16)}`}`;
}
