/** The data types of SSH (RFC 4251, section 5), as far as keys and signatures are made of them. */

/**
 * Reads one thing after the other, and never throws: past a fault everything is empty or 0, and
 * {@link WireReader.isSpent} is false for good. So a format is read straight through and judged at
 * its end.
 */
export interface WireReader {
  bytes(count: number): Buffer;
  /** `byte` */
  uint8(): number;
  /** Two bytes, the higher first; no type of SSH. */
  uint16(): number;
  /** `uint32` */
  uint32(): number;
  /** `string`: its bytes, which are those of the whole and no copy. */
  string(): Buffer;
  /** `string` that is a name: printable ASCII, at least a character. */
  name(): string;
  /** `mpint` above 0, in its only right form: without the zero that keeps it positive. */
  positive(): Buffer;
  /** All that was read so far. */
  consumed(): Buffer;
  /** Whether everything was right, and nothing is left. */
  isSpent(): boolean;
}

export function wireReader(whole: Uint8Array): WireReader {
  const buffer = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
  let at = 0;
  let isSound = true;
  const reject = (): Buffer => {
    isSound = false;
    return Buffer.alloc(0);
  };
  const bytes = (count: number): Buffer => {
    if (!isSound || count > buffer.length - at) return reject();
    at += count;
    return buffer.subarray(at - count, at);
  };
  const number = (byteCount: number) =>
    bytes(byteCount).reduce((value, byte) => value * 256 + byte, 0);
  const uint32 = () => number(4);
  const string = () => bytes(uint32());
  return {
    bytes,
    uint8: () => number(1),
    uint16: () => number(2),
    uint32,
    string,
    name: () => {
      const text = string().toString("latin1");
      return /^[\x21-\x7e]+$/.test(text) ? text : reject().toString();
    },
    positive: () => {
      const number = string();
      const [first = 0x80, second = 0] = number;
      if (first >= 0x80 || (first === 0 && second < 0x80)) return reject();
      return number.subarray(first === 0 ? 1 : 0);
    },
    consumed: () => buffer.subarray(0, at),
    isSpent: () => isSound && at === buffer.length,
  };
}

/** `string` */
export function wireString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
