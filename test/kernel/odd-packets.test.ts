/** Packets that are not what rules expect do not get past a gate, and learn nothing from it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { type Answer, parseAnswer } from "./answers.ts";
import { framesOf } from "./frames.ts";
import { loadGate, removeGate } from "./gate.ts";
import { HOLDERS } from "./holders.ts";
import type { Running } from "./host.ts";
import { makeNetwork, type Network, printMac } from "./network.ts";
import { type Ports, type Probe, probesOf } from "./probes.ts";
import { addressBytes } from "./segments.ts";
import { listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge, type Verdicts } from "./verdicts.ts";
import { capture, replay } from "./wire.ts";

const DOOR: Ports = { tcp: 22, udp: 5353 };
const EMPTY: Ports = { tcp: 24, udp: 5355 };

function policy(refuse: "drop" | "reset"): string {
  return `
doors:
  both:
    protects: [tcp/${DOOR.tcp}, udp/${DOOR.udp}]
    refuse: ${refuse}
    sequence: { steps: [51001, 54040, 52777] }
`;
}

/** Besides neighbour discovery, which tells nothing of ports. */
const FROM_SERVER = "(ip or (ip6 and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 143)))";

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
): Promise<{ answers: ReadonlyMap<string, Answer[]>; verdicts: Verdicts }> {
  const { client, server } = network.link;
  const watching = await capture(client, `ether src ${printMac(server.mac)} and ${FROM_SERVER}`);
  const frames = all.flatMap(({ packet, oddities }, id) =>
    framesOf(packet, id + 1, network.link, oddities),
  );
  await replay(
    network.link.client,
    frames.map((bytes, i) => ({ atSeconds: i / 5000, bytes })),
  );
  const answers = new Map<string, Answer[]>();
  for (const { bytes } of await watching.stop()) {
    const answer = parseAnswer(bytes, [...Object.values(DOOR), ...Object.values(EMPTY)]);
    answers.set(answer.to, [...(answers.get(answer.to) ?? []), answer]);
  }
  return { answers, verdicts: await readVerdicts(network.server) };
}

/** The probes that came past the gate, without those that no host would put together. */
function passing(all: readonly Probe[], verdicts: Verdicts): string[] {
  const passed = all.filter(({ packet }, id) => verdicts.passed(packet, id + 1));
  return passed.filter((probe) => !isDiscarded(probe)).map(({ name }) => name);
}

function isDiscarded({ packet, incomplete }: Probe): boolean {
  return incomplete === true && packet.source.family === "ipv6";
}

function heard(): string {
  return listeners.map((listener) => listener.stdout()).join("");
}

function answersTo({ packet }: Probe, answers: ReadonlyMap<string, Answer[]>): readonly Answer[] {
  return answers.get(addressBytes(packet.source).toString("hex")) ?? [];
}

function answered(all: readonly Probe[], answers: ReadonlyMap<string, Answer[]>): string[] {
  return all.filter((probe) => answersTo(probe, answers).length > 0).map(({ name }) => name);
}

/** The kernel repeats IP options in its own answers, and cannot in those that nftables asks it for. */
function likenessOf({ oddities }: Probe, answers: readonly Answer[]): string {
  const words = answers.map(({ kind, likeness }) =>
    oddities?.ipv4Options ? kind : `${kind} ${likeness}`,
  );
  return words.join();
}

describe.each(FAMILIES)("over %s", (family) => {
  test("without a gate, many of them get an answer or are heard", async () => {
    // Other sources than below: half-open connections go on answering for a while.
    const { answers } = await sendAll(probesOf(network, family, DOOR, 1000));
    const synAcks = [...answers.values()].flat().filter(({ kind }) => kind === "syn ack");
    expect(synAcks.length).toBeGreaterThan(20);
    await until("a datagram", () => heard() !== "");
  });

  describe.each(HOLDERS)("with refuse: drop, held by $name", (holder) => {
    beforeEach(() => loadGate(network.server, policy("drop"), holder));
    afterEach(() => removeGate(network.server, holder));

    test("none passes, none is heard, none is answered", async () => {
      const all = probesOf(network, family, DOOR);
      const before = heard();
      const { answers, verdicts } = await sendAll(all);
      expect(verdicts.passing(all.map(({ packet }) => packet))).toEqual([]);
      expect(answered(all, answers)).toEqual([]);
      expect(heard()).toBe(before);
    });
  });

  test.each(HOLDERS)(
    "no datagram passes where $name has no door over TCP, and puts no fragments together",
    async (holder) => {
      const doors = "doors: { voice: { protects: udp/5353, sequence: { steps: [51001, 54040] } } }";
      await loadGate(network.server, doors, holder);
      const all = probesOf(network, family, DOOR).filter(
        ({ packet }) => packet.content.protocol === "udp",
      );
      const before = heard();
      const { answers, verdicts } = await sendAll(all);
      expect(verdicts.passing(all.map(({ packet }) => packet))).toEqual([]);
      expect(answered(all, answers)).toEqual([]);
      expect(heard()).toBe(before);
      await removeGate(network.server, holder);
    },
  );

  describe("with refuse: reset", () => {
    beforeEach(() => loadGate(network.server, policy("reset")));
    afterEach(() => removeGate(network.server));

    test("none passes, none is heard, each is answered as by an empty port", async () => {
      const all = probesOf(network, family, DOOR);
      const before = heard();
      const atDoor = await sendAll(all);
      expect(passing(all, atDoor.verdicts)).toEqual([]);
      expect(heard()).toBe(before);
      const atEmpty = await sendAll(probesOf(network, family, EMPTY));
      const inBoth = all
        // An empty port complains of an incomplete IPv6 header; the door stays silent.
        .filter((probe) => probe.differs !== true && !isDiscarded(probe))
        .map((probe) => ({
          name: probe.name,
          door: likenessOf(probe, answersTo(probe, atDoor.answers)),
          empty: likenessOf(probe, answersTo(probe, atEmpty.answers)),
        }));
      expect(inBoth.filter(({ door, empty }) => door !== empty)).toEqual([]);
    });
  });
});
