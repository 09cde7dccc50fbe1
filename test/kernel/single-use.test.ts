/**
 * A grant for single use lets exactly one connection in, also when SYNs of one source are
 * judged by two processors at the same instant (kernel fact 19).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSaved, printRules, printTransaction } from "../../src/backend/iptables/index.ts";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { programOf } from "../setup/policy.ts";
import { framesInOrder } from "./frames.ts";
import { countMembers, gateOf, removeGate } from "./gate.ts";
import { EITHER_IPTABLES } from "./holders.ts";
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

const POLICY_OF_ONE_STEP = POLICY.replace(/steps: .*?\]/, "steps: [tcp/51001]");

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

/** A list of iptables holds a hundred sources, so they come by turns: some knock, then all enter. */
describe.each(EITHER_IPTABLES)("held by $name", (holder) => {
  const TURNS = 120;
  const AT_A_TURN = 50;
  const RACES = 20;
  const RULES = printRules(programOf(POLICY_OF_ONE_STEP, "sources"));

  /** How many connections of each source got through, two processors at work all the time. */
  async function race(family: Family, rules: readonly string[]): Promise<number[]> {
    const { server, link } = network;
    const stdin = printTransaction(rules, parseSaved(""));
    for (const stem of [holder.name, holder.name.replace("ip", "ip6")]) {
      await server.run([`${stem}-restore`, "--noflush"], { stdin });
    }
    const to = addressOf(link.server[family]);
    const sent = Array.from({ length: TURNS }, (_, turn) => turn * AT_A_TURN).flatMap((first) => {
      const sources = Array.from({ length: AT_A_TURN }, (_, n) => senderOf(family, first + n));
      const knocks = sources.map((source) => syn({ source, destination: to, port: 51001 }));
      const syns = sources.flatMap((source) =>
        Array.from({ length: CONNECTIONS }, (_, c) =>
          syn({ source, destination: to, port: 22, sourcePort: 40000 + c }),
        ),
      );
      return [...knocks, ...syns];
    });
    await seatJudge(server);
    await shareOut(2);
    await send(link.client, framesInOrder(sent, link));
    await shareOut(1);
    const passed = (await readVerdicts(server)).passing(sent);
    await removeGate(server, holder);
    const entered = new Map<bigint, number>();
    for (const { source, content } of passed) {
      if (content.protocol !== "tcp" || content.destinationPort !== 22) continue;
      entered.set(source.bits, (entered.get(source.bits) ?? 0) + 1);
    }
    return [...entered.values()];
  }

  test.each(FAMILIES)("over %s of two SYNs at the same instant one passes", async (family) => {
    const entered = await race(family, RULES);
    expect(entered.filter((count) => count !== 1)).toEqual([]);
    // A SYN may overtake the knock before it; eight rarely do.
    expect(entered.length).toBeGreaterThan(0.9 * TURNS * AT_A_TURN);
  });

  test("to look a grant up and to take it out in two rules would let some pass twice", async () => {
    const SPEND = /^-A POSTERN-new_ssh (.*) (-m recent --remove --name \S+) (-g POSTERN-pass_ssh)$/;
    const twoRules = RULES.flatMap((rule) => {
      const [, found = "", takenOut = "", then = ""] = SPEND.exec(rule) ?? [];
      if (takenOut === "") return [rule];
      const family = found.slice(0, 2);
      return [`-A POSTERN-new_ssh ${found} ${then}`, `-A POSTERN-pass_ssh ${family} ${takenOut}`];
    });
    expect(twoRules.length).toBeGreaterThan(RULES.length);
    // A race takes luck: again until it comes.
    let twice = 0;
    for (let tries = 0; twice === 0 && tries < RACES; tries += 1) {
      const entered = await race("ipv4", twoRules);
      twice = entered.filter((count) => count > 1).length;
    }
    expect(twice).toBeGreaterThan(0);
  });
});
