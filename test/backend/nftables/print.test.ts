/** The file as a whole; what its rules look like, test/golden shows. */
import { describe, expect, test } from "vitest";
import { namesIn, printNftables } from "../../../src/backend/nftables/print.ts";
import { readExamples, readGoldens } from "../../setup/goldens.ts";
import { programOf } from "../../setup/policy.ts";

const POLICIES = [...readGoldens(), ...readExamples()];

/** What a file of rules defines, by the first lines of its blocks. */
function definedIn(text: string): string[] {
  return [...text.matchAll(/^ {4}(\w+ \S+) \{$/gm)].map(([, name]) => name ?? "");
}

describe.each(POLICIES)("$name", ({ policy }) => {
  const program = programOf(policy);
  const [text = "", fragments = ""] = printNftables(program).split(/(?=^table ip6 postern \{$)/m);

  test("what is there for fragments is in a table of its own", () => {
    const names = program.fragmentChains.map(({ name }) => `chain ${name}`);
    expect(definedIn(fragments)).toEqual(names);
  });

  test("what is said to be in the file is what is in it", () => {
    expect(new Set(definedIn(text))).toEqual(new Set(namesIn(program)));
    expect(definedIn(text)).toHaveLength(namesIn(program).length);
  });

  test("everything with a name is used, or is a hook", () => {
    for (const name of namesIn(program)) {
      const [kind = "", word = ""] = name.split(" ");
      const mentions = text.split("\n").filter((line) => line.split(/[\s"@]+/).includes(word));
      const isUsed = mentions.some((line) => !line.includes(`${kind} ${word} {`));
      const mayLieIdle =
        ["prerouting", "reassemble", "made_of"].includes(word) ||
        // Marks are for those who fill the sets of tokens, and for the agent.
        word.endsWith("_loaded") ||
        word === "signed_seen" ||
        kind === "counter";
      expect([name, isUsed || mayLieIdle]).toEqual([name, true]);
    }
  });

  test("no rule has a list or a map of its own, which a look-up could miss during a reload", () => {
    const rules = text.split("\n").filter((line) => line.startsWith("        "));
    for (const rule of rules) {
      expect(rule).not.toContain("vmap");
      // Braces are those of a named set: `update @set { … }`.
      for (const [, before] of rule.matchAll(/(\S+) \{/g)) expect(before).toMatch(/^@/);
    }
  });
});

test("what must go comes first, in the same file", () => {
  const program = programOf("doors: { ssh: { protects: tcp/22 } }");
  const text = printNftables(program, ["map a", "chain b"]);
  expect(text.indexOf("delete map inet postern a\ndelete chain inet postern b\n")).toBeGreaterThan(
    text.indexOf("flush table inet postern\n"),
  );
  expect(text.indexOf("delete chain")).toBeLessThan(text.indexOf("table inet postern {"));
});
