/**
 * Rules of others that lead past a door: packets that come in that way, and what `check` says.
 *
 *     client ── eth0 ── eth0 server eth1 ── eth0 inner (10.91.9.2, fd91:0:0:9::2)
 *        203.0.113.7 and 2001:db8::7 are behind the server, on no interface
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkAroundNat } from "../../src/gate/check/around-nat.ts";
import { lookAround } from "../../src/gate/check/surroundings.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { loadGate } from "./gate.ts";
import type { Host } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { type End, letForward, makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";

const UNHELD = { ipv4: "203.0.113.7", ipv6: "2001:db8::7" } as const;
const SEQUENCE = "sequence: { steps: [21001, udp/24040, tcp/22777] }";

let bundle: Bundle;
let network: Network;
let server: Host;
let inner: End;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  ({ server } = network);
  const host = await network.addHost("inner");
  const [outer, end] = await network.join(server, host, 9);
  inner = end;
  await letForward(server);
  for (const family of FAMILIES) {
    const ip = ["ip", family === "ipv4" ? "-4" : "-6", "route", "add"];
    await network.client.run([...ip, UNHELD[family], "via", network.link.server[family]]);
    await host.run([...ip, "default", "via", outer[family]]);
  }
  // As hosts have one, or IPv6 knows no way to other addresses at all.
  await server.run(["ip", "-6", "route", "add", "default", "via", network.link.client.ipv6]);
  await listenOnBoth(server, { protocol: "tcp", port: 22 });
  await listenOnBoth(host, { protocol: "tcp", port: 80 });
});
afterEach(async () => {
  await server.run(["nft", "flush", "ruleset"]);
  for (const program of ["iptables-legacy", "ip6tables-legacy"]) {
    await server.run([program, "-t", "nat", "-F"]);
  }
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

function doorBefore(lines: string): string {
  return `doors: { it: { ${lines}, ${SEQUENCE} } }\n`;
}

/** What a check says of ways around the door. */
async function waysAround(policy: string): Promise<readonly Problem[]> {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  return checkAroundNat(placed, await lookAround(liveHost(server), placed.policy, undefined));
}

/** The door as the remedy writes it. */
function mended(lines: string, { fix }: Problem): string {
  const keys = [...fix.matchAll(/`((protects|destinations): [^`]*)`/g)];
  const named = new Set(keys.map(([, , key]) => key));
  const kept = lines.split("; ").filter((line) => !named.has(line.split(":")[0]));
  const quoted = keys.map(([, line = ""]) =>
    line.replace(/[\da-f:./]*:[\da-f:./]*:[\da-f:./]*/g, '"$&"'),
  );
  return doorBefore([...kept, ...quoted].join(", "));
}

type Tool = "nft" | "iptables-nft" | "iptables-legacy";
/** Each kind of iptables is tried over one family: what they print for the other is alike. */
const TRIED: readonly (readonly [Tool, Family])[] = [
  ["nft", "ipv4"],
  ["nft", "ipv6"],
  ["iptables-nft", "ipv4"],
  ["iptables-legacy", "ipv6"],
];

interface Rule {
  readonly to?: string;
  readonly port: number;
  readonly from?: string;
  readonly redirect?: number;
  readonly dnat?: string;
}

/** Adds the rule to a table of the tool. */
async function add(tool: Tool, family: Family, rule: Rule): Promise<void> {
  if (tool === "nft") {
    const [ip, words] = [family === "ipv4" ? "ip" : "ip6", nftWords(family, rule)];
    const chain = `chain pre { type nat hook prerouting priority -100\n${words.join(" ")}\n}\n`;
    await server.run(["nft", "-f", "-"], { stdin: `table ${ip} theirs {\n${chain}}\n` });
    return;
  }
  const program = family === "ipv4" ? tool : tool.replace("ip", "ip6");
  await server.run([program, "-t", "nat", "-A", "PREROUTING", ...iptablesWords(rule)]);
}

function nftWords(family: Family, { to, port, from, redirect, dnat }: Rule): string[] {
  const ip = family === "ipv4" ? "ip" : "ip6";
  return [
    ...(from === undefined ? [] : [`${ip} saddr ${from}`]),
    ...(to === undefined ? [] : [`${ip} daddr ${to}`]),
    `tcp dport ${port}`,
    redirect === undefined ? `dnat to ${dnat ?? ""}` : `redirect to :${redirect}`,
  ];
}

function iptablesWords({ to, port, from, redirect, dnat }: Rule): string[] {
  return [
    ...(from === undefined ? [] : ["-s", from]),
    ...(to === undefined ? [] : ["-d", to]),
    ...["-p", "tcp", "--dport", `${port}`],
    ...(redirect === undefined
      ? ["-j", "DNAT", "--to-destination", dnat ?? ""]
      : ["-j", "REDIRECT", "--to-ports", `${redirect}`]),
  ];
}

function opens(address: string, port: number): Promise<boolean> {
  return canConnect(network.client, address, port);
}

describe.each(TRIED)("a rule of %s over %s", (tool, family) => {
  const own = () => network.link.server[family];
  const guest = (port?: number) => {
    const { [family]: address } = inner;
    if (port === undefined) return address;
    return family === "ipv4" ? `${address}:${port}` : `[${address}]:${port}`;
  };

  test("that redirects another port is an error, whose remedies shut it", async () => {
    const lines = "protects: tcp/22";
    await add(tool, family, { port: 443, redirect: 22 });
    await loadGate(server, doorBefore(lines));
    expect(await opens(own(), 22)).toBe(false);
    expect(await opens(own(), 443)).toBe(true);
    const [problem, ...more] = await waysAround(doorBefore(lines));
    expect(more).toEqual([]);
    expect(problem?.severity).toBe("error");
    expect(problem?.what).toContain("sends tcp/443 to tcp/22 of this host, which door it protects");
    if (problem === undefined) return;
    const policy = mended(lines, problem);
    await loadGate(server, policy);
    expect(await opens(own(), 443)).toBe(false);
    expect(await waysAround(policy)).toEqual([]);
    // Or without the rule.
    await loadGate(server, doorBefore(lines));
    const [, undo = ""] = /: `([^`]*)`$/.exec(problem.fix) ?? [];
    await server.run(["sh", "-c", undo]);
    expect(await opens(own(), 443)).toBe(false);
    expect(await waysAround(doorBefore(lines))).toEqual([]);
  });

  test("for an address on no interface is an error, whose remedy shuts it", async () => {
    const lines = `protects: tcp/80; destinations: ["${guest()}"]`;
    await add(tool, family, { to: UNHELD[family], port: 80, dnat: guest() });
    await loadGate(server, doorBefore(lines.replace("; ", ", ")));
    expect(await opens(guest(), 80)).toBe(false);
    expect(await opens(UNHELD[family], 80)).toBe(true);
    const [problem] = await waysAround(doorBefore(lines.replace("; ", ", ")));
    expect(problem?.severity).toBe("error");
    expect(problem?.what).toContain(`tcp/80 of ${UNHELD[family]} to tcp/80 of ${guest()},`);
    if (problem === undefined) return;
    const policy = mended(lines, problem);
    await loadGate(server, policy);
    expect(await opens(UNHELD[family], 80)).toBe(false);
    expect(await waysAround(policy)).toEqual([]);
  });

  test("for an address on no interface is one, too, to a door that has nothing else", async () => {
    await add(tool, family, { to: UNHELD[family], port: 80, dnat: guest(80) });
    await loadGate(server, doorBefore("protects: tcp/80"));
    expect(await opens(UNHELD[family], 80)).toBe(true);
    const [problem] = await waysAround(doorBefore("protects: tcp/80"));
    expect(problem?.severity).toBe("error");
    if (problem === undefined) return;
    const policy = mended("protects: tcp/80", problem);
    await loadGate(server, policy);
    expect(await opens(UNHELD[family], 80)).toBe(false);
  });

  test("that publishes the door's own port is none", async () => {
    await add(tool, family, { port: 8080, dnat: guest(80) });
    expect(await waysAround(doorBefore("protects: tcp/8080"))).toEqual([]);
    await loadGate(server, doorBefore("protects: tcp/8080"));
    expect(await opens(own(), 8080)).toBe(false);
  });

  test("for some sources is a warning that names them", async () => {
    const from = network.link.client[family];
    await add(tool, family, { from, port: 443, redirect: 22 });
    await loadGate(server, doorBefore("protects: tcp/22"));
    expect(await opens(own(), 443)).toBe(true);
    const [problem] = await waysAround(doorBefore("protects: tcp/22"));
    expect(problem?.severity).toBe("warning");
    expect(problem?.what).toMatch(
      new RegExp(`it is open there without a knock to packets from ${from}(/\\d+)?$`),
    );
  });
});

test("apply refuses what is certainly open; status and explain say so where it was told to load it", async () => {
  await add("nft", "ipv6", { port: 443, redirect: 22 });
  writeFileSync(join(bundle.folder, "policy.yaml"), doorBefore("protects: tcp/22"));
  const apply = (...options: string[]) =>
    server.run(
      [process.execPath, bundle.file, "apply", `${bundle.folder}/policy.yaml`, ...options],
      { mayFail: true },
    );
  const refused = await apply();
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining("nothing was changed"),
  ]);
  expect((await apply("--anyway")).status).toBe(0);
  for (const words of [["status"], ["explain", network.link.client.ipv6]]) {
    const { stdout } = await server.run([process.execPath, bundle.file, ...words]);
    expect(stdout, words[0]).toMatch(/sends tcp\/443 to tcp\/22 of this host, .* is open there/);
  }
});
