/** As many sources part way as fit, and what becomes of the next one (design 5.6). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { framesInOrder } from "./frames.ts";
import { countMembers, loadGate, removeGate } from "./gate.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { send } from "./wire.ts";

const CAPACITY = 65_536;
const [FIRST, SECOND, LAST, DOOR] = [51001, 54040, 52777, 22];

const POLICY = `
doors:
  ssh:
    protects: tcp/${DOOR}
    open-for: 10m
    sequence: { steps: [tcp/${FIRST}, tcp/${SECOND}, tcp/${LAST}], within: 10m }
`;

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());

describe.each(FAMILIES)("over %s", (family) => {
  beforeAll(() => loadGate(network.server, POLICY));
  afterAll(() => removeGate(network.server));

  const atStage = (stage: number) => countMembers(network.server, family, { stage });
  /** SYNs to one port, from the sources of these numbers. */
  const from = (senders: readonly number[], port: number): Packet[] => {
    const destination = addressOf(network.link.server[family]);
    return senders.map((n) => syn({ source: senderOf(family, n), destination, port }));
  };
  const sendAll = (packets: readonly Packet[]) =>
    send(network.link.client, framesInOrder(packets, network.link));
  /**
   * The step of the whole crowd, and again if a frame got lost on its way: with so many, one does
   * once in a long while. Who has made the step already is not disturbed.
   */
  const crowdUntil = (port: number, stage: number, count: number) =>
    until(`${count} at stage ${stage}`, async () => {
      await sendAll(from(crowd, port));
      return (await atStage(stage)) === count;
    });
  /** How many of the sources get through the door. */
  const countEntering = async (senders: readonly number[]) => {
    await seatJudge(network.server);
    const syns = from(senders, DOOR);
    await sendAll(syns);
    return (await readVerdicts(network.server)).passing(syns).length;
  };

  const crowd = Array.from({ length: CAPACITY }, (_, n) => n + 1);
  const guest = [0];
  const newcomer = [CAPACITY + 1];

  test("65,536 sources are part way at once, and the next one does not begin", async () => {
    for (const port of [FIRST, SECOND, LAST]) await sendAll(from(guest, port));
    await crowdUntil(FIRST, 1, CAPACITY);
    for (const port of [FIRST, SECOND, LAST]) await sendAll(from(newcomer, port));
    expect(await atStage(1)).toBe(CAPACITY);
    expect(await countEntering(newcomer)).toBe(0);
  });

  test("who has a grant is not affected", async () => {
    expect(await countEntering(guest)).toBe(1);
  });

  test("those part way go on, and open while there is room for grants", async () => {
    await crowdUntil(SECOND, 2, CAPACITY);
    expect(await atStage(1)).toBe(0);
    // The guest has one of the places.
    await crowdUntil(LAST, 2, 1);
    expect(await countMembers(network.server, family, "grants")).toBe(CAPACITY);
    expect(await countEntering(crowd)).toBe(CAPACITY - 1);
    expect(await countEntering(guest)).toBe(1);
  });

  test("there is room for the newcomer's attempt again", async () => {
    for (const port of [FIRST, SECOND]) await sendAll(from(newcomer, port));
    // And the one of the crowd for whose grant there was no room.
    expect(await atStage(2)).toBe(2);
  });
});
