/** What the other tests of this folder rest on: what they send arrives, and is seen. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TcpFlag } from "../../src/model/packet.ts";
import { type Address, FAMILIES, type Family } from "../../src/policy/address.ts";
import { parseAnswer } from "./answers.ts";
import { BROADCAST_MAC, framesInOrder, framesOf } from "./frames.ts";
import type { Running } from "./host.ts";
import { addressOf, listNamespaces, makeNetwork, type Network, senderOf } from "./network.ts";
import { ODD_SYNS, packetOf } from "./odd-packets.ts";
import { datagram, ping, segment, syn } from "./packets.ts";
import { addressBytes } from "./segments.ts";
import { listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { capture, replay, send } from "./wire.ts";

const TCP_PORT = 22;
const UDP_PORT = 5353;
let network: Network;
let udp: Readonly<Record<Family, Running>>;
beforeAll(async () => {
  network = await makeNetwork();
  await listenOnBoth(network.server, { protocol: "tcp", port: TCP_PORT });
  udp = await listenOnBoth(network.server, { protocol: "udp", port: UDP_PORT });
});
afterAll(() => network.remove());

const SERVER: Readonly<Record<Family, Address>> = {
  ipv4: addressOf("10.91.0.2"),
  ipv6: addressOf("fd91::2"),
};

/** Frames 1 ms apart. */
function spaced(frames: readonly Uint8Array[]) {
  return frames.map((bytes, i) => ({ atSeconds: i / 1000, bytes }));
}

describe.each(FAMILIES)("over %s", (family) => {
  const destination = SERVER[family];

  test("a listener answers the SYNs that Linux answers, and no others", async () => {
    const odd = ODD_SYNS.filter(({ families }) => families.includes(family));
    const sent = odd.map((one, n) => ({
      ...one,
      packet: packetOf(one, { source: senderOf(family, n), destination, port: TCP_PORT }),
    }));
    const watching = await capture(network.link.client, `src port ${TCP_PORT}`);
    const frames = sent.flatMap(({ packet, oddities }, id) =>
      framesOf(packet, id + 1, network.link, oddities),
    );
    await replay(network.link.client, spaced(frames));
    const answers = (await watching.stop()).map(({ bytes }) => parseAnswer(bytes));
    for (const { name, packet, answered } of sent) {
      const kinds = answers
        .filter(({ to }) => to === addressBytes(packet.source).toString("hex"))
        .map(({ kind }) => kind);
      expect(kinds[0]?.startsWith("syn ack") ?? false, `${name}: ${kinds}`).toBe(answered);
    }
  });

  test("datagrams of every shape reach a listener", async () => {
    const port = UDP_PORT;
    const listener = udp[family];
    const payload = (text: string) => Buffer.from(text.padEnd(64, "."));
    const everyone = addressOf(family === "ipv4" ? "10.91.0.255" : "ff02::1");
    const source = addressOf(family === "ipv4" ? "10.91.0.1" : "fd91::1");
    const cases = [
      framesOf(datagram({ source, destination, port }), 1, network.link, {
        payload: payload("plain"),
      }),
      framesOf(datagram({ source, destination, port }), 2, network.link, {
        payload: payload("fragmented"),
        fragments: { bytes: 16, order: "reverse" },
      }),
      framesOf(datagram({ source, destination: everyone, port }), 3, network.link, {
        payload: payload("to-everyone"),
        ...(family === "ipv4" ? { destinationMac: BROADCAST_MAC } : {}),
      }),
      framesOf(datagram({ source, destination, port }), 4, network.link, {
        payload: payload("wrong-checksum"),
        checksum: "wrong",
      }),
      framesOf(datagram({ source, destination, port }), 5, network.link, {
        payload: payload("last"),
      }),
    ];
    await replay(network.link.client, spaced(cases.flat()));
    await until("the last datagram", () => listener.stdout().includes("last"));
    const heard = ["plain", "fragmented", "to-everyone", "wrong-checksum"].map((word) =>
      listener.stdout().includes(word),
    );
    expect(heard).toEqual([true, true, true, false]);
  });

  test("pings of every length are answered", async () => {
    const lengths = [0, 3, 4, 63, 1232];
    const watching = await capture(
      network.link.client,
      "(icmp or icmp6) and dst net (10.128.0.0/9 or fd77::/16)",
    );
    const pings = lengths.map((payloadBytes, n) =>
      ping({ source: senderOf(family, n), destination, payloadBytes }),
    );
    await send(network.link.client, framesInOrder(pings, network.link));
    const reply = family === "ipv4" ? "icmp 0/0" : "icmp 129/0";
    const answers = (await watching.stop()).map(({ bytes }) => parseAnswer(bytes));
    expect(answers.filter(({ kind }) => kind === reply)).toHaveLength(lengths.length);
  });

  test("the judge names every packet that it saw, and none that was not sent", async () => {
    await seatJudge(network.server);
    const source = senderOf(family, 7);
    const tcp = (flags: TcpFlag[] | undefined, sequenceNumber: number) =>
      segment({ source, destination, port: 9, flags, sequenceNumber });
    const packets = [
      tcp(["syn"], 77),
      tcp(["syn"], 77),
      tcp([], 78),
      tcp(undefined, 4_000_000_000),
      datagram({ source, destination, port: 9 }),
      ping({ source, destination, payloadBytes: 0 }),
      ping({ source, destination, payloadBytes: 63 }),
    ];
    const id = (n: number) => 3_000_000_000 + n;
    const frames = packets.flatMap((packet, n) =>
      n === 1 ? [] : framesOf(packet, id(n), network.link),
    );
    await send(network.link.client, frames);
    const verdicts = await readVerdicts(network.server);
    expect(packets.map((packet, n) => verdicts.passed(packet, id(n)))).toEqual(
      packets.map((_, n) => n !== 1),
    );
  });

  test("many thousand packets a second arrive, all and in their order", async () => {
    await seatJudge(network.server);
    const count = 20_000;
    const syns = Array.from({ length: count }, (_, n) =>
      syn({ source: senderOf(family, n), destination, port: 9 }),
    );
    const watching = await capture(network.link.server, "dst port 9");
    expect(await send(network.link.client, framesInOrder(syns, network.link))).toBe(count);
    const verdicts = await readVerdicts(network.server);
    expect(verdicts.segmentCount).toBe(count);
    expect(verdicts.passing(syns)).toHaveLength(count);
    const ids = (await watching.stop()).map(({ bytes }) =>
      Buffer.from(bytes).readUInt32BE(bytes.length - 12),
    );
    expect(ids).toHaveLength(count);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });
});

test("a story keeps its times", async () => {
  const watching = await capture(network.link.server, "dst port 9");
  const packet = syn({ source: senderOf("ipv4", 0), destination: SERVER.ipv4, port: 9 });
  const [bytes = Buffer.of()] = framesInOrder([packet], network.link);
  const times = [0, 0.001, 0.25, 0.2501, 1];
  await replay(
    network.link.client,
    times.map((atSeconds) => ({ atSeconds, bytes })),
  );
  const seen = (await watching.stop()).map(({ atSeconds }) => atSeconds);
  const start = seen[0] ?? 0;
  expect(seen).toHaveLength(times.length);
  for (const [i, time] of times.entries()) expect((seen[i] ?? 0) - start).toBeCloseTo(time, 1);
});

test("a failing command says where, what and why", async () => {
  await expect(network.server.run(["nft", "list", "table", "inet", "nowhere"])).rejects.toThrow(
    /postern-test-\d+-\d+-server: nft list table inet nowhere: ended with 1\n.*No such file/s,
  );
});

test("a removed network leaves nothing", async () => {
  const other = await makeNetwork({ links: 2 });
  const third = await other.addHost("third");
  await other.join(other.server, third, 7);
  const listener = third.start(["nc", "-lk", "9"]);
  const file = third.newPath("file");
  writeFileSync(file, "");
  other.remove();
  expect(await listener.ended).not.toBe(0);
  expect(existsSync(file)).toBe(false);
  expect(
    listNamespaces().filter((name) =>
      name.startsWith(other.client.namespace.replace(/client$/, "")),
    ),
  ).toEqual([]);
});

describe("a process that makes a network", () => {
  // Where it finds koffi.
  const folder = mkdtempSync(join("node_modules", ".postern-harness-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Starts one with a listener in it, in a process of its own; returns when it stands. */
  async function startMaker() {
    const outfile = join(folder, "maker.mjs");
    const contents = `
      import { makeNetwork } from "./network.ts";
      const { server } = await makeNetwork();
      server.start(["nc", "-lk", "9"]);
      process.stdout.write(server.namespace);
      setInterval(() => {}, 1000);`;
    buildSync({
      stdin: { contents, resolveDir: import.meta.dirname },
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["koffi"],
    });
    const maker = spawn(process.execPath, [outfile]);
    const [namespace] = (await once(maker.stdout, "data")) as [Buffer];
    return { maker, namespace: namespace.toString() };
  }

  test.each(["SIGINT", "SIGTERM"] as const)("cleans up when it gets %s", async (signal) => {
    const { maker, namespace } = await startMaker();
    expect(listNamespaces()).toContain(namespace);
    maker.kill(signal);
    expect(await once(maker, "exit")).toEqual([null, signal]);
    expect(listNamespaces()).not.toContain(namespace);
  });

  test("is cleaned up after by the next one when it was killed", async () => {
    const { maker, namespace } = await startMaker();
    maker.kill("SIGKILL");
    await once(maker, "exit");
    expect(listNamespaces()).toContain(namespace);
    const next = await startMaker();
    expect(listNamespaces()).not.toContain(namespace);
    next.maker.kill("SIGTERM");
    await once(next.maker, "exit");
  });
});
