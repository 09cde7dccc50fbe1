/**
 * What may be a signed knock is handed over by the kernel, all of it and nothing else, and goes on
 * its way as if nobody had looked.
 */
import { writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, type Family, printAddress } from "../../src/policy/address.ts";
import { parseSignedCarrier } from "../../src/policy/value/carrier.ts";
import { hexOf } from "../../src/program/index.ts";
import { candidate, STORY_TAG } from "../scenarios/signed.ts";
import { sure } from "../setup/sure.ts";
import { framesOf, type Oddities } from "./frames.ts";
import { gateOf, removeGate } from "./gate.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { type HandedOver, type Hearing, hear } from "./nflog.ts";
import { listen } from "./services.ts";
import { until } from "./until.ts";
import { capture, send } from "./wire.ts";

/** Behind the client, as all of these; the door `web` has the second one of each family. */
const ELSEWHERE = { other: 5_000_000, named: 5_000_001 } as const;

const GATE = gateOf(`
doors:
  ssh:
    protects: tcp/22
    sequence: { steps: [51001, 54040] }
    token: { carriers: [ping, udp/62201] }
    signed: { carriers: [ping, udp/62201] }
  web:
    protects: tcp/80
    destinations: [${FAMILIES.map((family) => printAddress(senderOf(family, ELSEWHERE.named))).join(", ")}]
    signed: { carriers: [udp/62202] }
`);
const CARRIERS = ["ping", "udp/62201"] as const;

let network: Network;
let hearing: Hearing;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());
beforeEach(async () => {
  await removeGate(network.server);
  await load(GATE);
  await load(`add element inet postern signed_tags { 0x${hexOf(STORY_TAG)} timeout 10m }\n`);
  hearing = await hear(network.server);
});
afterEach(() => hearing.stop());

async function load(text: string): Promise<void> {
  await network.server.run(["nft", "-f", "-"], { stdin: text });
}

async function list() {
  const { stdout } = await network.server.run([
    "nft",
    "--json",
    "list",
    "table",
    "inet",
    "postern",
  ]);
  return parseListing(stdout);
}

async function countCandidates(): Promise<number | undefined> {
  return (await list()).counters.find(({ name }) => name === "signed_candidates")?.packets;
}

interface Shape {
  readonly tag?: Buffer;
  readonly bytes?: number;
}

function contentFor(text: string, shape: Shape = {}): Packet["content"] {
  return candidate(sure(parseSignedCarrier({ text })), shape);
}

/** The number stands right behind the tag. */
const NUMBER_AT = STORY_TAG.length;

function numbered(content: Packet["content"], n: number): Packet["content"] {
  const payload = Buffer.from(content.payload ?? []);
  if (payload.length >= NUMBER_AT + 2) payload.writeUInt16BE(n, NUMBER_AT);
  return { ...content, payload };
}

function numberIn({ packet }: HandedOver): number {
  const header = (packet[0] ?? 0) >> 4 === 4 ? ((packet[0] ?? 0) & 15) * 4 : IPV6_HEADER_BYTES;
  const tag = packet.indexOf(STORY_TAG, header);
  return packet.readUInt16BE(tag + NUMBER_AT);
}

const IPV6_HEADER_BYTES = 40;
/** Comes last, so that all others have come before it. */
const LAST = 60_000;

function packetOf(family: Family, content: Packet["content"], over: Partial<Packet> = {}): Packet {
  const { server } = network.link;
  return {
    source: senderOf(family, 7),
    destination: addressOf(server[family]),
    destined: "here",
    interface: server.interface,
    content,
    ...over,
  };
}

interface Case {
  readonly claim: string;
  readonly content: Packet["content"];
  readonly over?: Partial<Packet>;
  readonly oddities?: Oddities;
  readonly isHandedOver: boolean;
}

/** The cases of which the packet was handed over, and as what. */
async function handedOver(family: Family, cases: readonly Case[]): Promise<Map<string, string>> {
  const frames = cases.flatMap(({ content, over, oddities }, n) =>
    framesOf(packetOf(family, numbered(content, n), over), n + 1, network.link, oddities),
  );
  const last = numbered(contentFor("udp/62201"), LAST);
  const end = framesOf(packetOf(family, last), LAST, network.link);
  await send(network.link.client, [...frames, ...end]);
  const isOver = (all: readonly HandedOver[]) => all.some((one) => numberIn(one) === LAST);
  await until("the last to be handed over", async () => isOver(await hearing.heard()));
  const heard = (await hearing.heard()).filter((one) => numberIn(one) !== LAST);
  const claims = heard.map((one) => cases[numberIn(one)]?.claim ?? "?");
  expect(new Set(claims).size).toBe(claims.length);
  expect(await countCandidates()).toBe(heard.length + 1);
  return new Map(heard.map(({ prefix }, n) => [claims[n] ?? "?", prefix]));
}

const of = (claim: string, content: Packet["content"], isHandedOver: boolean): Case => ({
  claim,
  content,
  isHandedOver,
});

function casesOf(text: (typeof CARRIERS)[number], family: Family): Case[] {
  const [least, most] = family === "ipv4" ? [184, 1228] : [164, 1208];
  const whole = contentFor(text, { bytes: 1208 });
  const cut = (bytes: number, order: "forward" | "reverse"): Case => ({
    ...of(`in fragments of ${bytes}, ${order}`, whole, false),
    oddities: { fragments: { bytes, order } },
  });
  return [
    of("the smallest", contentFor(text), true),
    of("one of the usual size", contentFor(text, { bytes: 248 }), true),
    of("the largest", whole, true),
    of("as small as can be", contentFor(text, { bytes: least }), true),
    of("as large as can be", contentFor(text, { bytes: most }), true),
    of("too small", contentFor(text, { bytes: least - 1 }), false),
    of("too large", contentFor(text, { bytes: most + 1 }), false),
    of("of another tag", contentFor(text, { tag: Buffer.alloc(8, 0xa5) }), false),
    of("of half a tag", contentFor(text, { tag: STORY_TAG.subarray(0, 7) }), false),
    cut(1000, "forward"),
    cut(1000, "reverse"),
    cut(8, "forward"),
  ];
}

const OF_IPV6: readonly (readonly [NonNullable<Oddities["ipv6Headers"]>[number], boolean])[] = [
  ["hop-by-hop", true],
  ["destination-options", true],
  ["atomic-fragment", false],
];

function oddOf(text: (typeof CARRIERS)[number], family: Family): Case[] {
  const content = contentFor(text);
  if (family === "ipv4") {
    // A router alert (RFC 2113).
    const oddities = { ipv4Options: Uint8Array.of(148, 4, 0, 0) };
    return [{ ...of("with options", content, true), oddities }];
  }
  return OF_IPV6.map(([header, isHandedOver]) => ({
    ...of(`with ${header}`, content, isHandedOver),
    oddities: { ipv6Headers: [header] },
  }));
}

describe.each(FAMILIES)("over %s", (family) => {
  test.each(CARRIERS)(
    "by %s what may be one is handed over under that name, once",
    async (text) => {
      const cases = [...casesOf(text, family), ...oddOf(text, family)];
      const meant = cases.filter((one) => one.isHandedOver).map(({ claim }) => [claim, text]);
      expect([...(await handedOver(family, cases))]).toEqual(meant);
    },
  );

  test("all of a packet is handed over, as it came", async () => {
    const packet = packetOf(family, numbered(contentFor("udp/62201", { bytes: 1208 }), 1));
    const [frame = Buffer.alloc(0)] = framesOf(packet, 1, network.link);
    await send(network.link.client, [frame]);
    await until("it to be handed over", async () => (await hearing.heard()).length > 0);
    expect((await hearing.heard())[0]?.packet).toEqual(frame.subarray(14));
  });

  test("what is for another host, port, protocol or door's address is not handed over", async () => {
    const elsewhere = senderOf(family, ELSEWHERE.other);
    const named = senderOf(family, ELSEWHERE.named);
    const to = (destination: typeof named) => ({ destination, destined: "elsewhere" as const });
    const segment: Packet["content"] = {
      ...{ protocol: "tcp", sourcePort: 4000, destinationPort: 62_201, flags: ["ack"] },
      ...{ sequenceNumber: 5, socket: "none" },
      payload: contentFor("udp/62201").payload ?? Buffer.alloc(0),
    };
    const cases: Case[] = [
      { ...of("to another host", contentFor("ping"), false), over: to(elsewhere) },
      { ...of("a datagram to another host", contentFor("udp/62201"), false), over: to(elsewhere) },
      of("to another port", contentFor("udp/62203"), false),
      of("to a carrier of a door at other addresses", contentFor("udp/62202"), false),
      { ...of("to that door", contentFor("udp/62202"), true), over: to(named) },
      { ...of("by a carrier of the other", contentFor("udp/62201"), false), over: to(named) },
      of("a segment of TCP", segment, false),
    ];
    expect([...(await handedOver(family, cases))]).toEqual([["to that door", "udp/62202"]]);
  });

  test("what listens on the port gets the datagram all the same", async () => {
    const listener = await listen(network.server, { protocol: "udp", port: 62_201 }, family);
    const file = network.client.newPath("datagram");
    const payload = Buffer.alloc(184, "x");
    payload.set(STORY_TAG);
    await writeFile(file, payload);
    const address = network.link.server[family];
    await network.client.run(["bash", "-c", `cat ${file} >/dev/udp/${address}/62201`]);
    await until("the listener to have it", () => listener.stdout().includes("xxxx"));
    await until("it to be handed over", async () => (await hearing.heard()).length === 1);
    await listener.stop();
  });

  test("a ping is answered all the same", async () => {
    const { client } = network.link;
    const watching = await capture(
      client,
      family === "ipv4" ? "icmp[0] == 0" : "icmp6 and ip6[40] == 129",
    );
    const content = numbered(contentFor("ping"), 77);
    const packet = packetOf(family, content, { source: addressOf(client[family]) });
    await send(client, framesOf(packet, 1, network.link));
    await until("the answer", async () => (await watching.frames()).length === 1);
    const [answer] = await watching.stop();
    expect(Buffer.from(answer?.bytes ?? []).includes(Buffer.from(content.payload ?? []))).toBe(
      true,
    );
    await until("it to be handed over", async () => (await hearing.heard()).length === 1);
  });

  test("what comes from this host itself is not handed over", async () => {
    const file = network.server.newPath("datagram");
    const payload = Buffer.alloc(184, "x");
    payload.set(STORY_TAG);
    await writeFile(file, payload);
    const own = [network.link.server[family], family === "ipv4" ? "127.0.0.1" : "::1"];
    for (const address of own) {
      await network.server.run(["bash", "-c", `cat ${file} >/dev/udp/${address}/62201`]);
    }
    expect(await countCandidates()).toBe(0);
    expect([...(await handedOver(family, []))]).toEqual([]);
  });
});

test("a candidate does not disturb an attempt, and spends no token", async () => {
  const source = senderOf("ipv4", 9);
  const send1 = (content: Packet["content"], n: number) =>
    framesOf(packetOf("ipv4", content, { source }), n, network.link);
  const step = (port: number): Packet["content"] => ({
    ...{ protocol: "udp", sourcePort: 4000, destinationPort: port },
  });
  await send(network.link.client, [
    ...send1(step(51_001), 1),
    ...send1(contentFor("ping"), 2),
    ...send1(contentFor("udp/62201"), 3),
    ...send1(step(54_040), 4),
  ]);
  await until("both to be handed over", async () => (await hearing.heard()).length === 2);
  const { sets } = await list();
  const granted = sets.find(({ name }) => name === "ssh_grants4")?.members ?? [];
  expect(granted.map((member) => member.source)).toEqual([source]);
});

test("of a flood about as many are handed over as there is a limit for, and all are counted", async () => {
  const FLOOD = 4000;
  const frames = Array.from({ length: FLOOD }, (_, n) =>
    framesOf(packetOf("ipv4", numbered(contentFor("udp/62201"), n)), n + 1, network.link),
  ).flat();
  await send(network.link.client, frames);
  await until("all to be counted", async () => (await countCandidates()) === FLOOD);
  const heard = (await hearing.heard()).length;
  expect(heard).toBeGreaterThan(0);
  expect(heard).toBeLessThan(FLOOD / 2);
});

test("a reload keeps which knocks have opened, who has sent them, and how knocks begin", async () => {
  const seen = `0x${"0".repeat(29)}abc timeout 1h comment "alice@example.org ssh"`;
  await load(`add element inet postern signed_seen { ${seen} }\n`);
  await load(GATE);
  const { sets } = await list();
  const members = (kind: string) =>
    sets.filter(({ label }) => label.role.kind === kind).flatMap((set) => set.members);
  expect(members("signed-seen")).toMatchObject([
    { value: `${"0".repeat(29)}abc`, comment: "alice@example.org ssh", source: undefined },
  ]);
  expect(members("signed-seen")[0]?.secondsLeft).toBeGreaterThan(3500);
  expect(members("signed-tags")).toHaveLength(1);
  expect([...(await handedOver("ipv6", [of("one", contentFor("ping"), true)]))]).toEqual([
    ["one", "ping"],
  ]);
});

test("without anybody who listens everything goes on", async () => {
  await hearing.stop();
  const frames = framesOf(packetOf("ipv4", contentFor("ping")), 1, network.link);
  await send(network.link.client, frames);
  await until("it to be counted", async () => (await countCandidates()) === 1);
  hearing = await hear(network.server);
});
