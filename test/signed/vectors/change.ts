/** What is done to a good knock. */

/** A bit of a byte is turned; counted from the end where it is negative. */
export function turned(at: number, mask = 1): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    const index = at < 0 ? copy.length + at : at;
    copy.writeUInt8(copy.readUInt8(index) ^ mask, index);
    return copy;
  };
}

/** Other bytes, in hexadecimal, stand there. */
export function replaced(at: number, hex: string): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    Buffer.from(hex, "hex").copy(copy, at);
    return copy;
  };
}
