import { describe, expect, test } from "vitest";
import {
  KEY_TYPES,
  type PublicKey,
  parsePublicKey,
  parsePublicKeyLine,
  parseSshSignature,
  type SshSignature,
  verifySshSignature,
} from "../../src/signed/index.ts";
import {
  armour,
  makeSigner,
  mpint,
  type SigningOptions,
  sshString,
  type TestSigner,
} from "./signer.ts";
import { keyFrom, sshKeygen, verifies, workFolder } from "./ssh-keygen.ts";

const TEXT = Buffer.from("what is signed");
const SIGNERS = new Map(KEY_TYPES.map((type) => [type, makeSigner(type)]));

function signerOf(type: (typeof KEY_TYPES)[number]): TestSigner {
  const signer = SIGNERS.get(type);
  if (signer === undefined) throw new Error(`signerOf: ${type}`);
  return signer;
}

function keyOf({ blob }: { readonly blob: Buffer }): PublicKey {
  const key = parsePublicKey(blob);
  if (!key.ok) throw new Error(JSON.stringify(key.problems));
  return key.value;
}

function parsed(text: string): SshSignature {
  const signature = parseSshSignature(text);
  if (!signature.ok) throw new Error(JSON.stringify(signature.problems));
  return signature.value;
}

function isOurs(signer: TestSigner, inner: Buffer, hash: "sha256" | "sha512" = "sha512"): boolean {
  return verifySshSignature(keyOf(signer), hash, inner, TEXT);
}

/** Whether both take it for the signer's, or neither. */
function verdicts(signer: TestSigner, inner: Buffer, options: SigningOptions = {}) {
  const armoured = armour(signer.blob, inner, options);
  const theirs = verifies(workFolder(), { signers: `ana ${signer.line}\n`, armoured, text: TEXT });
  return { ours: isOurs(signer, inner, options.hash), theirs };
}

describe("a signature by ssh-keygen", () => {
  test.each([
    ["ed25519", undefined],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
    ["rsa", 2048],
    ["rsa", 3072],
  ] as const)("verifies, with either hash, and over no other text: %s %s", (type, bits) => {
    const { path, line } = keyFrom(workFolder(), type, bits);
    const key = parsePublicKeyLine(line);
    if (!key.ok) throw new Error("no key");
    for (const hash of ["sha256", "sha512"] as const) {
      const args = ["-Y", "sign", "-n", "postern-knock", "-f", path, "-O", `hashalg=${hash}`];
      const signature = parsed(sshKeygen(args, TEXT).stdout);
      expect(signature).toMatchObject({ namespace: "postern-knock", hash });
      expect(signature.publicKey).toEqual(key.value.blob);
      const verify = (text: Buffer, namespace?: string) =>
        verifySshSignature(key.value, hash, signature.signature, text, namespace);
      expect(verify(TEXT)).toBe(true);
      expect(verify(Buffer.from("what is not signed"))).toBe(false);
      expect(verify(TEXT, "file")).toBe(false);
    }
  });
});

describe("our verdict is that of ssh-keygen", () => {
  test.each(KEY_TYPES)("on a good signature: %s", (type) => {
    const signer = signerOf(type);
    const options = { hash: "sha256" } as const;
    const both = { ours: true, theirs: true };
    expect(verdicts(signer, signer.sign(TEXT))).toEqual(both);
    expect(verdicts(signer, signer.sign(TEXT, options), options)).toEqual(both);
  });

  const tamperings: readonly (readonly [string, (inner: Buffer) => Buffer])[] = [
    ["a bit of its format turned", (inner) => withBit(inner, 5)],
    ["a bit of its length turned", (inner) => withBit(inner, 3)],
    ["a bit in its middle turned", (inner) => withBit(inner, inner.length >> 1)],
    ["its last bit turned", (inner) => withBit(inner, inner.length - 1)],
    ["a byte more", (inner) => Buffer.concat([inner, Buffer.alloc(1)])],
    ["a byte less", (inner) => inner.subarray(0, -1)],
    ["nothing in it", () => Buffer.alloc(0)],
  ];

  test.each(KEY_TYPES.flatMap((type) => tamperings.map((one) => [type, ...one] as const)))(
    "on a bad one: %s with %s",
    (type, _, tamper) => {
      const signer = signerOf(type);
      const inner = tamper(signer.sign(TEXT));
      expect(verdicts(signer, inner)).toEqual({ ours: false, theirs: false });
    },
  );

  test.each(KEY_TYPES)("on one by another key of its type: %s", (type) => {
    const inner = makeSigner(type).sign(TEXT);
    expect(verdicts(signerOf(type), inner)).toEqual({ ours: false, theirs: false });
  });

  test("on one by RSA with SHA-1, and with either of SHA-2", () => {
    const signer = signerOf("ssh-rsa");
    const verdictOf = (format: "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512") =>
      verdicts(signer, signer.sign(TEXT, { format }));
    expect(verdictOf("ssh-rsa")).toEqual({ ours: false, theirs: false });
    expect(verdictOf("rsa-sha2-256")).toEqual({ ours: true, theirs: true });
    expect(verdictOf("rsa-sha2-512")).toEqual({ ours: true, theirs: true });
  });

  test("on one for another namespace, or with the other hash than it says", () => {
    const signer = signerOf("ssh-ed25519");
    const both = { ours: false, theirs: false };
    expect(verdicts(signer, signer.sign(TEXT, { namespace: "file" }))).toEqual(both);
    expect(verdicts(signer, signer.sign(TEXT, { hash: "sha256" }))).toEqual(both);
  });
});

function withBit(bytes: Buffer, at: number): Buffer {
  const turned = Buffer.from(bytes);
  turned.writeUInt8(turned.readUInt8(at) ^ 1, at);
  return turned;
}

describe("stricter than ssh-keygen", () => {
  const HARDWARE = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"] as const;

  test.each(HARDWARE)("nobody touched the key: %s", (type) => {
    const signer = signerOf(type);
    expect(isOurs(signer, signer.sign(TEXT, { flags: 0 }))).toBe(false);
    expect(isOurs(signer, signer.sign(TEXT, { flags: 4 }))).toBe(false);
    expect(isOurs(signer, signer.sign(TEXT, { flags: 5 }))).toBe(true);
  });

  test.each(HARDWARE)("flags and counter are signed too: %s", (type) => {
    const signer = signerOf(type);
    const inner = signer.sign(TEXT, { flags: 1, counter: 9 });
    for (const at of [inner.length - 5, inner.length - 1]) {
      const turned = Buffer.from(inner);
      turned.writeUInt8(turned.readUInt8(at) ^ 2, at);
      expect(isOurs(signer, turned)).toBe(false);
    }
  });

  test("a number of ECDSA has one form", () => {
    const signer = signerOf("ecdsa-sha2-nistp256");
    const inner = signer.sign(TEXT);
    const [, numbers] = stringsOf(inner);
    const [r, s] = stringsOf(numbers ?? Buffer.alloc(0)) as [Buffer, Buffer];
    const withNumbers = (...written: readonly Buffer[]) =>
      Buffer.concat([sshString(signer.type), sshString(Buffer.concat(written))]);
    expect(isOurs(signer, withNumbers(mpint(r), mpint(s)))).toBe(true);
    const longer = sshString(Buffer.concat([Buffer.alloc(1), r]));
    expect(isOurs(signer, withNumbers(longer, mpint(s)))).toBe(false);
    expect(isOurs(signer, withNumbers(mpint(r), mpint(s), Buffer.alloc(1)))).toBe(false);
    expect(isOurs(signer, withNumbers(sshString(""), mpint(s)))).toBe(false);
    expect(isOurs(signer, withNumbers(mpint(Buffer.alloc(33, 1)), mpint(s)))).toBe(false);
  });

  test("the other half of a number of Ed25519 is no signature", () => {
    const order: bigint = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;
    const signer = signerOf("ssh-ed25519");
    const [, raw = Buffer.alloc(0)] = stringsOf(signer.sign(TEXT));
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString("hex")}`) + order;
    const other = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
    const forged = Buffer.concat([raw.subarray(0, 32), other]);
    expect(isOurs(signer, Buffer.concat([sshString("ssh-ed25519"), sshString(forged)]))).toBe(
      false,
    );
  });
});

/** The strings that stand one behind the other. */
function stringsOf(bytes: Buffer): Buffer[] {
  if (bytes.length < 4) return [];
  const end = 4 + bytes.readUInt32BE();
  return [bytes.subarray(4, end), ...stringsOf(bytes.subarray(end))];
}

describe("the armoured text of a signature", () => {
  const signer = signerOf("ssh-ed25519");
  const good = armour(signer.blob, signer.sign(TEXT));

  test("is read with the line ends of any system", () => {
    expect(parsed(good.replaceAll("\n", "\r\n")).signature).toEqual(parsed(good).signature);
  });

  test.each([
    ["without its first line", good.replace(/^.*\n/, "")],
    ["without its last line", good.replace(/-----END.*/, "")],
    ["behind another line", `\n${good}`],
    ["with text behind it", `${good}more`],
    ["with a letter that base64 has not", good.replace("U1NIU0lH", "U1NI*0lH")],
    ["with a letter less", good.replace("U1NIU0lH", "U1NIU0l")],
    ["of another magic", good.replace("U1NIU0lH", "U1NIU0lI")],
    ["of version 2", good.replace("U1NIU0lHAAAAAQ", "U1NIU0lHAAAAAg")],
    ["of a hash that is none", armour(signer.blob, Buffer.alloc(3), { hash: "md5" as "sha256" })],
    ["without a namespace", armour(signer.blob, Buffer.alloc(3), { namespace: "" })],
    ["of nothing", ""],
  ])("is refused %s", (_, text) => {
    const read = parseSshSignature(text);
    expect(read.ok ? [] : read.problems.map(({ code }) => code)).toEqual(["not-an-ssh-signature"]);
  });
});
