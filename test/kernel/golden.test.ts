/**
 * A real nft reads every file of rules, and the kernel takes each over others; real iptables of
 * both kinds read every script, which puts its gate up twice and takes it away.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printRules, printScript } from "../../src/backend/iptables/index.ts";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { isForIptables, readExamples, readGoldens } from "../setup/goldens.ts";
import { programOf } from "../setup/policy.ts";
import { programOfDoors, TRICKY_NAMES } from "../setup/tricky-names.ts";
import { gateOf } from "./gate.ts";
import type { Host } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";

const GATES = [
  ...readGoldens().map(({ name, rules }) => ({ name, gate: readFileSync(rules, "utf8") })),
  ...readExamples().map(({ name, policy }) => ({ name, gate: gateOf(policy) })),
];

const SCRIPTS = [
  ...readGoldens().flatMap(({ name, script }) =>
    script === undefined ? [] : [{ name, script: readFileSync(script, "utf8") }],
  ),
  ...readExamples()
    .filter(({ policy }) => isForIptables(policy))
    .map(({ name, policy }) => ({ name, script: printScript(programOf(policy, "sources")) })),
];

/** So that what follows is all that there is, in the same transaction. */
const NOTHING = "table inet postern\ndelete table inet postern\n";

/** Over which of the others each loads, by how far they are from it: over all takes minutes. */
const APART = [1, 3, 8];

let network: Network;
let host: Host;
/** Of each gate a file that loads it alone. */
let alone: readonly string[];
beforeAll(async () => {
  network = await makeNetwork();
  host = network.server;
  alone = GATES.map(({ gate }) => fileOf(NOTHING + gate));
});
afterAll(() => network.remove());

function fileOf(gate: string): string {
  const path = host.newPath("gate.nft");
  writeFileSync(path, gate);
  return path;
}

async function load(text: string): Promise<void> {
  await host.run(["nft", "-f", "-"], { stdin: text });
}

/** Without counts, times and members, and in an order that does not tell what was there before. */
async function listRules(): Promise<readonly string[]> {
  const { stdout } = await host.run(["nft", "--stateless", "--terse", "list", "ruleset"]);
  return stdout.split("\n\n").toSorted();
}

describe.each(GATES)("$name", ({ gate }) => {
  test("nft --check finds no fault in it", async () => {
    await host.run(["nft", "--check", "-f", "-"], { stdin: gate });
  });

  test("nft needs no list of protocols to read it, which a small installation has not", async () => {
    const line = "mount --bind /dev/null /etc/protocols && nft --check -f -";
    await host.run(["unshare", "--mount", "sh", "-c", line], { stdin: gate });
  });

  test("it loads twice, and the second time changes nothing", async () => {
    await load(NOTHING + gate);
    const once = await listRules();
    await load(gate);
    expect(await listRules()).toEqual(once);
    expect(once.join()).toContain("hook prerouting priority");
  });

  test("it loads over others", async () => {
    const own = GATES.findIndex((other) => other.gate === gate);
    const others = APART.flatMap((steps) => alone[(own + steps) % alone.length] ?? []);
    // In one run: to enter the namespace takes longer than to load.
    const line = 'for other; do nft -f "$other" && nft -f "$0" || { echo "$other"; exit 1; }; done';
    await host.run(["sh", "-c", line, fileOf(gate), ...others]);
  });
});

test("a gate whose doors have tricky names loads, and loads again", async () => {
  const gate = printNftables(programOfDoors(TRICKY_NAMES));
  await load(NOTHING + gate);
  await load(gate);
});

describe.each(["nft", "legacy"])("with iptables-%s", (kind) => {
  const programs = [`iptables-${kind}`, `ip6tables-${kind}`];

  beforeAll(async () => {
    await load(NOTHING);
    const other = '-A PREROUTING -m comment --comment "of others -j POSTERN"';
    await readBoth(`*raw\n${other}\nCOMMIT\n`, ["--noflush"]);
  });

  const readBoth = async (rules: string, options = ["--test", "--noflush"]) => {
    for (const program of programs) {
      await host.run([`${program}-restore`, ...options], { stdin: rules });
    }
  };
  const run = (script: string, ...args: readonly string[]) =>
    host.run(["env", `IPTABLES=iptables-${kind}`, "sh", "-s", ...args], { stdin: script });
  const stands = async () => {
    const saved = await Promise.all(programs.map((program) => host.run([`${program}-save`])));
    return saved.map(({ stdout }) => stdout.replaceAll(/^#.*\n| \[\d+:\d+\]$/gm, ""));
  };

  test.each(SCRIPTS)("the rules of $name can be read by both families", async ({ script }) => {
    const rules = /^\*raw\n.*?(?=^END$)/ms.exec(script)?.[0];
    expect(rules).toContain("-A POSTERN ");
    await readBoth(`${rules}COMMIT\n`);
  });

  test.each(SCRIPTS)(
    "the script of $name loads twice, and leaves what is of others",
    async ({ script }) => {
      const before = await stands();
      await run(script);
      const once = await stands();
      for (const family of once) expect(family).toContain("-A PREROUTING -j POSTERN\n");
      await run(script);
      expect(await stands()).toEqual(once);
      await run(script, "remove");
      expect(await stands()).toEqual(before);
    },
  );

  test("a gate whose doors have tricky names can be read", async () => {
    const rules = printRules(programOfDoors(TRICKY_NAMES, "sources"));
    await readBoth(`${rules.join("\n")}\nCOMMIT\n`);
  });
});
