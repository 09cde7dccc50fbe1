/**
 * Policies beside the rules that they become, of nftables and of iptables: a plain diff shows what
 * a change to the compiler does. `UPDATE=1 npx vitest run test/golden.test.ts` writes the rules
 * anew; look at the diff.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { printScript } from "../src/backend/iptables/index.ts";
import { printNftables } from "../src/backend/nftables/index.ts";
import { isForIptables, readExamples, readGoldens } from "./setup/goldens.ts";
import { programOf } from "./setup/policy.ts";

const UPDATE = process.env["UPDATE"] === "1";

const onNftables = (policy: string) => printNftables(programOf(policy));
const onIptables = (policy: string) => printScript(programOf(policy, "sources"));

const FILES = readGoldens().flatMap(({ name, policy, rules, script }) => [
  { name: `${name}/gate.nft`, file: rules, printed: onNftables(policy) },
  ...(script === undefined
    ? []
    : [{ name: `${name}/gate.sh`, file: script, printed: onIptables(policy) }]),
]);

describe.each(FILES)("golden/$name", ({ file, printed }) => {
  if (UPDATE) writeFileSync(file, printed);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";

  test("is what the policy beside it becomes", () => {
    expect(printed).toBe(text);
  });

  /** Every line that an administrator reads in an editor or a mail. */
  test("is plain text that ends in a line break", () => {
    expect(text).toMatch(/^[\x20-\x7e\n]*\n$/);
    expect(text.split("\n").filter((line) => line !== line.trimEnd())).toEqual([]);
  });
});

test("beside a policy lies nothing but its rules", () => {
  const files = readdirSync(new URL("./golden/", import.meta.url), { recursive: true });
  const ours = [
    ...FILES.map(({ name }) => name),
    ...readGoldens().map(({ name }) => `${name}/policy.yaml`),
  ];
  expect(new Set(files.filter((file) => String(file).includes("/")))).toEqual(new Set(ours));
});

test.each(readExamples())("examples/$name becomes rules, the same each time", ({ policy }) => {
  expect(onNftables(policy)).toContain("table inet postern {");
  expect(onNftables(policy)).toBe(onNftables(policy));
  if (!isForIptables(policy)) return;
  expect(onIptables(policy)).toContain("-A POSTERN ");
  expect(onIptables(policy)).toBe(onIptables(policy));
});
