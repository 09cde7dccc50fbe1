/**
 * Our own client over networks that lose packets, hold them up and answer nothing: each way is
 * made of rules and queues that do the same every time.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readStatus } from "../../src/gate/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { type Client, clientOn } from "./client.ts";
import { loadGate } from "./gate.ts";
import { untilListening } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";

/** Ports are counted from the door's own first, lengths of pings from its number. */
const SEQUENCES = {
  tcp: "tcp/7 tcp/2 tcp/9",
  udp: "udp/7 udp/2 udp/9",
  either: "7 2 9",
  mixed: "tcp/7 udp/2 9",
  "one-step": "udp/3",
  pings: "ping/0 ping/2 ping/1",
  "a-ping-in-between": "tcp/7 ping/0 udp/2",
  "a-step-again": "tcp/5 udp/2 tcp/5 udp/9",
  "a-step-twice": "udp/5 udp/5 tcp/2 tcp/2",
  hurried: "udp/5 tcp/2 udp/1",
};
const NAMES = Object.keys(SEQUENCES);

/** Each door is for the port of its number, from 1. */
const POLICY = `doors:\n${Object.entries(SEQUENCES).map(doorOf).join("\n")}\n`;

function doorOf([name, steps]: readonly [string, string], n: number): string {
  const own = steps.replace(/(ping\/)?(\d+)/g, (_, ping, digits) =>
    ping === undefined ? `${firstPort(n) + Number(digits)}` : `${ping}${4 * n + Number(digits)}`,
  );
  const watch = `${firstPort(n)}-${firstPort(n) + 19}`;
  const within = name === "hurried" ? "1s" : "10s";
  return `  ${name}: { protects: tcp/${n + 1}, open-for: 1h, sequence: { steps: [${own.replaceAll(" ", ", ")}], within: ${within}, watch: ${watch} } }`;
}

function firstPort(door: number): number {
  return 21_000 + 20 * door;
}

/** Listens on every door's port, over both families. */
const LISTENERS = NAMES.map((_, n) => `require("net").createServer().listen(${n + 1}, "::")`).join(
  ";",
);

let bundle: Bundle;
let network: Network;
let client: Client;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  client = clientOn(network.client, bundle);
  client.knows(Object.fromEntries(FAMILIES.map((family) => [network.link.server[family], POLICY])));
  const listeners = network.server.start([process.execPath, "-e", LISTENERS]);
  await untilListening(listeners, { protocol: "tcp", port: NAMES.length }, "ipv6");
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
  await loadGate(network.server, POLICY);
});

/** Rules on the server that packets meet before the gate. */
function onTheWay(rules: string, hook = "prerouting priority -400"): Promise<unknown> {
  const table = `table inet way {\n${SETS}\nchain c {\ntype filter hook ${hook}\n${rules}\n}\n}\n`;
  return network.server.run(["nft", "-f", "-"], { stdin: table });
}

/** What was seen of each kind of packet. */
const SETS = `
  set once { typeof th dport . meta nfproto; flags dynamic; size 1000; }
  set twice { typeof th dport . meta nfproto; flags dynamic; size 1000; }
  set pings { typeof meta length . meta nfproto; flags dynamic; size 1000; }
`;
const LOSES_FIRST = `
  tcp dport 21000-25000 th dport . meta nfproto != @once add @once { th dport . meta nfproto } drop
  udp dport 21000-25000 th dport . meta nfproto != @once add @once { th dport . meta nfproto } drop
  icmp type echo-request meta length . meta nfproto != @pings add @pings { meta length . meta nfproto } drop
  icmpv6 type echo-request meta length . meta nfproto != @pings add @pings { meta length . meta nfproto } drop
`;
const SECOND = "th dport . meta nfproto != @twice add @twice { th dport . meta nfproto } drop";
const LOSES_TWO = `
  tcp dport 21000-25000 ${SECOND}
  udp dport 21000-25000 ${SECOND}
  ${LOSES_FIRST}
`;
/** Nothing on the host answers: no reset, no ICMP. */
const ANSWERS_NOTHING = `
  tcp flags & rst == rst drop
  icmp type { destination-unreachable, echo-reply } drop
  icmpv6 type { destination-unreachable, echo-reply } drop
`;

/** How the command ends at each of the doors. */
async function knockAt(family: Family, doors: readonly string[], options = "") {
  const address = network.link.server[family];
  const ends: Record<string, number> = {};
  const next = doors.values();
  const knockOn = async () => {
    for (const door of next) {
      const { status } = await client.postern(`knock [${address}]:${door}${options}`);
      ends[door] = status;
    }
  };
  // With all at once, some would be late for want of a processor.
  await Promise.all([knockOn(), knockOn(), knockOn()]);
  return ends;
}

function all(end: number, doors = NAMES): Record<string, number> {
  return Object.fromEntries(doors.map((door) => [door, end]));
}

async function wrongSteps(): Promise<unknown> {
  const { doors } = sure(await readStatus(liveHost(network.server)));
  return Object.fromEntries(doors.map(({ name, counters }) => [name, counters["wrong"]]));
}

describe.each(FAMILIES)("over %s every kind of sequence opens, without a wrong step", (family) => {
  test.each([
    ["where ports answer", () => Promise.resolve()],
    ["where nothing answers", () => onTheWay(ANSWERS_NOTHING, "postrouting priority 0")],
    ["where the first packet of each kind is lost", () => onTheWay(LOSES_FIRST)],
  ])("%s", async (_, makeWay) => {
    await makeWay();
    expect(await knockAt(family, NAMES)).toEqual(all(0));
    expect(await wrongSteps()).toEqual(all(0));
  });
});

test("what is lost twice opens at the second try, also with little time between two steps", async () => {
  await onTheWay(LOSES_TWO);
  expect(await knockAt("ipv6", ["mixed", "hurried"])).toEqual(all(0, ["mixed", "hurried"]));
});

test.each([
  ["tcp", "udp"],
  ["udp", "tcp"],
])(
  "steps that take either open where %s is held back, unless --via asks for it",
  async (lost, other) => {
    await onTheWay(`${lost} dport 21000-25000 drop`);
    expect(await knockAt("ipv4", ["either"], ` --via ${lost}`)).toEqual({ either: 4 });
    expect(await knockAt("ipv4", ["either"], ` --via ${other}`)).toEqual({ either: 0 });
    expect(await knockAt("ipv6", ["either"])).toEqual({ either: 0 });
  },
);

test("a connection that gets lost is begun again", async () => {
  await onTheWay(
    "tcp dport 1-20 th dport . meta nfproto != @once add @once { th dport . meta nfproto } drop",
  );
  expect(await knockAt("ipv4", ["tcp"])).toEqual({ tcp: 0 });
});
