/** A real nft reads every file of rules, and the kernel takes each over any other. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { readExamples, readGoldens } from "../setup/goldens.ts";
import { programOfDoors, TRICKY_NAMES } from "../setup/tricky-names.ts";
import { gateOf } from "./gate.ts";
import type { Host } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";

const GATES = [
  ...readGoldens().map(({ name, rules }) => ({ name, gate: readFileSync(rules, "utf8") })),
  ...readExamples().map(({ name, policy }) => ({ name, gate: gateOf(policy) })),
];

/** So that what follows is all that there is, in the same transaction. */
const NOTHING = "table inet postern\ndelete table inet postern\n";

let network: Network;
let host: Host;
beforeAll(async () => {
  network = await makeNetwork();
  host = network.server;
});
afterAll(() => network.remove());

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

  test("it loads over every other", async () => {
    for (const other of GATES) {
      await load(NOTHING + other.gate);
      await load(gate);
    }
  });
});

test("a gate whose doors have tricky names loads, and loads again", async () => {
  const gate = printNftables(programOfDoors(TRICKY_NAMES));
  await load(NOTHING + gate);
  await load(gate);
});
