/** A datagram that carries a token. */

/** Bytes of it behind the token, which say nothing: at least, and how many there may be more. */
const SHORTEST = 16;
const SPREAD = 48;

/** The token, and noise of a length that differs from one to the next. */
export function datagramWith(token: Uint8Array, random: (bytes: number) => Uint8Array): Buffer {
  const [length = 0] = random(1);
  return Buffer.concat([token, random(SHORTEST + (length % SPREAD))]);
}
