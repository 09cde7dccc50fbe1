/**
 * Ways in that somebody might try, whatever holds the gate: by sockets and addresses that are not
 * one's own, by another interface, by a packet that two doors see.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { framesInOrder, framesOf } from "./frames.ts";
import { countMembers } from "./gate.ts";
import { HOLDERS, hold, letGo } from "./holders.ts";
import { untilListening } from "./host.ts";
import { addressOf, letForward, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, segment, syn } from "./packets.ts";
import { canConnect, connect } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { send } from "./wire.ts";

const SEQUENCE = "sequence: { steps: [tcp/51001, tcp/54040] }";
const DOOR = `doors: { both: { protects: [tcp/22-23, udp/5353], ${SEQUENCE} } }`;

let network: Network;
beforeAll(async () => {
  network = await makeNetwork({ links: 2 });
  const { server } = network;
  // So that the server has an anycast address in each of its IPv6 networks.
  await letForward(server);
  await listenOn("::", 22);
  await server.run(["sysctl", "-q", "-w", "net.ipv4.tcp_fastopen=0x403"]);
});
afterAll(() => network.remove());

async function listenOn(address: string, port: number) {
  const { server } = network;
  const echo = `require("node:net").createServer((s) => s.on("error", () => {}).pipe(s)).listen(${port}, "${address}")`;
  const listener = server.start([process.execPath, "-e", echo]);
  const family = address.includes(":") ? "ipv6" : "ipv4";
  await untilListening(listener, { protocol: "tcp", port }, family);
  return listener;
}

async function passing(packets: readonly Packet[]): Promise<readonly Packet[]> {
  await seatJudge(network.server);
  await send(network.link.client, framesInOrder(packets, network.link));
  return (await readVerdicts(network.server)).passing(packets);
}

describe.each(HOLDERS)("past a gate that $name holds", (holder) => {
  const load = (policy: string) => hold(holder, network.server, policy);
  afterEach(() => letGo(holder, network.server));
  const place = 4 * HOLDERS.indexOf(holder);
  const toServer = (family: Family) => addressOf(network.link.server[family]);

  test("no SYN comes by the addresses and ports of a connection that exists, half or whole", async () => {
    for (const [n, family] of FAMILIES.entries()) {
      const { client, link } = network;
      const own = { sourcePort: 43_000 + place + n, port: 22, destination: toServer(family) };
      const whole = { ...own, source: addressOf(link.client[family]) };
      const half = { ...own, source: senderOf(family, 7) };
      const session = connect(client, link.server[family], 22, ["-p", `${own.sourcePort}`]);
      session.write("before\n");
      await until("the session", () => session.stdout().includes("before"));
      await send(link.client, framesInOrder([syn(half)], link));
      await load(DOOR);
      const syns = [whole, half].flatMap((ends) => [
        syn(ends),
        segment({ ...ends, flags: ["syn", "psh", "urg"] }),
        segment({ ...ends, flags: ["syn", "ece", "cwr"] }),
      ]);
      expect(await passing(syns)).toEqual([]);
      session.write("after\n");
      await until("the session to go on", () => session.stdout().includes("after"));
      await session.stop();
      await letGo(holder, network.server);
    }
  });

  test("no SYN comes to a listener that starts on one address after the gate", async () => {
    await load(DOOR);
    for (const family of FAMILIES) {
      const listener = await listenOn(network.link.server[family], 23);
      const ends = { source: senderOf(family, 8), destination: toServer(family), port: 23 };
      expect(await passing([syn(ends), segment({ ...ends, flags: ["syn", "ece"] })])).toEqual([]);
      await listener.stop();
    }
  });

  test("nothing comes by an anycast address of the host", async () => {
    await load(DOOR);
    const ends = { source: senderOf("ipv6", 9), destination: addressOf("fd91::") };
    const packets = [datagram({ ...ends, port: 5353 }), syn({ ...ends, port: 22 })];
    await seatJudge(network.server);
    const oddities = { destinationMac: network.link.server.mac };
    const frames = packets.flatMap((each, n) => framesOf(each, n + 1, network.link, oddities));
    await send(network.link.client, frames);
    expect((await readVerdicts(network.server)).passing(packets)).toEqual([]);
  });

  test("only the interfaces of the policy have doors", async () => {
    const gated = {
      "[eth1]": [false, true],
      '["e*", "!eth0"]': [false, true],
      '["!eth0"]': [false, true],
      '["eth1*", eth0]': [true, true],
    };
    for (const [interfaces, expected] of Object.entries(gated)) {
      await load(`interfaces: ${interfaces}\n${DOOR}`);
      const connected = network.links.map(({ server }) =>
        FAMILIES.map((family) => canConnect(network.client, server[family], 22)),
      );
      const isRefused = await Promise.all(
        connected.map(async (each) => (await Promise.all(each)).map((could) => !could)),
      );
      expect([interfaces, isRefused]).toEqual([
        interfaces,
        expected.map((isGated) => FAMILIES.map(() => isGated)),
      ]);
    }
  });

  test("a packet that two doors see is a step to both, and only to who made the steps before", async () => {
    await load(`doors:
  one: { protects: tcp/22, sequence: { steps: [tcp/51001, tcp/52002], watch: 51000-53000 } }
  two: { protects: udp/5353, sequence: { steps: [tcp/51001, tcp/52002], watch: 51000-53000 } }
  inside: { protects: tcp/52500, sequence: { steps: [41001, 44040] } }
`);
    for (const family of FAMILIES) {
      const ends = { source: senderOf(family, 10), destination: toServer(family) };
      const at = (port: number) => syn({ ...ends, port });
      const stages = () => countMembers(network.server, family, { stage: 1 }, holder);
      await passing([at(51001)]);
      expect(await stages()).toBe(2);
      // A port in their watch range that has a door is refused there, and a wrong step to both.
      expect(await passing([at(52500)])).toEqual([]);
      expect(await stages()).toBe(0);
      const enters = [at(51001), at(52002), at(22), datagram({ ...ends, port: 5353 })];
      expect(await passing(enters)).toEqual(enters);
      expect(await passing([at(52500)])).toEqual([]);
    }
  });
});
