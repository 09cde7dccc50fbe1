/** What iptables of both kinds takes, whom it takes for one, and what is said of lists that fill up. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  limitsOf,
  parseSaved,
  printRules,
  printTransaction,
} from "../../src/backend/iptables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { readStatus } from "../../src/gate/index.ts";
import { readCapacity } from "../../src/gate/iptables/capacity.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { validPolicy } from "../policy/arbitrary.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { loadGate, removeGate } from "./gate.ts";
import { EITHER_IPTABLES, IPTABLES_LEGACY } from "./holders.ts";
import type { Host } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { send } from "./wire.ts";

let network: Network;
let server: Host;
beforeAll(async () => {
  network = await makeNetwork();
  ({ server } = network);
});
afterAll(() => network.remove());

const LONG = "a".repeat(32);
const SIXTEEN = Array.from({ length: 16 }, (_, n) => ["ping/0", "51001", "udp/60000"][n % 3]);
/** As much of everything as there may be. */
const EXTREME = `
interfaces: ["-eth0", "a@b:c.d_e-f", "--", "-4", ":", "@"]
trusted: [0.0.0.0/1, "::/1"]
ipv6-prefix: 48
log: true
ban: { after: 255, within: 24h, for: 24h }
doors:
  ${LONG}: { protects: [tcp/1-51000, udp/1], single-use: true, destinations: [255.255.255.255, "ff02::1", 203.0.113.0/25], sequence: { steps: [${SIXTEEN.join()}], within: 24h } }
  ${LONG.slice(1)}b: { protects: udp/65535, session-idle: 24h, sequence: { steps: [ping/1232], watch: 2-65534 } }
`;

const SAMPLE = 28;
const POLICIES = [
  EXTREME,
  ...fc.sample(
    validPolicy
      .map((policy) => stringify(policy, { version: "1.1" }))
      .filter((text) => limitsOf(sure(parsePlacedPolicy(text, "p.yaml"))).length === 0),
    SAMPLE,
  ),
  EXTREME.replace("ipv6-prefix: 48", "ipv6-prefix: 127"),
];

test.each(["legacy", "nft"])(
  "iptables-%s takes every policy without limits, each over the one before",
  async (kind) => {
    const refused: unknown[] = [];
    for (const text of POLICIES) {
      const rules = printRules(compilePolicy(policyOf(text), {}, "sources"));
      for (const program of ["iptables", "ip6tables"].map((name) => `${name}-${kind}`)) {
        const save = [`${program}-save`, "--counters", "--table", "raw"];
        const standing = parseSaved((await server.run(save)).stdout);
        const { status, stderr } = await server.run(
          [`${program}-restore`, "--noflush", "--counters"],
          { stdin: printTransaction(rules, standing), mayFail: true },
        );
        if (status !== 0) refused.push({ text, program, stderr });
      }
    }
    expect(refused).toEqual([]);
    for (const holder of EITHER_IPTABLES) await removeGate(server, holder);
  },
);

const STEPS = [21001, 24040, 22777];
const POLICY = `ipv6-prefix: 64
doors:
  ssh: { protects: tcp/22, open-for: 10m, sequence: { steps: [${STEPS.map((port) => `tcp/${port}`)}], within: 10m } }
`;

test("status says how to make lists hold more once one is nearly full", async () => {
  const destination = addressOf(network.link.server.ipv4);
  const crowdOf = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      syn({ source: senderOf("ipv4", n), destination, port: STEPS[0] ?? 0 }),
    );
  await loadGate(server, POLICY, IPTABLES_LEGACY);
  const host = IPTABLES_LEGACY.on(server);
  const nearly = Math.ceil(0.9 * (await readCapacity(host)));
  for (const [count, advice] of [
    [nearly - 1, null],
    [nearly, expect.stringMatching(/ip_list_tot=65535.* the 15 lists of this gate/)],
  ] as const) {
    await send(network.link.client, framesInOrder(crowdOf(count), network.link));
    expect(sure(await readStatus(host))).toMatchObject({ toHoldMore: advice });
  }
  await removeGate(server, IPTABLES_LEGACY);
});

test("IPv6 sources that share a prefix are one knocker on iptables as well", async () => {
  const destination = addressOf(network.link.server.ipv6);
  const packet = (end: string, port: number) =>
    syn({ source: addressOf(`fd77:1:1:${end}`), destination, port });
  for (const holder of EITHER_IPTABLES) {
    await loadGate(server, POLICY, holder);
    for (const [n, port] of STEPS.entries()) {
      await send(network.link.client, framesInOrder([packet(`7::${n}`, port)], network.link));
    }
    await seatJudge(server);
    const syns = [packet("7::9", 22), packet("8::9", 22)];
    await send(network.link.client, framesInOrder(syns, network.link));
    expect((await readVerdicts(server)).passing(syns)).toEqual(syns.slice(0, 1));
    await removeGate(server, holder);
  }
});
