/** Files of keys as `ssh-keygen` writes them. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseAgentKeys,
  parsePrivateKey,
  parsePublicFile,
  printPublicKey,
} from "../../../src/client/signed/key-file.ts";
import { sshKeygen, workFolder } from "../../signed/ssh-keygen.ts";

/** Both halves of a new key. */
function make(...options: readonly string[]) {
  const path = `${workFolder()}/key`;
  const made = sshKeygen(["-q", "-f", path, "-C", "a comment", ...options]);
  if (made.status !== 0) throw new Error(made.stderr);
  return { path, text: readFileSync(path, "utf8"), line: readFileSync(`${path}.pub`, "utf8") };
}

const PLAIN = ["-N", ""];
const LOCKED = ["-N", "sesame"];

describe("a private key", () => {
  test.each([
    ["ed25519", PLAIN, false],
    ["ed25519", LOCKED, true],
    ["ecdsa", LOCKED, true],
    ["rsa", LOCKED, true],
  ])("of %s %o says whose it is, and whether it is locked", (type, options, isEncrypted) => {
    const { text, line } = make("-t", type, ...options);
    const read = parsePrivateKey(text);
    expect(read?.isEncrypted).toBe(isEncrypted);
    const key = read?.publicKey;
    expect(key?.ok === true && line.startsWith(printPublicKey(key.value))).toBe(true);
  });

  test.each([
    ["PEM", PLAIN, false],
    ["PEM", LOCKED, true],
    ["PKCS8", PLAIN, false],
    ["PKCS8", LOCKED, true],
  ])(
    "as %s %o does not say whose it is, but whether it is locked",
    (format, options, isEncrypted) => {
      const { text } = make("-t", "ecdsa", "-m", format, ...options);
      expect(parsePrivateKey(text)).toEqual({ publicKey: undefined, isEncrypted });
    },
  );

  test("that is cut anywhere never makes the reader fail", () => {
    const { text } = make("-t", "ed25519", ...PLAIN);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(text.length), fc.string(), (from, to, put) => {
        parsePrivateKey(`${text.slice(0, from)}${put}${text.slice(to)}`);
      }),
    );
  });
});

describe("a public key", () => {
  test("is the first line that is no remark", () => {
    const { line } = make("-t", "ed25519", ...PLAIN);
    expect(parsePublicFile(`# mine\n\n${line}`)?.ok).toBe(true);
  });

  test("is not what merely stands in a file", () => {
    for (const text of ["", "hello", "-----BEGIN X-----", "ssh-ed25519 key"]) {
      expect(parsePublicFile(text)).toBeUndefined();
    }
  });
});

test("keys of an agent have their comments, whatever is in them", () => {
  const [a, b] = [make("-t", "ed25519", ...PLAIN), make("-t", "ecdsa", ...PLAIN)];
  const [line = "", other = ""] = [a.line, b.line].map((one) => one.trim());
  const keys = parseAgentKeys(`${line} more words\n${other}\nssh-dss AAAAB3 old\n\nnonsense\n`);
  expect(keys.map(({ key, comment, type }) => [key.ok, comment, type])).toEqual([
    [true, "a comment more words", "ssh-ed25519"],
    [true, "a comment", "ecdsa-sha2-nistp256"],
    [false, "old", "ssh-dss"],
  ]);
});
