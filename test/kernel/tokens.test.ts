/** One-time tokens under attack: in the kernel each opens once, whatever else comes. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, printAddress } from "../../src/policy/address.ts";
import { framesOf } from "./frames.ts";
import { granted, isGranted } from "./grants.ts";
import { sendInLockstep } from "./lockstep.ts";
import { makeNetwork, type Network, senderOf } from "./network.ts";
import {
  CARRIERS,
  type CarrierText,
  countOpenings,
  countTokens,
  GATE,
  load,
  newTokens,
  printTokens,
  putIn,
  putUpGate,
  setFor,
  showing,
} from "./token-gate.ts";
import { until } from "./until.ts";
import { flood, repeat, send } from "./wire.ts";

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  // Nobody listens for datagrams here, and nobody shall be told so.
  await load(
    network.server,
    "table inet silence { chain input { type filter hook input priority 0; udp dport 62201 drop; }; }\n",
  );
});
afterAll(() => network.remove());
beforeEach(() => putUpGate(network.server));

/** Each from a source of its own, both families by turns. */
function framesFor(carrier: CarrierText, tokens: readonly Uint8Array[], firstSource = 0) {
  return tokens.flatMap((token, n) => {
    const source = senderOf(FAMILIES[n % 2] ?? "ipv4", firstSource + n);
    return framesOf(showing(network, source, carrier, token), n + 1, network.link);
  });
}

describe("a token that is shown again and again", () => {
  const TIMES = 1_000_000;
  const AT_A_TIME = 1000;

  test("opens once in a million times, whoever shows it", async () => {
    const [token = Buffer.alloc(0)] = newTokens(1);
    await putIn(network.server, "udp/62201", [token]);
    const frames = framesFor("udp/62201", new Array<Buffer>(AT_A_TIME).fill(token));
    expect(await repeat(network.link.client, frames, TIMES / AT_A_TIME)).toBe(TIMES);
    expect(await countOpenings(network.server)).toBe(1);
    expect(await granted(network.server)).toEqual(new Set([printAddress(senderOf("ipv4", 0))]));
  }, 120_000);

  test.each(CARRIERS)("by %s opens once, over IPv4 or IPv6", async (carrier) => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = newTokens(2);
    await putIn(network.server, carrier, [first, second]);
    await send(network.link.client, framesFor(carrier, [first, first, first, first]));
    // The other family comes first this time.
    await send(network.link.client, framesFor(carrier, [first, second, second], 10));
    expect(await countOpenings(network.server)).toBe(2);
    expect(await granted(network.server)).toEqual(
      new Set([senderOf("ipv4", 0), senderOf("ipv6", 11)].map(printAddress)),
    );
    expect(await countTokens(network.server, carrier)).toBe(0);
  });
});

describe("two hosts that send the same tokens in lockstep from two processors", () => {
  const TOKENS = 50_000;

  test("get each past the gate once, over one family or both", async () => {
    const tokens = newTokens(TOKENS);
    const { client, server } = network.link;
    await putIn(network.server, "udp/62201", tokens);
    const other = "10.91.0.77";
    await network.client.run(["ip", "addr", "add", `${other}/24`, "dev", client.interface]);
    const half = TOKENS / 2;
    const ipv4 = { from: client.ipv4, to: server.ipv4 };
    for (const [second, payloads] of [
      [{ from: other, to: server.ipv4 }, tokens.slice(0, half)],
      [{ from: client.ipv6, to: server.ipv6 }, tokens.slice(half)],
    ] as const) {
      const senders = [ipv4, second] as const;
      await sendInLockstep(network.client, { senders, port: 62_201, payloads });
    }
    expect(await countOpenings(network.server)).toBe(TOKENS);
    expect(await countTokens(network.server, "udp/62201")).toBe(0);
  }, 120_000);
});

describe("a flood of guesses", () => {
  const KNOCKS = 20;

  test("keeps nobody out, and lets nobody in", async () => {
    const { client } = network.link;
    const tokens = newTokens(KNOCKS);
    await putIn(network.server, "udp/62201", tokens);
    const guesses = framesFor("udp/62201", newTokens(5000), 1_000_000);
    const flooding = await flood(client, guesses, { atMostSeconds: 60, processor: 1 });
    const from = Date.now();
    for (const [n, token] of tokens.entries()) {
      const source = senderOf(FAMILIES[n % 2] ?? "ipv4", n);
      const packet = showing(network, source, "udp/62201", token);
      await send(client, framesOf(packet, 1, network.link));
      await until(`knock ${n} to open`, () => isGranted(network.server, source));
    }
    const seconds = (Date.now() - from) / 1000;
    const sent = await flooding.stop();
    expect(sent / seconds).toBeGreaterThan(10_000);
    expect(await countOpenings(network.server)).toBe(KNOCKS);
    expect((await granted(network.server)).size).toBe(KNOCKS);
  }, 120_000);
});

describe("a set that is full", () => {
  test("of those who have spent tokens keeps no token from opening, once", async () => {
    const { server } = network;
    const elements = Array.from(
      { length: 16_384 },
      (_, n) => `${printAddress(senderOf("ipv4", n))} . 0x${n} timeout 1h`,
    );
    const set = setFor("ping").name.replace("tokens", "uses4");
    await load(server, `add element inet postern ${set} { ${elements.join(", ")} }\n`);
    const [token = Buffer.alloc(0)] = newTokens(1);
    await putIn(server, "ping", [token]);
    await send(network.link.client, framesFor("ping", [token, token, token]));
    expect(await countOpenings(server)).toBe(1);
    expect(await isGranted(server, senderOf("ipv4", 0))).toBe(true);
  });

  test("of grants lets a token be spent for nothing, and not be shown again", async () => {
    const { server } = network;
    const elements = Array.from(
      { length: 65_536 },
      (_, n) => `${printAddress(senderOf("ipv4", n + 10))} timeout 1h`,
    );
    await load(server, `add element inet postern ssh_grants4 { ${elements.join(", ")} }\n`);
    const [token = Buffer.alloc(0)] = newTokens(1);
    await putIn(server, "ping", [token]);
    const frames = framesFor("ping", [token]);
    await send(network.link.client, frames);
    expect(await countTokens(server, "ping")).toBe(0);
    await load(server, "flush set inet postern ssh_grants4\n");
    await send(network.link.client, frames);
    expect(await countOpenings(server)).toBe(0);
    expect(await isGranted(server, senderOf("ipv4", 0))).toBe(false);
  });
});

describe("a reload", () => {
  const RELOADS = 100;
  const SPENT = 500;

  test("brings none back that was spent, and loses none that was not", async () => {
    const { server, client } = network;
    const [spent, live] = [newTokens(SPENT), newTokens(20)];
    await load(server, printTokens(setFor("udp/62201").name, [...spent, ...live]));
    const frames = framesFor("udp/62201", spent);
    await send(network.link.client, frames);
    expect(await countOpenings(server)).toBe(SPENT);
    const flooding = await flood(network.link.client, frames, { atMostSeconds: 100, processor: 1 });
    const file = server.newPath("gate.nft");
    await writeFile(file, GATE);
    const line = `for n in $(seq ${RELOADS}); do nft -f ${file} || exit 1; done`;
    await server.run(["sh", "-c", line], { timeoutSeconds: 110 });
    expect(await flooding.stop()).toBeGreaterThan(RELOADS * SPENT);
    expect(await countTokens(server, "udp/62201")).toBe(live.length);
    await send(network.link.client, framesFor("udp/62201", live, 100_000));
    const open = await granted(server);
    expect(open.size).toBe(SPENT + live.length);
    expect(client).toBeDefined();
  }, 150_000);
});
