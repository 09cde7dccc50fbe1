/** What the check says of scanners, tried on a real gate with the scanners themselves. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { drawSequence } from "../../src/check/fresh.ts";
import { checkPolicy, judgeDoor, parseServices } from "../../src/check/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { OPENINGS } from "../check/openings.ts";
import { weakPolicies } from "../check/weak-policies.ts";
import { seededChance } from "../setup/chance.ts";
import { policyOf } from "../setup/policy.ts";
import { countMembers, removeGate } from "./gate.ts";
import { makeNetwork, type Network } from "./network.ts";

const KNOWN = {
  commonPorts: parseServices(readFileSync("/usr/share/nmap/nmap-services", "utf8")),
  chance: seededChance(1),
};

const chance = (below: number) => randomInt(below);

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

  test("a wider watch range keeps the scanner of the article's sequence out", async () => {
    const policy = policyWith("[51001, 51003, 51002]", "50501-51503");
    await load(policy);
    await attack("nmap -r -Pn -n --max-retries 0 -p 50990-51010 HOST", family);
    expect(await grants()).toBe(0);
    await attack("knock HOST 51001 51003 51002", family);
    expect(await grants()).toBe(1);
  });

  describe("stock nmap with a list of well-known ports", () => {
    const guarded = () => policyWith("[80, 443, 8080]", undefined);
    const reportOf = (policy: Policy) => {
      const [door] = policy.doors;
      if (door === undefined) throw new Error("no door");
      return judgeDoor(policy, door, KNOWN);
    };

    test("check refuses the policy that it opens in order, and it does", async () => {
      const { openedBy } = reportOf(guarded());
      expect(openedBy).toMatchObject({ chance: 1, command: expect.stringContaining("nmap") });
      await load(guarded());
      await attack(openedBy?.command ?? "", family);
      expect(await grants()).toBe(1);
      await removeGate(network.server);
      await load(guarded());
      await attack("nmap -r -Pn -n -p 80,443,8080 HOST", family);
      expect(await grants()).toBe(1);
    });

    /** So many runs that one opens the door, but for one time in a million. */
    async function opensWithin(runs: number, command: string): Promise<boolean> {
      for (let run = 0; run < runs; run += 1) {
        await attack(command, family);
        if ((await grants()) > 0) return true;
      }
      return false;
    }

    test("shuffled it opens the door in one of six runs, where the host answers", async () => {
      await load(guarded());
      expect(await opensWithin(76, "nmap -Pn -n -p 80,443,8080 HOST")).toBe(true);
    });

    test("shuffled it opens the door in every second run, where the host is silent", async () => {
      const silent = "add chain inet silent input { type filter hook input priority 0; }";
      const rules = `add table inet silent; ${silent}; add rule inet silent input tcp flags syn drop`;
      await network.server.run(["nft", rules]);
      try {
        const policy = policyWith("[443, 8443, 3389]", undefined);
        const { openedBy } = reportOf(policy);
        expect(openedBy?.chance).toBe(1 / 2);
        await load(policy);
        const quick = "--initial-rtt-timeout 100ms --max-rtt-timeout 100ms";
        const command = openedBy?.command.replace("nmap", `nmap ${quick}`) ?? "";
        expect(await opensWithin(20, command)).toBe(true);
      } finally {
        await network.server.run(["nft", "delete table inet silent"]);
      }
    });
  });

  test("steps that are drawn afresh stay shut to what nmap scans by itself", async () => {
    const taken = new Set<number>();
    const doors = Array.from({ length: 12 }, (_, n) => {
      const drawn = drawSequence(3, { ephemeral: { first: 32_768, last: 60_999 }, taken }, chance);
      if (drawn === undefined) throw new Error("nothing was drawn");
      const steps = drawn.steps.map(({ protocol, port }) => `${protocol}/${port}`);
      for (const { port } of drawn.steps) taken.add(port);
      const { first, last } = drawn.watch;
      return `d${n}: { protects: tcp/${n + 1}, sequence: { steps: [${steps}], watch: ${first}-${last} } }`;
    });
    const policy = policyOf(`doors: { ${doors.join(", ")} }`);
    await load(policy);
    await attack("nmap -Pn -n -T4 --max-retries 1 HOST", family);
    await attack("nmap -Pn -n -r -T4 --max-retries 1 HOST", family);
    // Linux sends one ICMP error a second: to wait for the others would take minutes.
    const udp = "nmap -sS -sU -F -Pn -n -T4 --max-retries 0 --min-rate 1000 HOST";
    for (let run = 0; run < 3; run += 1) await attack(udp, family);
    expect(await grants(), doors.join()).toBe(0);
    const [first] = policy.doors;
    const knock = (first?.sequence?.steps ?? []).map((step) =>
      step.kind === "port" ? `${step.port}:${step.protocol}` : "",
    );
    await attack(`knock -d 50 HOST ${knock.join(" ")}`, family);
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
