/** The vectors that other implementations are written against. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  fingerprintOf,
  judgeKnock,
  KEY_TYPES,
  parseAllowedSigners,
  printSealingPublicKey,
  type Refusal,
  type SignatureHash,
  sealKnock,
} from "../../src/signed/index.ts";
import { decodePlaintext } from "../../src/signed/message.ts";
import { armour } from "./signer.ts";
import { verifies, workFolder } from "./ssh-keygen.ts";
import { addressIn, fieldOf, gateOf, hexOf, knockOf, type Vector, vectorsIn } from "./vector.ts";

const OPENS = vectorsIn("opens");
const REFUSED = vectorsIn("refused");

/** The line of the key that signed. */
function signerOf(vector: Vector) {
  const { signers } = parseAllowedSigners((vector.get("signers") ?? []).join("\n"), "signers");
  const signer = signers.at(-1);
  if (signer === undefined) throw new Error("signerOf: nobody");
  return signer;
}

describe("a knock that is to open", () => {
  test.each(OPENS)("opens the door for its client and the packet's source: %s", (_, vector) => {
    expect(judgeKnock(knockOf(vector), gateOf(vector))).toEqual({
      kind: "opens",
      door: fieldOf(vector, "door"),
      client: fieldOf(vector, "client"),
      fingerprint: fingerprintOf(signerOf(vector).key.blob),
      address: addressIn(fieldOf(vector, "source")),
      id: fieldOf(vector, "id"),
      timeMs: Number(BigInt(`0x${hexOf(vector, "message").subarray(1, 9).toString("hex")}`)),
    });
  });

  test.each(OPENS)("is made as its steps say: %s", (_, vector) => {
    const decoded = decodePlaintext(hexOf(vector, "plaintext"));
    if (typeof decoded === "string") throw new Error(decoded);
    expect(decoded.messageBytes).toEqual(hexOf(vector, "message"));
    expect(decoded.signature).toEqual(hexOf(vector, "signature"));
    const { publicKey } = gateOf(vector).sealingKey;
    const chance = {
      ephemeralKey: hexOf(vector, "ephemeral"),
      topBit: fieldOf(vector, "top-bit") === "1",
    };
    const [carrier, slot] = [fieldOf(vector, "carrier"), Number(fieldOf(vector, "slot"))];
    expect(sealKnock(decoded, publicKey, carrier, slot, chance)).toEqual(hexOf(vector, "packet"));
  });

  test.each(OPENS)("is signed as ssh-keygen has it: %s", (_, vector) => {
    const { key } = signerOf(vector);
    const hash = fieldOf(vector, "hash") as SignatureHash;
    const armoured = armour(key.blob, hexOf(vector, "signature"), { hash });
    const text = Buffer.concat([gateOf(vector).sealingKey.publicKey, hexOf(vector, "message")]);
    const signers = `ana ${key.type} ${key.blob.toString("base64")}\n`;
    expect(verifies(workFolder(), { signers, armoured, text })).toBe(true);
  });

  test("is there of each type of key, by each carrier and for each kind of address", () => {
    const seen = (of: (vector: Vector) => unknown) =>
      new Set(OPENS.map(([, vector]) => of(vector)));
    expect(seen((vector) => signerOf(vector).key.type)).toEqual(new Set(KEY_TYPES));
    expect(seen((vector) => fieldOf(vector, "carrier"))).toEqual(new Set(["ping", "udp/62201"]));
    expect(seen((vector) => fieldOf(vector, "top-bit"))).toEqual(new Set(["0", "1"]));
    expect(seen((vector) => hexOf(vector, "message")[57])).toEqual(new Set([0, 4, 6]));
    expect(seen((vector) => hexOf(vector, "packet").length)).toContain(1208);
  });
});

const REASONS: Readonly<Record<Refusal, true>> = {
  size: true,
  tag: true,
  sealed: true,
  version: true,
  malformed: true,
  time: true,
  door: true,
  signer: true,
  validity: true,
  namespace: true,
  client: true,
  carrier: true,
  signature: true,
  seen: true,
  address: true,
  unbound: true,
  from: true,
};

describe("a knock that is to be refused", () => {
  test.each(REFUSED)("is refused for its one fault: %s", (file, vector) => {
    const verdict = judgeKnock(knockOf(vector), gateOf(vector));
    expect(verdict).toMatchObject({ kind: "refused", reason: fieldOf(vector, "result") });
    expect(file).toMatch(new RegExp(`^${fieldOf(vector, "result")}-`));
  });

  test("is there for every reason", () => {
    const reasons = new Set(REFUSED.map(([, vector]) => fieldOf(vector, "result")));
    expect(reasons).toEqual(new Set(Object.keys(REASONS)));
  });
});

test("the example of the specification is the simplest of them", () => {
  const specification = join(import.meta.dirname, "../../docs/signed-format.md");
  const text = readFileSync(specification, "utf8");
  const example = text.slice(text.indexOf("## An example"));
  const vector = OPENS.find(([file]) => file === "ed25519-ping-none.txt")?.[1] ?? new Map();
  const { sealingKey } = gateOf(vector);
  const shown = [
    sealingKey.publicKey.toString("hex"),
    printSealingPublicKey(sealingKey.publicKey),
    sealingKey.fingerprint,
    signerOf(vector).key.fingerprint,
    fieldOf(vector, "packet").slice(0, 16),
    fieldOf(vector, "id"),
  ];
  expect(shown.filter((one) => !example.includes(`\`${one}\``))).toEqual([]);
  const written = [...example.matchAll(/^([0-9a-f]+)( {2,}.*)?$/gm)].map(([, hex]) => hex);
  expect(written.join("")).toBe(fieldOf(vector, "message"));
});
