/** How the page makes tokens. */

/**
 * JavaScript of any browser. WebCrypto is withheld from pages that came over plain HTTP, so this
 * has a SHA-256 of its own (FIPS 180-4); HMAC is RFC 2104.
 */
export const TOKEN_SCRIPT = `\
const ROUND_CONSTANTS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const FIRST_STATE = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const BLOCK_BYTES = 64;

function sha256(message) {
  // A one bit, zeros, and the length in bits, which end a block.
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const state = FIRST_STATE.slice();
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) addBlock(state, view, at);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setUint32(index * 4, word));
  return new Uint8Array(digest.buffer);
}

function addBlock(state, view, at) {
  const words = [];
  for (let t = 0; t < 64; t++) {
    if (t < 16) words.push(view.getUint32(at + t * 4) | 0);
    else {
      const [early, late] = [words[t - 15], words[t - 2]];
      const sigma0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const sigma1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      words.push((words[t - 16] + sigma0 + words[t - 7] + sigma1) | 0);
    }
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const sum1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + ROUND_CONSTANTS[t] + words[t]) | 0;
    const sum0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [a, b, c, d, e, f, g, h] = [(first + sum0 + majority) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    state[index] = (state[index] + word) | 0;
  });
}

function turned(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

/** For keys of at most a block. */
function hmac(key, message) {
  const padded = (byte) => Uint8Array.from({ length: BLOCK_BYTES }, (_, at) => key[at] ^ byte);
  return sha256(joined(padded(0x5c), sha256(joined(padded(0x36), message))));
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The 16 characters of a token that a request carries. */
function tokenFor(key, door, carrier, slot) {
  const text = "postern token v1\\0" + door + "\\0" + carrier + "\\0";
  const message = new Uint8Array(text.length + 8);
  for (let at = 0; at < text.length; at++) message[at] = text.charCodeAt(at);
  const view = new DataView(message.buffer);
  view.setUint32(text.length, Math.floor(slot / 2 ** 32));
  view.setUint32(text.length + 4, slot % 2 ** 32);
  const token = String.fromCharCode(...hmac(key, message).subarray(0, 12));
  return btoa(token).replace(/[+]/g, "-").replace(/[/]/g, "_");
}
`;
