/**
 * What guests of one door, and who forges trusted addresses, leave in the gate's memory: nothing
 * that takes room from others. The doors' connections end on a host behind, so that no socket
 * vouches for them.
 *
 *     client ── eth0 ── eth0 server eth1 ── eth0 inner (10.91.9.2, fd91:0:0:9::2)
 *                            :8080-8083 ─ DNAT ─> inner, which does not answer at 8083
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilePolicy, type Endpoint } from "../../src/compile/index.ts";
import { banSource } from "../../src/gate/hand.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { Dialogue, type Ends, greeter, segmentsOf } from "./dialogue.ts";
import { framesOf } from "./frames.ts";
import { gateOf, removeGate } from "./gate.ts";
import { HOLDERS, type Holder, NFTABLES } from "./holders.ts";
import { untilListening } from "./host.ts";
import { addressOf, letForward, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { until } from "./until.ts";

const [A, B, OPEN, SILENT, BOUND] = [8080, 8081, 8082, 8083, 8090];
/** Ports of a guest; more than the sets below have room for. */
const CROWD = 400;
const ROOM = 256;
/** The first of 10.255.0.0/16 and of fd77:7f::/32. */
const TRUSTED = 127 << 16;

const POLICY = `
trusted: [10.255.0.0/16, "fd77:7f::/32"]
doors:
  a: { protects: tcp/${A}, open-for: 10m, sequence: { steps: [tcp/51001] } }
  b: { protects: tcp/${B}, open-for: 10m, sequence: { steps: [tcp/51003] } }
  silent: { protects: tcp/${SILENT}, open-for: 10m, sequence: { steps: [tcp/51007] } }
  bound: { protects: tcp/${BOUND}, open-for: 10m, sequence: { steps: [tcp/51005] } }
`;
const KNOCKS = { [A]: 51001, [B]: 51003, [SILENT]: 51007, [BOUND]: 51005 } as const;

const DNAT = `table inet published {
  chain prerouting {
    type nat hook prerouting priority dstnat
    meta nfproto ipv4 tcp dport ${A}-${SILENT} dnat ip to 10.91.9.2
    meta nfproto ipv6 tcp dport ${A}-${SILENT} dnat ip6 to fd91:0:0:9::2
  }
}
`;

let network: Network;
let dialogue: Dialogue;
beforeAll(async () => {
  network = await makeNetwork();
  const { server, link } = network;
  const inner = await network.addHost("inner");
  const [outer] = await network.join(server, inner, 9);
  await letForward(server);
  for (const [family, flag] of [
    ["ipv4", "-4"],
    ["ipv6", "-6"],
  ] as const) {
    await inner.run(["ip", flag, "route", "add", "default", "via", outer[family]]);
  }
  await server.run(["nft", "-f", "-"], { stdin: DNAT });
  const greets = inner.start(greeter([A, B, OPEN].map((port) => ["::", port])));
  await untilListening(greets, { protocol: "tcp", port: OPEN }, "ipv6");
  const onOne = server.start(greeter(FAMILIES.map((family) => [link.server[family], BOUND])));
  await untilListening(onOne, { protocol: "tcp", port: BOUND }, "ipv4");
  await untilListening(onOne, { protocol: "tcp", port: BOUND }, "ipv6");
  dialogue = new Dialogue(link, OPEN);
});
afterAll(() => {
  dialogue.close();
  network.remove();
});

function from(family: Family, n: number, port: number, sourcePort = 40_000): Ends {
  const destination = addressOf(network.link.server[family]);
  return { source: senderOf(family, n), sourcePort, destination, port };
}

function knock({ source, destination, port }: Ends): void {
  const step = KNOCKS[port] as number;
  dialogue.send(framesOf(syn({ source, destination, port: step }), 1, network.link));
}

/** A SYN and an ACK of which the server has never heard, of so many ports. */
async function pretend(family: Family, n: number, port: number, ports: number): Promise<void> {
  for (let first = 0; first < ports; first += 100) {
    const pairs = Array.from({ length: Math.min(100, ports - first) }, (_, place) => {
      const ends = from(family, n, port, 10_000 + first + place);
      const { syn: opening, ack } = segmentsOf(ends, network.link);
      return [...opening, ...ack(99)];
    });
    dialogue.send(pairs.flat());
    await dialogue.settle(from(family, n, port));
  }
}

function boundHere(): Endpoint[] {
  return FAMILIES.map((family) => ({
    address: addressOf(network.link.server[family]),
    port: BOUND,
  }));
}

/** How many members each set of the door has, and for how long, to ten seconds, the longest. */
async function longest(door: string): Promise<Record<string, object>> {
  const read = await NFTABLES.backend.read(NFTABLES.on(network.server), { members: true });
  const sets = (sure(read)?.sets ?? []).filter(({ name }) => name.startsWith(`${door}_`));
  return Object.fromEntries(
    sets.flatMap(({ name, members: held }) => {
      const seconds = Math.max(...held.map(({ secondsLeft }) => secondsLeft ?? 0));
      return held.length === 0
        ? []
        : [[name, { members: held.length, seconds: Math.ceil((seconds + 1) / 10) * 10 }]];
    }),
  );
}

/** How many members each set has that is of the door, or of any; without those that have none. */
async function members(holder: Holder, door?: string): Promise<Record<string, number>> {
  const listing = sure(await holder.backend.read(holder.on(network.server), { members: true }));
  const sets = (listing?.sets ?? []).filter(
    ({ label: { role } }) => door === undefined || ("door" in role && role.door === door),
  );
  return Object.fromEntries(
    sets.flatMap(({ name, members: held }) => (held.length === 0 ? [] : [[name, held.length]])),
  );
}

describe.each(FAMILIES)("over %s", (family) => {
  test("a guest who fills what one door remembers takes no room from another", async () => {
    const stdin = gateOf(POLICY).replaceAll("size 65536", `size ${ROOM}`);
    await network.server.run(["nft", "-f", "-"], { stdin });
    knock(from(family, 1, SILENT));
    await pretend(family, 1, SILENT, CROWD);
    const held = await members(NFTABLES, "silent");
    expect(held[`silent_closing${family === "ipv4" ? 4 : 6}`]).toBe(ROOM);
    expect(await members(NFTABLES, "b")).toEqual({});
    const newcomer = from(family, 2, B);
    knock(newcomer);
    await dialogue.connect(newcomer);
    await removeGate(network.server);
  });

  describe("by a gate that looks for answers", () => {
    const digit = family === "ipv4" ? 4 : 6;
    beforeAll(async () => {
      const program = compilePolicy(policyOf(POLICY), {
        bound: boundHere(),
        elsewhere: ["a", "silent"],
      });
      sure(await NFTABLES.backend.load(NFTABLES.on(network.server), program, []));
    });
    afterAll(() => removeGate(network.server));

    test("SYN and ACK without an answer are remembered for two minutes and no longer", async () => {
      knock(from(family, 3, SILENT));
      await pretend(family, 3, SILENT, CROWD);
      expect(await longest("silent")).toEqual({
        [`silent_begun${digit}`]: { members: 1, seconds: 120 },
        [`silent_closing${digit}`]: { members: CROWD, seconds: 120 },
        [`silent_grants${digit}`]: { members: 1, seconds: 600 },
      });
    });

    test.each([
      ["a", A],
      ["bound", BOUND],
    ] as const)(
      "an ACK without the answer is at door %s remembered for no longer either",
      async (door, port) => {
        knock(from(family, 6, port));
        await pretend(family, 6, port, 100);
        // The service resets such a connection, a moment after the gate has taken it for one.
        await until("resets", async () => !(`${door}_flows${digit}` in (await longest(door))));
        expect(await longest(door)).toMatchObject({
          [`${door}_closing${digit}`]: { members: 100, seconds: 120 },
        });
      },
    );

    test.each([
      ["a", A],
      ["bound", BOUND],
    ] as const)(
      "a connection that was answered is at door %s for five days",
      async (door, port) => {
        const ends = from(family, 4, port);
        knock(ends);
        await dialogue.connect(ends);
        expect(await longest(door)).toMatchObject({
          [`${door}_flows${digit}`]: { members: 1, seconds: 432_000 },
        });
      },
    );

    test("an answer alone does not outlive its handshake, nor a ban", async () => {
      const ends = from(family, 5, BOUND);
      knock(ends);
      const { syn: opening, ack } = segmentsOf(ends, network.link);
      const { sequence } = await dialogue.answer(ends, opening, "syn-ack");
      expect(await longest("bound")).toMatchObject({
        [`bound_opening${digit}`]: { members: 1, seconds: 120 },
        [`bound_answered${digit}`]: { members: 1, seconds: 120 },
      });
      sure(await banSource(NFTABLES.on(network.server), ends.source, undefined));
      expect(await dialogue.answers(ends, ack(sequence))).toEqual([]);
    });
  });

  test.each(HOLDERS)("who forges a trusted address leaves nothing in $name", async (holder) => {
    const bound = boundHere();
    const program = compilePolicy(policyOf(POLICY), { bound }, holder.memory);
    sure(await holder.backend.load(holder.on(network.server), program, []));
    for (const port of [A, BOUND]) {
      const ends = from(family, TRUSTED + HOLDERS.indexOf(holder), port);
      await dialogue.connect(ends);
      await pretend(family, TRUSTED + 10, port, 100);
    }
    expect(await members(holder)).toEqual({});
    await removeGate(network.server, holder);
  });
});
