/** What the check says of scanners, tried on a real gate with the scanners themselves. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { checkPolicy, judgeDoor, parseServices } from "../../src/check/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { OPENINGS } from "../check/openings.ts";
import { weakPolicies } from "../check/weak-policies.ts";
import { policyOf } from "../setup/policy.ts";
import { countMembers, removeGate } from "./gate.ts";
import { makeNetwork, type Network } from "./network.ts";

const KNOWN = {
  commonPorts: parseServices(readFileSync("/usr/share/nmap/nmap-services", "utf8")),
};

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());
afterEach(() => removeGate(network.server));

async function load(policy: Policy): Promise<void> {
  const rules = printNftables(compilePolicy(policy));
  await network.server.run(["nft", "-f", "-"], { stdin: rules });
}

/** Runs a command as the check words it; HOST becomes the server's address. */
async function attack(command: string, family: Family): Promise<void> {
  const line = command
    .replaceAll("HOST", network.link.server[family])
    .replaceAll(/\bnmap /g, family === "ipv6" ? "nmap -6 " : "nmap ");
  await network.client.run(["sh", "-c", line]);
}

function policyWith(steps: string, watch: string | undefined): Policy {
  const range = watch === undefined ? "" : `, watch: ${watch}`;
  return policyOf(
    `doors: { ssh: { protects: tcp/22, open-for: 1m, sequence: { steps: ${steps}${range} } } }`,
  );
}

describe.each(FAMILIES)("over %s", (family) => {
  const grants = () => countMembers(network.server, family, "grants");

  test.each([
    ...OPENINGS.map(({ steps, watch, scan }) => [steps, watch, scan] as const),
    ["[51001, 51002, 51003]", undefined, "a scan of all ports upwards over TCP"],
    ["[80, 81, 88]", "1-65535", "a scan of nmap's 100 most common ports upwards over TCP"],
    [
      "[udp/2, udp/3, udp/7]",
      "1-65535",
      "a scan of nmap's 1,000 most common ports upwards over UDP",
    ],
    [
      "[80, 23, 443]",
      "1-65535",
      "a scan of nmap's 100 most common ports, the most common first over TCP",
    ],
  ] as const)(
    "steps %s, watch %s: the command of %s opens the door",
    async (steps, watch, scan) => {
      const policy = policyWith(steps, watch);
      const [door] = policy.doors;
      if (door === undefined) throw new Error("no door");
      const { openedBy } = judgeDoor(policy, door, KNOWN);
      expect(openedBy?.scan).toBe(scan);
      await load(policy);
      expect(await grants()).toBe(0);
      await attack(openedBy?.command ?? "", family);
      expect(await grants()).toBe(1);
    },
  );

  test("the remedy for the article's sequence keeps its scanner out", async () => {
    const policy = policyWith("[51001, 51003, 51002]", "50501-51503");
    await load(policy);
    await attack("nmap -r -Pn -n --max-retries 0 -p 50990-51010 HOST", family);
    expect(await grants()).toBe(0);
    await attack("knock HOST 51001 51003 51002", family);
    expect(await grants()).toBe(1);
  });

  test("random policies that pass stay shut to nmap -r over TCP and UDP, and to knock downwards", async () => {
    const passing = weakPolicies.filter((placed) =>
      checkPolicy(placed, KNOWN).problems.every(({ code }) => code !== "opened-by-scan"),
    );
    for (const { policy } of fc.sample(passing, { numRuns: 6 })) {
      const ports = policy.doors.flatMap(({ sequence }) => [
        ...(sequence?.steps ?? []).flatMap((step) => (step.kind === "port" ? [step.port] : [])),
        ...(sequence?.watch === undefined ? [] : [sequence.watch.first, sequence.watch.last]),
      ]);
      const [first, last] = ports.length === 0 ? [1, 9] : [Math.min(...ports), Math.max(...ports)];
      for (const command of [
        `nmap -r -Pn -n --max-retries 0 -p ${first}-${last} HOST`,
        `nmap -sU -r -Pn -n --max-retries 0 -p ${first}-${last} HOST`,
        `knock HOST $(seq ${last} -1 ${first})`,
      ]) {
        // From the beginning: one scan may go on from where another got to.
        await load({ ...policy, ban: undefined });
        await attack(command, family);
        expect(await grants(), `${command}: ${JSON.stringify(policy.doors)}`).toBe(0);
        await removeGate(network.server);
      }
    }
    await load(policyWith("[51001]", undefined));
  });
});
