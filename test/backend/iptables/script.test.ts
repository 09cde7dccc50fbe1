/** The script for a host without Postern: what its reader is told, and what is left out. */
import { describe, expect, test } from "vitest";
import { printScript } from "../../../src/backend/iptables/index.ts";
import { compilePolicy } from "../../../src/compile/index.ts";
import { isForIptables, readExamples, readGoldens } from "../../setup/goldens.ts";
import { policyOf } from "../../setup/policy.ts";

const SCRIPTS = [...readGoldens(), ...readExamples()]
  .filter(({ policy }) => isForIptables(policy))
  .map(({ name, policy }) => ({
    name,
    script: printScript(compilePolicy(policyOf(policy), {}, "sources")),
  }));

function rulesIn(script: string): string[] {
  const [, rules = ""] = /\n\*raw\n(.*?)\nEND\n/s.exec(script) ?? [];
  return rules.split("\n");
}

/** The words at the top, up to the first command. */
function headOf(script: string): string {
  return script.slice(0, script.indexOf("\nset -"));
}

describe.each(SCRIPTS)("$name", ({ script }) => {
  const rules = rulesIn(script);

  test("no rule stands twice in its chain, and no note twice in a row", () => {
    const commands = rules.filter((line) => line.startsWith("-A"));
    expect(commands.length).toBeGreaterThan(10);
    expect(new Set(commands).size).toBe(commands.length);
    const notes = rules.filter((line) => line.startsWith("#"));
    expect(notes.filter((note, index) => note === notes[index - 1])).toEqual([]);
  });

  test("the top has the way through every kind of chain", () => {
    const head = headOf(script);
    const chains = rules.flatMap((line) => /^:POSTERN-(?!made_of)([a-z]+)/.exec(line)?.[1] ?? []);
    for (const chain of new Set(chains)) {
      expect(head).toMatch(new RegExp(`^#  .*\\b${chain}(_DOOR|:|\\.\\.\\.)`, "m"));
    }
  });

  test("the top says of every list what it is", () => {
    const head = headOf(script);
    const kinds = [...head.matchAll(/^# {5}postern-(?:DOOR_)?([a-z_]+?)(?:N_)?(?:\.\.\.)? /gm)];
    const names = [...script.matchAll(/--name postern-(\S+)/g)].map(([, name = ""]) => name);
    for (const name of names) {
      expect(
        kinds.some(([, kind = ""]) => name.includes(kind)),
        name,
      ).toBe(true);
    }
    for (const [, kind = ""] of kinds) {
      expect(
        names.some((name) => name.includes(kind)),
        kind,
      ).toBe(true);
    }
  });

  test("no line of the top is longer than 100", () => {
    for (const line of headOf(script).split("\n")) expect(line.length).toBeLessThan(101);
  });
});

test("packets of the protocol that a door does not have are not led to it", () => {
  const text = "doors: { ssh: { protects: tcp/22 }, vpn: { protects: udp/51820 } }";
  const script = printScript(compilePolicy(policyOf(text), {}, "sources"));
  expect(rulesIn(script).filter((line) => line.startsWith("-A POSTERN "))).toEqual([
    '-A POSTERN -6 -m u32 --u32 "4&0xFF00=0x0000,0x2B00:0x2C00,0x3C00" -j POSTERN-headers',
    "-A POSTERN -p tcp --dport 22 -j POSTERN-door_ssh",
    "-A POSTERN -p udp --dport 51820 -j POSTERN-door_vpn",
  ]);
});
