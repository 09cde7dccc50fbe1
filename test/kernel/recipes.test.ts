/**
 * Every line that `profile recipe` prints, but that of PowerShell, typed on another host by
 * somebody who is not root, opens its door: where ports refuse, where something accepts and
 * keeps every connection, and where a firewall behind the gate drops every step.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readStatus } from "../../src/gate/index.ts";
import type { Door } from "../../src/policy/policy.ts";
import { type Recipe, recipesOf, type Tool } from "../../src/view/recipes.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { loadGate } from "./gate.ts";
import { type Output, untilListening } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";

/** Ports are counted from the door's own first, lengths of pings from its number. */
interface Sequence {
  readonly claim: string;
  readonly steps: string;
  readonly within?: string;
}

const SEQUENCES: readonly Sequence[] = [
  { claim: "TCP alone", steps: "tcp/7 tcp/2 tcp/9" },
  { claim: "UDP alone", steps: "udp/7 udp/2 udp/9" },
  { claim: "either", steps: "7 2 9" },
  { claim: "one step", steps: "tcp/3" },
  { claim: "two steps", steps: "udp/3 tcp/1" },
  { claim: "six steps", steps: "tcp/9 udp/1 8 tcp/2 udp/7 3" },
  { claim: "pings alone", steps: "ping/0 ping/2 ping/1" },
  { claim: "a ping in between", steps: "tcp/7 ping/0 udp/2 tcp/9" },
  { claim: "pings first and last", steps: "ping/0 udp/2 tcp/9 ping/1" },
  { claim: "a step that comes again", steps: "tcp/5 udp/2 tcp/5 udp/9" },
  { claim: "a step twice in a row", steps: "udp/5 udp/5 tcp/2 tcp/2" },
  { claim: "little time", steps: "udp/5 tcp/2 ping/0 tcp/9 udp/1", within: "1s" },
];

const TOOLS: readonly Tool[] = ["knock", "nc", "nmap", "bash", "curl", "ping"];

/** Each recipe has a door of its own, so that all can be tried at the same time. */
const NAMES = SEQUENCES.flatMap((_, n) => TOOLS.map((tool) => `${tool}-${n}`));

function policyText(): string {
  const doors = NAMES.map((name, n) => {
    const { steps, within = "5s" } = SEQUENCES[Math.floor(n / TOOLS.length)] ?? { steps: "" };
    const own = steps.replace(/(ping\/)?(\d+)/g, (_, ping, digits) =>
      ping === undefined ? `${20_000 + 20 * n + Number(digits)}` : `ping/${4 * n + Number(digits)}`,
    );
    const watch = `${20_000 + 20 * n}-${20_019 + 20 * n}`;
    return `  ${name}: { protects: tcp/${n + 1}, open-for: 1h, sequence: { steps: [${own.replaceAll(" ", ", ")}], within: ${within}, watch: ${watch} } }`;
  });
  return `doors:\n${doors.join("\n")}\n`;
}

/** Without neighbour discovery there is no IPv6 at all. */
const DROPS = `table inet other {
  chain in {
    type filter hook input priority 0; policy drop
    icmpv6 type nd-neighbor-solicit accept
    icmpv6 type nd-neighbor-advert accept
  }
}
`;

const WEB_SERVER = `
  require("node:http")
    .createServer({ keepAliveTimeout: 60_000 }, (_, answer) => answer.end("welcome"))
    .listen(80);
`;
const REDIRECTS = `table inet other {
  chain out { type nat hook prerouting priority dstnat; tcp dport 20000-22000 redirect to :80; }
}
`;

const POLICY = policyText();
const doors = policyOf(POLICY).doors;
const USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** The usual way out of a company, which leads no knock to the gate. */
const PROXY = ["env", "ALL_PROXY=http://192.0.2.1:9", "http_proxy=http://192.0.2.1:9"];

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());
beforeEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
  await loadGate(network.server, POLICY);
});

/** Types the line as somebody who may use sudo only where the line says so. */
function type(shell: string, line: string): Promise<Output> {
  const asked = line.includes("sudo ") ? [] : USER;
  return network.client.run([...asked, ...PROXY, shell, "-c", line.replaceAll("sudo ", "")], {
    mayFail: true,
    timeoutSeconds: 30,
  });
}

/** Types the recipes of all doors, a few at a time: with all at once some would be late. */
async function typeAll(shell: string, address: string): Promise<void> {
  const lines = doors.flatMap((door) => {
    const recipe = recipeFor(door, address);
    return recipe === undefined ? [] : [recipe.line];
  });
  const next = lines.values();
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (const line of next) await type(shell, line);
    }),
  );
}

/** That of the tool that the door is named after. */
function recipeFor(door: Door, address: string): Recipe | undefined {
  if (door.sequence === undefined) throw new Error(`recipeFor: ${door.name} has no sequence`);
  return recipesOf(door.sequence, address).find(({ tool }) => door.name.startsWith(`${tool}-`));
}

/** What became of each door that has a recipe: whom it is open to, and the wrong steps. */
async function doorsNow(): Promise<Record<string, unknown>> {
  const status = sure(await readStatus(liveHost(network.server)));
  const told = status.doors.filter((_, n) => {
    const door = doors[n];
    return door !== undefined && recipeFor(door, "HOST") !== undefined;
  });
  return Object.fromEntries(
    told.map(({ name, open, counters }) => [
      name,
      { open: new Set(open.map(({ source }) => source)), wrong: counters["wrong"] },
    ]),
  );
}

function everyDoor(sources: ReadonlySet<string>): Record<string, unknown> {
  const names = doors.filter((door) => recipeFor(door, "HOST") !== undefined);
  return Object.fromEntries(names.map(({ name }) => [name, { open: sources, wrong: 0 }]));
}

describe("each recipe opens its door, over IPv4 and IPv6", () => {
  const bothSources = () => new Set([network.link.client.ipv4, network.link.client.ipv6]);

  test("where the ports of the steps answer", async () => {
    await typeAll("sh", network.link.server.ipv4);
    await typeAll("sh", network.link.server.ipv6);
    expect(await doorsNow()).toEqual(everyDoor(bothSources()));
  }, 300_000);

  test("where a web server has every port, and keeps connections", async () => {
    await network.server.run(["nft", "-f", "-"], { stdin: REDIRECTS });
    const server = network.server.start([process.execPath, "-e", WEB_SERVER]);
    await untilListening(server, { protocol: "tcp", port: 80 }, "ipv6");
    const { ipv4, ipv6 } = network.link.server;
    await typeAll("sh", ipv4);
    await typeAll("sh", ipv6);
    expect(await doorsNow()).toEqual(everyDoor(bothSources()));
    await server.stop();
  }, 300_000);

  test("where a firewall behind the gate drops them, and nothing hangs", async () => {
    await network.server.run(["nft", "-f", "-"], { stdin: DROPS });
    const { ipv4, ipv6 } = network.link.server;
    await typeAll("bash", ipv4);
    await typeAll("bash", ipv6);
    expect(await doorsNow()).toEqual(everyDoor(bothSources()));
  }, 300_000);
});

test("every tool has recipes for all sequences that it can send", () => {
  const named = doors.filter((door) => recipeFor(door, "HOST") !== undefined);
  expect(named.length).toBe((SEQUENCES.length - 1) * (TOOLS.length - 1) + 1);
});
