/**
 * Services behind a door that are reached past it: by a second port of the same process, and by
 * addresses that are the host's by another routing table than `local`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkLocalElsewhere } from "../../src/gate/check/local-elsewhere.ts";
import { checkSecondPorts } from "../../src/gate/check/second-port.ts";
import { lookAround, type Surroundings } from "../../src/gate/check/surroundings.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { sure } from "../setup/sure.ts";
import { loadGate, removeGate } from "./gate.ts";
import { HOLDERS, type Holder } from "./holders.ts";
import { type Host, type Running, untilListening } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, listen, startSshd } from "./services.ts";
import { until } from "./until.ts";

const SEQUENCE = "sequence: { steps: [21001, udp/24040, tcp/22777] }";

let network: Network;
let client: Host;
let server: Host;
const started: Running[] = [];
beforeAll(async () => {
  network = await makeNetwork();
  ({ client, server } = network);
  await startSshd(server, [22, 2222]);
});
afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
  await server.run(["nft", "flush", "ruleset"]);
});
afterAll(() => network.remove());

function doorBefore(service: string, more = ""): string {
  return `doors: { it: { protects: ${service}, ${more}${SEQUENCE} } }\n`;
}

type Check = (placed: PlacedPolicy, around: Surroundings) => Problem[];

async function find(check: Check, policy: string): Promise<string[]> {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  const problems = check(placed, await lookAround(liveHost(server), placed.policy, undefined));
  return problems.map(({ severity, what, fix }) => `${severity}: ${what}; ${fix}`);
}

describe("a second port of sshd", () => {
  test.each(FAMILIES)("is open over %s, and an error until a door has it", async (family) => {
    const { [family]: address } = network.link.server;
    await loadGate(server, doorBefore("tcp/22"));
    expect(await canConnect(client, address, 22)).toBe(false);
    expect(await canConnect(client, address, 2222)).toBe(true);
    expect(await find(checkSecondPorts, doorBefore("tcp/22"))).toEqual([
      'error: "sshd" listens on tcp/22, which door it protects, and on tcp/2222, which no door protects: the same service is open there without a knock; protect it too: `protects: [tcp/22, tcp/2222]`; or let it listen on tcp/22 only, or there on loopback only',
    ]);
    await loadGate(server, doorBefore("[tcp/22, tcp/2222]"));
    expect(await canConnect(client, address, 2222)).toBe(false);
    expect(await find(checkSecondPorts, doorBefore("[tcp/22, tcp/2222]"))).toEqual([]);
  });

  test("is a warning where another firewall may stop some who come", async () => {
    const rule = "ip saddr 192.0.2.0/24 drop\n";
    const chain = `chain input { type filter hook input priority 0\n${rule}}\n`;
    await server.run(["nft", "-f", "-"], { stdin: `table inet filter {\n${chain}}\n` });
    const [problem, ...more] = await find(checkSecondPorts, doorBefore("tcp/22"));
    expect(problem).toMatch(/^warning: /);
    expect(more).toEqual([]);
  });
});

describe("another server with two ports", () => {
  /** One process on both ports. */
  async function serve(...ends: readonly string[]): Promise<void> {
    const script = `for (const end of ${JSON.stringify(ends)}) { const [host, port] = end.split(" "); require("node:net").createServer().listen(port, host); }`;
    const running = server.start([process.execPath, "-e", script]);
    started.push(running);
    for (const end of ends) {
      const port = Number(end.split(" ")[1]);
      await untilListening(running, { protocol: "tcp", port }, "ipv4");
    }
  }

  test("may serve something else on each, which is a warning", async () => {
    await serve("0.0.0.0 443", "0.0.0.0 80");
    const [problem] = await find(checkSecondPorts, doorBefore("tcp/443"));
    expect(problem).toMatch(
      /^warning: "node[^"]*" listens on tcp\/443, which door it protects, and on tcp\/80, which no door protects: if that is the same service, it may be open there without a knock; /,
    );
  });

  test("on loopback, or that carries tokens, is none", async () => {
    await serve("0.0.0.0 443", "127.0.0.1 81", "0.0.0.0 80");
    const policy = doorBefore("tcp/443", "token: { carriers: [http/80] }, ");
    expect(await find(checkSecondPorts, policy)).toEqual([]);
  });

  test("of two processes is none", async () => {
    await serve("0.0.0.0 443");
    await serve("0.0.0.0 80");
    expect(await find(checkSecondPorts, doorBefore("tcp/443"))).toEqual([]);
  });
});

describe("an address that is local by another table", () => {
  const ADDRESS = { ipv4: "198.51.100.9", ipv6: "2001:db8:9::9" } as const;
  const ip = (family: Family, line: string) =>
    server.run(["ip", family === "ipv4" ? "-4" : "-6", ...line.split(" ")]);
  const ruled = async (family: Family, rule: string, run: () => Promise<void>) => {
    const { [family]: address } = ADDRESS;
    await ip(family, `rule add ${rule} lookup 100`);
    await ip(family, `route add local ${address} dev lo table 100`);
    try {
      await run();
    } finally {
      await ip(family, "route flush table 100");
      await ip(family, `rule del ${rule} lookup 100`);
    }
  };
  const within = async (holder: Holder, policy: string, run: () => Promise<void>) => {
    await loadGate(server, policy, holder);
    try {
      await run();
    } finally {
      await removeGate(server, holder);
    }
  };
  beforeAll(async () => {
    for (const family of FAMILIES) {
      const flag = family === "ipv4" ? "-4" : "-6";
      const { [family]: via } = network.link.server;
      await client.run(["ip", flag, "route", "add", ADDRESS[family], "via", via]);
      // As hosts have one: otherwise IPv6 knows that address to be nobody's.
      await ip(family, `route add default via ${network.link.client[family]}`);
    }
  });

  test.each(HOLDERS)("passes a door over IPv6 on $name, unless it is named", async (holder) => {
    await ruled("ipv6", "iif eth0", async () => {
      const { ipv6: address } = ADDRESS;
      await within(holder, doorBefore("tcp/22"), async () => {
        expect(await canConnect(client, network.link.server.ipv6, 22)).toBe(false);
        expect(await canConnect(client, address, 22)).toBe(true);
      });
      const [problem = ""] = await find(checkLocalElsewhere, doorBefore("tcp/22"));
      expect(problem).toMatch(
        /^error: 2001:db8:9::9 is an address of this host by routing table 100/,
      );
      const [, list = ""] = /`destinations: \[([^\]]*)\]`/.exec(problem) ?? [];
      const quoted = list.split(", ").map((one) => `"${one}"`);
      const named = doorBefore("tcp/22", `destinations: [${quoted.join(", ")}], `);
      expect(await find(checkLocalElsewhere, named)).toEqual([]);
      await within(holder, named, async () => {
        for (const to of [address, network.link.server.ipv6, network.link.server.ipv4]) {
          expect(await canConnect(client, to, 22)).toBe(false);
        }
      });
    });
  });

  test.each(HOLDERS)("passes a UDP door over IPv4 on $name", async (holder) => {
    const listener = await listen(server, { protocol: "udp", port: 5999 }, "ipv4");
    started.push(listener);
    await ruled("ipv4", `to ${ADDRESS.ipv4}`, async () => {
      await within(holder, doorBefore("udp/5999"), async () => {
        const word = `past ${holder.name}`;
        for (const to of [network.link.server.ipv4, ADDRESS.ipv4]) {
          await client.run(["nc", "-u", "-w1", to, "5999"], {
            stdin: `${word} to ${to}\n`,
            mayFail: true,
          });
        }
        await until("the datagram", () => listener.stdout().includes(`${word} to ${ADDRESS.ipv4}`));
        expect(listener.stdout()).not.toContain(`to ${network.link.server.ipv4}`);
      });
      expect(await find(checkLocalElsewhere, doorBefore("udp/5999"))).toEqual([
        expect.stringMatching(
          /^error: 198\.51\.100\.9 is an address of this host by routing table 100/,
        ),
      ]);
      // Its listener cannot answer from there.
      expect(await canConnect(client, ADDRESS.ipv4, 2222)).toBe(false);
      expect(await find(checkLocalElsewhere, doorBefore("tcp/2222"))).toEqual([
        expect.stringMatching(/^warning: /),
      ]);
    });
  });

  test("that the gate finds is none: by a rule for the destination, over IPv6", async () => {
    await ruled("ipv6", `to ${ADDRESS.ipv6}`, async () => {
      await within(HOLDERS[0] as Holder, doorBefore("tcp/22"), async () => {
        expect(await canConnect(client, ADDRESS.ipv6, 22)).toBe(false);
      });
      expect(await find(checkLocalElsewhere, doorBefore("tcp/22"))).toEqual([]);
    });
  });

  test("is none in a table to which no rule leads, or only one for loopback", async () => {
    await ip("ipv4", `route add local ${ADDRESS.ipv4} dev lo table 100`);
    expect(await find(checkLocalElsewhere, doorBefore("udp/5999"))).toEqual([]);
    await ip("ipv4", "route flush table 100");
    await ruled("ipv4", "iif lo", async () => {
      expect(await find(checkLocalElsewhere, doorBefore("udp/5999"))).toEqual([]);
    });
  });

  test("for packets with a mark is a warning, and all addresses for TPROXY are none", async () => {
    await ruled("ipv6", "fwmark 1", async () => {
      const found = await find(checkLocalElsewhere, doorBefore("tcp/22"));
      expect(found).toEqual([expect.stringMatching(/^warning: .* may pass door it /)]);
      await ip("ipv6", "route flush table 100");
      await ip("ipv6", "route add local default dev lo table 100");
      expect(await find(checkLocalElsewhere, doorBefore("tcp/22"))).toEqual([]);
    });
  });
});
