/**
 * A grant for single use lets exactly one connection in, also when SYNs of one source are
 * judged by two processors at the same instant (kernel fact 19).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { framesInOrder } from "./frames.ts";
import { countMembers, gateOf, removeGate } from "./gate.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { send } from "./wire.ts";

const SOURCES = 8000;
/** Connections that each source begins with its one grant. */
const CONNECTIONS = 8;
const STEPS = [51001, 54040, 52777];

const POLICY = `
doors:
  ssh:
    protects: tcp/22
    open-for: 10m
    single-use: true
    sequence: { steps: [tcp/51001, tcp/54040, tcp/52777], within: 10m }
`;

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());

/** Lets the flows of an interface be shared out among so many processors, as a network card does. */
async function shareOut(processors: 1 | 2): Promise<void> {
  const { host, interface: name } = network.link.server;
  const mask = processors === 1 ? "0" : "3";
  await host.run(["tee", `/sys/class/net/${name}/queues/rx-0/rps_cpus`], { stdin: mask });
}

describe.each(FAMILIES)("over %s", (family) => {
  const ends = (n: number) => ({
    source: senderOf(family, n),
    destination: addressOf(network.link.server[family]),
  });
  const sources = Array.from({ length: SOURCES }, (_, n) => n);

  /** How many connections of each source got through, everybody having knocked once. */
  async function race(gate: string): Promise<Map<number, number>> {
    await network.server.run(["nft", "-f", "-"], { stdin: gate });
    const knocks = sources.flatMap((n) => STEPS.map((port) => syn({ ...ends(n), port })));
    await send(network.link.client, framesInOrder(knocks, network.link));
    expect(await countMembers(network.server, family, "grants")).toBe(SOURCES);
    await seatJudge(network.server);
    const syns = sources.flatMap((n) =>
      Array.from({ length: CONNECTIONS }, (_, c) =>
        syn({ ...ends(n), port: 22, sourcePort: 40000 + c }),
      ),
    );
    await shareOut(2);
    await send(network.link.client, framesInOrder(syns, network.link));
    await shareOut(1);
    const passed = new Set<Packet>((await readVerdicts(network.server)).passing(syns));
    await removeGate(network.server);
    return new Map(
      sources.map((n) => [
        n,
        syns.slice(n * CONNECTIONS, (n + 1) * CONNECTIONS).filter((packet) => passed.has(packet))
          .length,
      ]),
    );
  }

  test("of two SYNs at the same instant one passes", async () => {
    const passed = [...(await race(gateOf(POLICY))).values()];
    expect(passed.filter((count) => count !== 1)).toEqual([]);
  });

  test("without the limit in each element some would pass twice", async () => {
    const passed = [
      ...(await race(gateOf(POLICY).replaceAll(/^ *limit rate 1\/week.*\n/gm, ""))).values(),
    ];
    expect(passed.filter((count) => count > 1).length).toBeGreaterThan(0);
  });
});
