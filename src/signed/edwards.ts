/** Points of Ed25519 (RFC 8032, section 5.1), as far as a public key can be a bad one. */

const P = 2n ** 255n - 19n;
/** -121665/121666, the curve's constant. */
const D: bigint = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/**
 * Whether 32 bytes are a public key in its one form: the height of a point below 2^255 - 19, on the
 * curve, and not of the eight points that any signature can be made to fit.
 */
export function isEdwardsKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`) & (2n ** 255n - 1n);
  const square = (y * y) % P;
  if (y >= P || y === 0n || square === 1n) return false;
  const scaled: bigint = (D * square) % P;
  // Doubled, a point of order eight is at height 0.
  if ((scaled * square + 2n * square - 1n) % P === 0n) return false;
  // x^2 = (y^2 - 1) / (D y^2 + 1), which is a square where the product is one.
  return power((square - 1n) * (scaled + 1n), (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, factor] = [1n, base % P];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left % 2n === 1n) result = (result * factor) % P;
    factor = (factor * factor) % P;
  }
  return result;
}
