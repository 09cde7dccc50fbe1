/** Files of packets, as tcpdump writes and tcpreplay reads them. */

/** A frame and when it is to be sent, or was seen. */
export interface TimedFrame {
  /** In seconds, to the microsecond; from the story's start, or from 1970. */
  readonly atSeconds: number;
  readonly bytes: Uint8Array;
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const LINK_TYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** `frames` must be in the order of their times. */
export function printPcap(frames: readonly TimedFrame[]): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.writeUInt32LE(MAGIC_MICROSECONDS, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(LINK_TYPE_ETHERNET, 20);
  return Buffer.concat([
    header,
    ...frames.flatMap(({ atSeconds, bytes }) => [recordHeader(atSeconds, bytes), bytes]),
  ]);
}

function recordHeader(atSeconds: number, bytes: Uint8Array): Buffer {
  const microseconds = Math.round(atSeconds * 1e6);
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32LE(Math.floor(microseconds / 1e6), 0);
  header.writeUInt32LE(microseconds % 1e6, 4);
  header.writeUInt32LE(bytes.length, 8);
  header.writeUInt32LE(bytes.length, 12);
  return header;
}

/** Reads what tcpdump wrote on this machine; a record that is not finished yet is left out. */
export function parsePcap(file: Buffer): TimedFrame[] {
  const frames: TimedFrame[] = [];
  if (file.length < FILE_HEADER_BYTES) return frames;
  if (file.readUInt32LE(0) !== MAGIC_MICROSECONDS) throw new Error("parsePcap: not such a file");
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const end = at + RECORD_HEADER_BYTES + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    const atSeconds = file.readUInt32LE(at) + file.readUInt32LE(at + 4) / 1e6;
    frames.push({ atSeconds, bytes: file.subarray(at + RECORD_HEADER_BYTES, end) });
    at = end;
  }
  return frames;
}
