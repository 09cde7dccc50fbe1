/** Packets that are not what rules expect do not get past a gate, and learn nothing from it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { parseAnswer } from "./answers.ts";
import { BROADCAST_MAC, framesOf, type Oddities } from "./frames.ts";
import { loadGate, removeGate } from "./gate.ts";
import type { Running } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { ODD_SYNS, packetOf } from "./odd-packets.ts";
import { datagram, segment } from "./packets.ts";
import { addressBytes } from "./segments.ts";
import { listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge, type Verdicts } from "./verdicts.ts";
import { capture, replay } from "./wire.ts";

const DOOR = { tcp: 22, udp: 5353 } as const;
const EMPTY = { tcp: 24, udp: 5355 } as const;
const ALL_FLAGS: readonly TcpFlag[] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

function policy(refuse: "drop" | "reset"): string {
  return `
doors:
  both:
    protects: [tcp/${DOOR.tcp}, udp/${DOOR.udp}]
    refuse: ${refuse}
    sequence: { steps: [51001, 54040, 52777] }
`;
}

interface Probe {
  readonly name: string;
  readonly packet: Packet;
  readonly oddities?: Oddities | undefined;
}

type Port = keyof typeof DOOR;

/** Every probe of a family, each from a source of its own, to the door or to the empty ports. */
function probes(family: Family, ports: Readonly<Record<Port, number>>, firstSender = 0): Probe[] {
  const destination = addressOf(family === "ipv4" ? "10.91.0.2" : "fd91::2");
  let senders = firstSender;
  const ends = () => ({ source: senderOf(family, senders++), destination });
  return [
    ...ODD_SYNS.filter(({ families }) => families.includes(family)).map((odd) => ({
      name: odd.name,
      packet: packetOf(odd, { ...ends(), port: ports.tcp }),
      oddities: odd.oddities,
    })),
    ...Array.from({ length: 256 }, (_, bits) => {
      const flags = ALL_FLAGS.filter((_, bit) => bits & (1 << bit));
      return { name: `flags ${flags}`, packet: segment({ ...ends(), port: ports.tcp, flags }) };
    }),
    {
      name: "a first fragment that ends before the flags",
      packet: segment({ ...ends(), port: ports.tcp, flags: undefined }),
    },
    ...datagramProbes(family).map(({ name, oddities }) => ({
      name,
      packet: datagram({ ...ends(), port: ports.udp }),
      oddities,
    })),
    ...everyonesAddresses(family).map(({ name, address, mac }) => ({
      name: `a datagram to ${name}`,
      packet: datagram({ ...ends(), destination: addressOf(address), port: ports.udp }),
      oddities: mac === undefined ? {} : { destinationMac: mac },
    })),
    ...everyonesAddresses(family).map(({ name, address, mac }) => ({
      name: `a SYN to ${name}`,
      packet: segment({
        ...ends(),
        destination: addressOf(address),
        port: ports.tcp,
        flags: ["syn"],
      }),
      oddities: mac === undefined ? {} : { destinationMac: mac },
    })),
  ];
}

function datagramProbes(family: Family): { name: string; oddities: Oddities }[] {
  const payload = new Uint8Array(60);
  return [
    { name: "a datagram", oddities: {} },
    { name: "a datagram with a wrong checksum", oddities: { badChecksum: true } },
    ...(family === "ipv4"
      ? [
          {
            name: "a datagram with IPv4 options",
            oddities: { ipv4Options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) },
          },
        ]
      : (["hop-by-hop", "destination-options", "atomic-fragment"] as const).map((header) => ({
          name: `a datagram behind ${header}`,
          oddities: { ipv6Headers: [header] },
        }))),
    ...([8, 24] as const).flatMap((bytes) =>
      (["forward", "reverse"] as const).map((order) => ({
        name: `a datagram in fragments of ${bytes}, ${order}`,
        oddities: { payload, fragments: { bytes, order } },
      })),
    ),
  ];
}

/** Addresses that a wildcard listener hears, although they belong to no host alone. */
function everyonesAddresses(family: Family): { name: string; address: string; mac?: Uint8Array }[] {
  return family === "ipv4"
    ? [
        {
          name: "the broadcast address of the network",
          address: "10.91.0.255",
          mac: BROADCAST_MAC,
        },
        { name: "the broadcast address of all networks", address: "255.255.255.255" },
        { name: "a multicast address", address: "224.0.0.1" },
        { name: "the host in a frame for everybody", address: "10.91.0.2", mac: BROADCAST_MAC },
      ]
    : [
        { name: "all nodes", address: "ff02::1" },
        { name: "the host in a frame for everybody", address: "fd91::2", mac: BROADCAST_MAC },
      ];
}

let network: Network;
let listeners: Running[];
beforeAll(async () => {
  network = await makeNetwork();
  listeners = [
    ...Object.values(await listenOnBoth(network.server, { protocol: "tcp", port: DOOR.tcp })),
    ...Object.values(await listenOnBoth(network.server, { protocol: "udp", port: DOOR.udp })),
  ];
});
afterAll(() => network.remove());
beforeEach(() => seatJudge(network.server));

/** What the server sent to the sources of the probes, by source, and what came past the gate. */
async function sendAll(
  all: readonly Probe[],
): Promise<{ answers: Map<string, string[]>; verdicts: Verdicts }> {
  const watching = await capture(network.link.client, "dst net (10.128.0.0/9 or fd77::/16)");
  const frames = all.flatMap(({ packet, oddities }, id) =>
    framesOf(packet, id, network.link, oddities),
  );
  await replay(
    network.link.client,
    frames.map((bytes, i) => ({ atSeconds: i / 5000, bytes })),
  );
  const answers = new Map<string, string[]>();
  for (const { bytes } of await watching.stop()) {
    const { to, kind, likeness } = parseAnswer(bytes, [
      ...Object.values(DOOR),
      ...Object.values(EMPTY),
    ]);
    answers.set(to, [...(answers.get(to) ?? []), `${kind}: ${likeness}`]);
  }
  return { answers, verdicts: await readVerdicts(network.server) };
}

function heard(): string {
  return listeners.map((listener) => listener.stdout()).join("");
}

function answersTo({ packet }: Probe, answers: Map<string, string[]>): string[] {
  return answers.get(addressBytes(packet.source).toString("hex")) ?? [];
}

describe.each(FAMILIES)("over %s", (family) => {
  test("without a gate, many of them get an answer or are heard", async () => {
    // Other sources than below: half-open connections go on answering for a while.
    const { answers } = await sendAll(probes(family, DOOR, 1000));
    const synAcks = [...answers.values()].flat().filter((answer) => answer.startsWith("syn ack"));
    expect(synAcks.length).toBeGreaterThan(20);
    await until("a datagram", () => heard() !== "");
  });

  describe("with refuse: drop", () => {
    beforeEach(() => loadGate(network.server, policy("drop")));
    afterEach(() => removeGate(network.server));

    test("none passes, none is heard, none is answered", async () => {
      const all = probes(family, DOOR);
      const before = heard();
      const { answers, verdicts } = await sendAll(all);
      expect(
        all.filter(({ packet }, id) => verdicts.passed(packet, id)).map(({ name }) => name),
      ).toEqual([]);
      expect(
        all.filter((probe) => answersTo(probe, answers).length > 0).map(({ name }) => name),
      ).toEqual([]);
      expect(heard()).toBe(before);
    });
  });

  describe("with refuse: reset", () => {
    beforeEach(() => loadGate(network.server, policy("reset")));
    afterEach(() => removeGate(network.server));

    test("none passes, none is heard, each is answered as by an empty port", async () => {
      const all = probes(family, DOOR);
      const before = heard();
      const atDoor = await sendAll(all);
      const { verdicts } = atDoor;
      expect(
        all.filter(({ packet }, id) => verdicts.passed(packet, id)).map(({ name }) => name),
      ).toEqual([]);
      expect(heard()).toBe(before);
      const atEmpty = await sendAll(probes(family, EMPTY));
      const answersOf = (probe: Probe, { answers }: typeof atDoor) => ({
        [probe.name]: answersTo(probe, answers),
      });
      expect(all.map((probe) => answersOf(probe, atDoor))).toEqual(
        all.map((probe) => answersOf(probe, atEmpty)),
      );
    });
  });
});
