/** What real packets leave in a real table is read back as what it is. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseListing, staleIn } from "../../src/backend/nftables/index.ts";
import { readStatus, type Status } from "../../src/gate/index.ts";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, maskAddress, printAddress } from "../../src/policy/address.ts";
import { programOf } from "../setup/policy.ts";
import { framesInOrder } from "./frames.ts";
import { loadGate } from "./gate.ts";
import { liveHost } from "./live-host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, ping, segment, syn } from "./packets.ts";
import { send } from "./wire.ts";

const LONG = "a-door-with-the-longest-name-of-32";
const POLICY = `
ipv6-prefix: 64
ban: { after: 2, within: 1h, for: 2h }
log: true
doors:
  ssh:
    protects: tcp/22
    open-for: 1h
    single-use: true
    sequence: { steps: [tcp/51001, udp/51005, ping/63], within: 1h }
  ${LONG.slice(0, 32)}:
    protects: [tcp/80, udp/80]
    open-for: 30m
    session-idle: 1h
    sequence: { steps: [41001] }
`;
const DOOR = LONG.slice(0, 32);

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  await loadGate(network.server, POLICY);
});
afterAll(() => network.remove());

describe.each(FAMILIES)("over %s", (family) => {
  const source = (n: number) => senderOf(family, n);
  const seen = (n: number) => printAddress(maskAddress(source(n), family === "ipv4" ? 32 : 64));
  let status: Status;

  beforeAll(async () => {
    const to = (n: number) => ({
      source: source(n),
      destination: addressOf(network.link.server[family]),
    });
    const knock = (n: number): Packet[] => [
      syn({ ...to(n), port: 51001 }),
      datagram({ ...to(n), port: 51005 }),
      ping({ ...to(n), payloadBytes: 63 }),
    ];
    const wrong = (n: number): Packet[] => [
      syn({ ...to(n), port: 51001 }),
      syn({ ...to(n), port: 51003 }),
    ];
    const packets = [
      ...knock(1),
      // Used up: two connections by two knocks, so that two SYNs are known.
      ...[0, 1].flatMap((n) => [...knock(2), syn({ ...to(2), port: 22, sourcePort: 40_000 + n })]),
      ...knock(3).slice(0, 1),
      ...knock(4).slice(0, 2),
      datagram({ ...to(5), port: 41001 }),
      datagram({ ...to(5), port: 80 }),
      ...wrong(6),
      ...wrong(7),
      ...wrong(7),
    ];
    await send(network.link.client, framesInOrder(packets, network.link));
    const read = await readStatus(liveHost(network.server));
    if (!read.ok) throw new Error(read.problems[0]?.what);
    status = read.value;
  });

  const isOfFamily = (text: string) => text.includes(":") === (family === "ipv6");
  const here = <T extends { readonly source: string }>(all: readonly T[]) =>
    all.filter((one) => isOfFamily(one.source));
  const names = (all: readonly { readonly source: string }[]) => here(all).map((one) => one.source);
  const door = (name: string) => {
    const found = status.doors.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the status has no door ${name}`);
    return found;
  };

  test("who has a grant", () => {
    expect(names(door("ssh").open)).toEqual([seen(1)]);
    expect(names(door(DOOR).open)).toEqual([seen(5)]);
    expect(here(door("ssh").open)[0]?.secondsLeft).toBeGreaterThan(3500);
    expect(here(door(DOOR).open)[0]?.secondsLeft).toBeLessThanOrEqual(1800);
  });

  test("who has a session", () => {
    expect(names(door(DOOR).sessions)).toEqual([seen(5)]);
    expect(names(door("ssh").sessions)).toEqual([]);
  });

  test("who is part way, and how far", () => {
    const stages = here(door("ssh").partWay).map((one) => [one.source, one.stage, one.of]);
    expect(stages).toEqual([
      [seen(3), 1, 3],
      [seen(4), 2, 3],
    ]);
  });

  const bannedAs = (n: number) => (family === "ipv4" ? seen(n) : `${seen(n)}/64`);

  test("who is banned", () => {
    expect(here(status.banned)).toEqual([
      { source: bannedAs(7), secondsLeft: expect.any(Number), automatic: true },
    ]);
  });

  test("how full each set is", () => {
    const digit = family === "ipv4" ? "4" : "6";
    const fill = status.sets.filter(({ name, members }) => name.endsWith(digit) && members > 0);
    expect(
      Object.fromEntries(fill.map(({ name, members }) => [name.slice(0, -1), members])),
    ).toEqual({
      ssh_single_grants: 1,
      ssh_stage1_: 1,
      ssh_stage2_: 1,
      [`${DOOR}_grants`]: 1,
      [`${DOOR}_sessions`]: 1,
      auto_banned: 1,
      wrong: 1,
      ssh_begun: 1,
      ssh_opening: 2,
    });
  });
});

test.each(FAMILIES)("a connection over %s that was closed is not kept for days", async (family) => {
  const ends = { source: senderOf(family, 2), destination: addressOf(network.link.server[family]) };
  const packets = (["fin", "psh", "urg"] as const).map((flag) =>
    segment({ ...ends, port: 22, sourcePort: 40_000, flags: [flag, "ack"] }),
  );
  await send(network.link.client, framesInOrder(packets, network.link));
  const { stdout } = await network.server.run(["nft", "-j", "list", "table", "inet", "postern"]);
  const digit = family === "ipv4" ? "4" : "6";
  const { sets } = parseListing(stdout);
  const [opening, flows, closing] = ["opening", "flows", "closing"].map((stem) =>
    sets.find(({ name }) => name === `ssh_${stem}${digit}`)?.members.map((one) => one.secondsLeft),
  );
  expect(opening).toHaveLength(1);
  expect(flows).toHaveLength(0);
  expect(closing).toHaveLength(1);
  expect(closing?.[0]).toBeLessThanOrEqual(120);
});

test("the counters have counted both families", async () => {
  const read = await readStatus(liveHost(network.server));
  if (!read.ok) throw new Error(read.problems[0]?.what);
  const [ssh, other] = read.value.doors.map(({ counters }) => counters);
  expect(ssh).toEqual({ refused: 0, open: 6, wrong: 6, banned: 2 });
  expect(other).toEqual({ refused: 0, open: 2, wrong: 0, banned: 0 });
});

test("a live table has nothing that its policy does not ask for", async () => {
  const { stdout } = await network.server.run(["nft", "-j", "list", "table", "inet", "postern"]);
  const listing = parseListing(stdout);
  expect(listing.isOurs).toBe(true);
  expect(staleIn(listing, programOf(POLICY))).toEqual([]);
});
