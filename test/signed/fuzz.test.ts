/** Whatever anybody sends or writes, nothing throws. */
import { describe, test } from "vitest";
import {
  judgeKnock,
  KEY_TYPES,
  parseAllowedSigners,
  parsePublicKey,
  parsePublicKeyLine,
  parseSealingKey,
  parseSealingPublicKey,
  parseSshSignature,
  tagOf,
  tagSlotAt,
  type Verdict,
  verifySshSignature,
} from "../../src/signed/index.ts";
import { decodePlaintext, encodePlaintext } from "../../src/signed/message.ts";
import { sealTo } from "../../src/signed/seal.ts";
import { sealingKeyOf } from "../../src/signed/sealing-key.ts";
import { everyOne, INPUTS, LIMIT } from "../setup/fuzz.ts";
import { armour, makeSigner } from "./signer.ts";
import { fieldOf, gateOf, hexOf, knockOf, type Vector, vectorsIn } from "./vector.ts";

const SIGNERS = KEY_TYPES.map(makeSigner);
const SIGNED_TEXT = Buffer.from("text");

describe("a knock", () => {
  const opens = vectorsIn("opens").map(([, vector]) => vector);
  const refused = vectorsIn("refused").map(([, vector]) => vector);
  const plaintexts = opens.map((vector) => hexOf(vector, "plaintext"));

  const sides = new Map(
    [...opens, ...refused].map((vector) => [
      vector,
      { gate: gateOf(vector), knock: knockOf(vector) },
    ]),
  );

  /** Has a changed packet judged where the one that it was made of was to go. */
  function judgeAs(vector: Vector | undefined, payload: Buffer): Verdict {
    const side = vector === undefined ? undefined : sides.get(vector);
    if (side === undefined) throw new Error("judgeAs: no vector");
    return judgeKnock({ ...side.knock, payload }, side.gate);
  }

  test("has a verdict whatever its packet is, and opens only as it was", LIMIT, () => {
    const payloads = opens.map((vector) => hexOf(vector, "packet"));
    everyOne(payloads, (payload, from) => {
      const { kind } = judgeAs(opens[from], payload);
      if (kind === "opens" && !isSameButTopBit(payloads[from], payload)) {
        throw new Error("it opens");
      }
    });
  });

  test("has a verdict whatever a bad one is changed to", LIMIT, () => {
    // What is changed may be the one fault.
    const payloads = refused.map((vector) => hexOf(vector, "packet"));
    everyOne(payloads, (payload, from) => judgeAs(refused[from], payload));
  });

  test("has a verdict whatever was sealed, and opens only as it was", LIMIT, () => {
    const key = sealingKeyOf(SEALING_KEY);
    const tag = tagOf(key.publicKey, tagSlotAt(NOW_MS / 1000));
    const attempt = (bytes: Buffer, from: number) => {
      const vector = opens[from] ?? new Map();
      const aad = Buffer.concat([tag, Buffer.from(fieldOf(vector, "carrier"))]);
      const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 63)]);
      const sealed = sealTo(key.publicKey, { info: INFO, aad }, padded, EPHEMERAL);
      if (sealed === undefined) throw new Error("not sealed");
      const { kind } = judgeAs(vector, Buffer.concat([tag, sealed.enc, sealed.ciphertext]));
      if (kind === "opens" && plaintexts[from]?.equals(padded) !== true) {
        throw new Error("it opens");
      }
    };
    // Sealing one takes as long as judging some, and what can be read at all is tried below.
    everyOne(plaintexts, attempt, INPUTS / 20);
  });

  test("has one form: what is read is written the same", LIMIT, () => {
    everyOne(plaintexts, (bytes) => {
      const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 63)]);
      const decoded = decodePlaintext(padded);
      if (typeof decoded === "string" || !Number.isSafeInteger(decoded.message.timeMs)) return;
      if (padded.length < 128 || padded.length > 1152) return;
      if (!encodePlaintext(decoded).equals(padded)) throw new Error("it has two forms");
    });
  });
});

const INFO = Buffer.from("postern signed v1");
const EPHEMERAL = Buffer.alloc(32, 7);
const NOW_MS = 1_764_000_000_000;
const SEALING_KEY = hexOf(vectorsIn("opens")[0]?.[1] ?? new Map(), "sealing-key");

function isSameButTopBit(one: Buffer | undefined, other: Buffer): boolean {
  return one !== undefined && withTopBit(one).equals(withTopBit(other));
}

function withTopBit(payload: Buffer): Buffer {
  const copy = Buffer.from(payload);
  if (copy.length > 39) copy.writeUInt8(copy.readUInt8(39) | 0x80, 39);
  return copy;
}

describe("a key or a signature of SSH", () => {
  const blobs = SIGNERS.map(({ blob }) => blob);
  const keys = blobs.flatMap((blob) => {
    const key = parsePublicKey(blob);
    return key.ok ? [key.value] : [];
  });
  const inners = SIGNERS.map((signer) => signer.sign(SIGNED_TEXT));
  const armoured = SIGNERS.map(({ blob }, index) => armour(blob, inners[index] ?? blob));

  test("is read or refused, whatever its text is", LIMIT, () => {
    everyOne(
      armoured.map((text) => Buffer.from(text)),
      (text) => parseSshSignature(text.toString("latin1")),
    );
  });

  test("is read or refused, whatever the bytes in its text are", LIMIT, () => {
    const bytes = armoured.map((text) =>
      Buffer.from(text.split("\n").slice(1, -2).join(""), "base64"),
    );
    const [begin = "", end = ""] = [armoured[0]?.split("\n")[0], armoured[0]?.split("\n").at(-2)];
    everyOne(bytes, (input) => {
      const read = parseSshSignature(`${begin}\n${input.toString("base64")}\n${end}\n`);
      if (read.ok) parsePublicKey(read.value.publicKey);
    });
  });

  test("verifies only as it was signed", LIMIT, () => {
    everyOne(inners, (inner, _, chance) => {
      const key = keys[chance(keys.length)];
      if (key === undefined) throw new Error("no key");
      const isTaken = verifySshSignature(key, "sha512", inner, SIGNED_TEXT);
      if (isTaken && !inners.some((one) => one.equals(inner))) throw new Error("it verifies");
    });
  });

  test("is a key or none, whatever its bytes are", LIMIT, () => {
    everyOne(blobs, (blob) => {
      const key = parsePublicKey(blob);
      if (key.ok && !key.value.blob.equals(blob)) throw new Error("it is another key");
    });
  });
});

describe("a file", () => {
  const lines = SIGNERS.flatMap(({ line }) => [
    `ana ${line} a comment`,
    `"ana b",*,!c namespaces="a,postern-*",valid-after="20200101Z" ${line}\r`,
    `# ${line}\n\nb cert-authority,valid-before="209901010000" ${line}`,
  ]);

  test("of allowed signers is read, and every line is used or a problem", LIMIT, () => {
    everyOne(
      lines.map((line) => Buffer.from(line)),
      (input) => {
        const text = input.toString();
        const { signers, problems } = parseAllowedSigners(text, "f");
        const written = text.split("\n").filter((line) => !/^[ \t\r]*(#|$)/.test(line));
        if (signers.length + problems.length !== written.length) throw new Error("a line is lost");
      },
    );
  });

  test("of a sealing key, or a line of a public key, is read or refused", LIMIT, () => {
    const files = [...lines, `# a\nsealing-key: ${"A".repeat(42)}E\n`, "A".repeat(43)];
    everyOne(
      files.map((text) => Buffer.from(text)),
      (input) => {
        parseSealingKey(input.toString(), "f");
        parseSealingPublicKey(input.toString());
        parsePublicKeyLine(input.toString());
      },
    );
  });
});
