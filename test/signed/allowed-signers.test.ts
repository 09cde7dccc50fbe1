import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isPrincipal,
  isValidAt,
  nameOf,
  parseAllowedSigners,
  type Signer,
  takesNamespace,
} from "../../src/signed/allowed-signers.ts";
import { armour, makeSigner } from "./signer.ts";
import { sshKeygen, verifies, workFolder } from "./ssh-keygen.ts";

const ANA = makeSigner("ssh-ed25519");
const BOB = makeSigner("ecdsa-sha2-nistp256");
const TEXT = Buffer.from("text");
const ARMOURED = armour(ANA.blob, ANA.sign(TEXT));
const NOW = Date.UTC(2026, 6, 15);
const AT_NOW = ["-O", "verify-time=20260715Z"];

const read = (text: string) => parseAllowedSigners(text, "allowed_signers");

/** Whether a file takes Ana's key for a principal, by our reading. */
function takes(text: string, principal: string): boolean {
  return read(text).signers.some(
    (signer) =>
      signer.key.blob.equals(ANA.blob) &&
      isPrincipal(signer, principal) &&
      isValidAt(signer, NOW) &&
      takesNamespace(signer, "postern-knock"),
  );
}

/** Every line as it stands, with KEY for Ana's key. */
const TAKEN = [
  "ana KEY",
  'ana KEY a comment, with "quotes" and # signs',
  "  ana KEY",
  "\tana\tKEY",
  "ana   KEY",
  "bob,ana KEY",
  "*,!bob KEY",
  "a?a KEY",
  "!bob,a* KEY",
  '"ana" KEY',
  '"ana smith,ana" KEY',
  'an"a" KEY',
  'ana namespaces="postern-knock" KEY',
  'ana namespaces="file,postern-*" KEY',
  'ana namespaces="*,!file" KEY',
  'ana NameSpaces="*" KEY',
  'ana namespaces="*",valid-after="20200101" KEY',
  'ana valid-after="20260715Z" KEY',
  'ana valid-before="20260715Z" KEY',
  'ana valid-after="20260715z",valid-before="20260716Z" KEY',
  'ana valid-after="202607150000Z",valid-before="20260715000001UTC" KEY',
  'ana ,,namespaces="*" KEY',
  'ana namespaces="a b,postern-knock" KEY',
  'ana namespaces="a\\"b,postern-knock" KEY',
  'ana,"b c" KEY',
  "ana KEY\r",
  "bob BOB\nana KEY",
  "what is this\nana KEY",
  'ana valid-before="20200101" KEY\nana KEY',
  "ana KEY\nana KEY",
  "#ana\n\n   \n\t# bob\nana KEY",
];

const NOT_TAKEN = [
  "",
  "#ana KEY",
  "  # ana KEY",
  "bob KEY",
  "ANA KEY",
  "ana BOB",
  "*,!ana KEY",
  "ana,!a* KEY",
  "!bob KEY",
  "a? KEY",
  "KEY",
  "ana",
  "ana ssh-ed25519",
  '"ana KEY',
  '"" KEY',
  'ana namespaces="file" KEY',
  'ana namespaces="" KEY',
  'ana namespaces="*,!postern-*" KEY',
  "ana namespaces=* KEY",
  'ana namespaces="*\\" KEY',
  'ana namespaces=\\"*\\" KEY',
  "ana namespaces KEY",
  'ana namespaces="* KEY',
  'ana namespaces="a",namespaces="*" KEY',
  'ana valid-after="20260715000001Z" KEY',
  'ana valid-before="20260714235959Z" KEY',
  'ana valid-before="20300101",valid-after="20300101" KEY',
  'ana valid-after="yesterday" KEY',
  'ana valid-after="" KEY',
  'ana valid-after="20200101",valid-after="20210101" KEY',
  "ana cert-authority KEY",
  'ana CERT-AUTHORITY,namespaces="*" KEY',
  'ana namespaces="*",cert-authority KEY',
  "ana cert-authority,cert-authority KEY",
  "ana cert-authoritys KEY",
  'ana namespaces="*", KEY',
  'ana namespaces="*"x KEY',
  'ana namespaces="*" valid-after="20200101" KEY',
  "ana restrict KEY",
  'ana ="x" KEY',
  "ana ssh-ed25519 KEY",
  "ana, bob KEY",
];

const written = (line: string) => line.replaceAll("KEY", ANA.line).replaceAll("BOB", BOB.line);

describe("our reading is that of ssh-keygen", () => {
  test.each([
    ...TAKEN.map((line) => [line, true] as const),
    ...NOT_TAKEN.map((line) => [line, false] as const),
  ])("of: %j", (line, isTaken) => {
    const signers = `${written(line)}\n`;
    const claim = { signers, armoured: ARMOURED, text: TEXT };
    expect({ ours: takes(signers, "ana"), theirs: verifies(workFolder(), claim, AT_NOW) }).toEqual({
      ours: isTaken,
      theirs: isTaken,
    });
  });

  const fields: readonly (readonly string[])[] = [
    ["", "", "", " ", "\t", "#", "bob BOB\n"],
    ["ana", "*", "an?", "bob", "", '"', "!"],
    ["", "", "", ",", ",!bob", ",ana", ",!a*", '"', " "],
    [" ", " ", " ", "\t", "  ", "", ",", "\r "],
    ["", "", "", 'namespaces="', 'valid-before="', 'VALID-AFTER="', "cert-authority", "=", '\\"'],
    ["", "", "*", "postern-*", "20300101Z", "20200101", '\\"', ",", " "],
    ["", "", '"', '"', '",', '",,namespaces="*"', '" '],
    [" ", " ", " ", "\t", "", ","],
    ["KEY", "KEY", "KEY", "KEY", "BOB", "ssh-ed25519", "ssh-ed25519 ssh-ed25519"],
    ["", "", " x", "\r", "x", '"', "\nana KEY"],
  ];
  const lineOf = fc.tuple(...fields.map((field) => fc.constantFrom(...field)));

  const runs = Number(process.env["POSTERN_FUZZ_SSH"] ?? 100);

  test("of lines that nobody would write", { timeout: 60_000 + runs * 500 }, () => {
    const folder = workFolder();
    fc.assert(
      fc.property(lineOf, (parts) => {
        const signers = `${written(parts.join(""))}\n`;
        const claim = { signers, armoured: ARMOURED, text: TEXT };
        expect(takes(signers, "ana")).toBe(verifies(folder, claim, AT_NOW));
      }),
      { numRuns: runs },
    );
  });

  test("of the principals that a key has", () => {
    const folder = workFolder();
    const [file, signature] = [join(folder, "signers"), join(folder, "text.sig")];
    writeFileSync(signature, ARMOURED);
    for (const line of TAKEN) {
      writeFileSync(file, `${written(line)}\n`);
      const args = ["-Y", "find-principals", "-f", file, "-s", signature, ...AT_NOW];
      const theirs = sshKeygen(args).stdout.trimEnd().replaceAll("\n", ",");
      const ours = read(written(line)).signers.find(
        (one) => one.key.blob.equals(ANA.blob) && isValidAt(one, NOW),
      );
      const names = ours?.principals.map(({ text, isNegated }) => `${isNegated ? "!" : ""}${text}`);
      expect([line, names?.join(",")]).toEqual([line, theirs]);
    }
  });

  test("of the lines that are a principal's", () => {
    const lines = ["ana,bob KEY", "a* BOB", "*,!ana KEY", "dora KEY", '"ana x" KEY'];
    const file = join(workFolder(), "signers");
    writeFileSync(file, `${lines.map(written).join("\n")}\n`);
    for (const name of ["ana", "bob", "ana x", "dora"]) {
      const shown = sshKeygen(["-Y", "match-principals", "-f", file, "-I", name]).stdout;
      const ours = read(lines.map(written).join("\n")).signers.filter((one) =>
        isPrincipal(one, name),
      );
      expect([name, ours.length]).toEqual([name, shown.split("\n").length - 1]);
    }
  });
});

describe("stricter than ssh-keygen", () => {
  test.each([
    ["a day that no month has", 'ana valid-before="20280230" KEY', "not a time"],
    ["a short RSA key", `ana ${shortRsa()}`, "1024 bits"],
    ["a pattern of more than a thousand bytes", `ana,${"x".repeat(1100)} KEY`, "bytes"],
    ["a zero byte", "ana\0 KEY", "zero byte"],
  ])("is a problem here: %s", (_, line, words) => {
    const { signers, problems } = read(written(line));
    expect(signers).toEqual([]);
    expect(problems.map(({ what }) => what)).toEqual([expect.stringContaining(words)]);
  });
});

function shortRsa(): string {
  const blob = `00000007${Buffer.from("ssh-rsa").toString("hex")}00000003010001000000810080${"01".repeat(127)}`;
  return `ssh-rsa ${Buffer.from(blob, "hex").toString("base64")}`;
}

describe("a line that is left out", () => {
  test.each([
    ["ana", "there is no key in it", 1],
    ['"ana KEY', "its quote is never closed", 1],
    [",! KEY", "it names nobody whose key this is", 1],
    ['ana namespaces="x KEY', "a quote is never closed", 5],
    [
      "ana restrict KEY",
      '"restrict" is neither a type of key that signs knocks nor an option of a signer',
      5,
    ],
    ["ana namespaces=x KEY", "the value of namespaces is not in quotes", 5],
    ['ana valid-after="1" KEY', '"1" is not a time', 5],
    ['ana namespaces="*", KEY', "the options end in a comma", 5],
    ['ana namespaces="*",namespaces="*" KEY', "there are several namespaces", 5],
    ['ana valid-before="20200101",valid-after="20200101" KEY', "the key is never valid", 5],
    ['ana namespaces="*" ssh-dss AAAA', '"ssh-dss" is not a type of key that signs knocks', 20],
    ["ana ssh-ed25519 AAAA", "this is no key of SSH", 5],
    ["ana ssh-ed25519 (cut)", "behind ssh-ed25519 there is no key in base64", 5],
  ])("says why, and the others are used: %j", (line, what, column) => {
    const { signers, problems } = read(written(`bob BOB\n${line}\nana KEY`));
    expect(signers.map((signer) => signer.line)).toEqual([1, 3]);
    expect(problems).toEqual([
      {
        code: "not-a-signer",
        severity: "error",
        what: expect.stringContaining(what),
        fix: expect.any(String),
        place: expect.objectContaining({ file: "allowed_signers", line: 2, column }),
      },
    ]);
  });

  test("is no fault where it is for certificates", () => {
    const { signers, problems } = read(written("*@example.com cert-authority KEY"));
    expect(signers).toEqual([]);
    expect(problems).toMatchObject([{ severity: "warning", place: { column: 15, length: 14 } }]);
  });

  test("has a mark under what is wrong", () => {
    const { problems } = read('ana valid-after="x" ssh-ed25519 AAAA');
    const { text = "", column = 0, length = 0 } = problems[0]?.place ?? {};
    expect(text.slice(column - 1, column - 1 + length)).toBe('valid-after="x"');
  });
});

describe("whom a line is for", () => {
  const nameIn = (principals: string) =>
    nameOf(read(written(`${principals} KEY`)).signers[0] as Signer);

  test.each([
    ["ana", "ana"],
    ["ana,bob", "ana"],
    ["*@example.com,ana", "ana"],
    ["!dora,bob", "bob"],
    ["ana,bob,!ana", "bob"],
    ["*@example.com", "*@example.com"],
    ["!dora,*", "*"],
  ])("of %s it is %s", (principals, name) => {
    expect(nameIn(principals)).toBe(name);
  });
});
