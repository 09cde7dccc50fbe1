/** Tokens in packets that are not what rules expect: they open once or not at all, and harm nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family, printAddress } from "../../src/policy/address.ts";
import { framesOf, type Oddities } from "./frames.ts";
import { granted } from "./grants.ts";
import { makeNetwork, type Network, senderOf } from "./network.ts";
import {
  type CarrierText,
  countOpenings,
  countTokens,
  newTokens,
  putIn,
  putUpGate,
  showing,
} from "./token-gate.ts";
import { send } from "./wire.ts";

interface Odd {
  readonly claim: string;
  readonly carrier: CarrierText;
  readonly oddities: Oddities;
  readonly opens: boolean;
}

/** A datagram with a token is 24 bytes: fragments of so many hold all of it, and of fewer a part. */
const WHOLE_BYTES = 24;
const PART_BYTES = 16;

const ODD: readonly Odd[] = [
  ...(["forward", "reverse"] as const).flatMap((order): Odd[] => [
    {
      claim: `fragments of which none holds all of the token, ${order}`,
      carrier: "udp/62201",
      oddities: { fragments: { bytes: PART_BYTES, order } },
      opens: false,
    },
    {
      claim: `fragments of which the first holds all of the token, ${order}`,
      carrier: "dns/53",
      oddities: { fragments: { bytes: WHOLE_BYTES + 16, order } },
      opens: true,
    },
  ]),
  ...(["udp/62201", "http/80"] as const).map((carrier) => ({
    claim: "a wrong checksum, which nobody has looked at so far",
    carrier,
    oddities: { checksum: "wrong" } as const,
    opens: true,
  })),
  {
    claim: "options of TCP before the request",
    carrier: "http/80",
    // A time stamp as Linux sends it (RFC 7323).
    oddities: { tcpOptions: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2) },
    opens: true,
  },
  {
    claim: "as many options of TCP as there can be",
    carrier: "tls/443",
    oddities: { tcpOptions: new Uint8Array(40).fill(1) },
    opens: true,
  },
  {
    claim: "a header of TCP that says it ends behind the packet",
    carrier: "http/80",
    oddities: { dataOffset: 15 },
    opens: false,
  },
  {
    claim: "a header of TCP that says it is shorter than one can be",
    carrier: "http/80",
    oddities: { dataOffset: 2 },
    opens: false,
  },
];

const OF_IPV4: readonly Odd[] = (["ping", "udp/62201", "http/80"] as const).map((carrier) => ({
  claim: "options of IPv4",
  carrier,
  // A router alert (RFC 2113).
  oddities: { ipv4Options: Uint8Array.of(148, 4, 0, 0) },
  opens: true,
}));

const HEADERS = ["hop-by-hop", "routing", "destination-options", "atomic-fragment"] as const;
const OF_IPV6: readonly Odd[] = (["ping", "udp/62201", "tls/443"] as const).flatMap((carrier) =>
  [...HEADERS.map((header) => [header]), ["hop-by-hop", "destination-options"] as const].map(
    (ipv6Headers) => ({
      claim: `${ipv6Headers.join(" and ")} before it`,
      carrier,
      oddities: { ipv6Headers },
      opens: true,
    }),
  ),
);

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
});
afterAll(() => network.remove());
beforeEach(() => putUpGate(network.server));

function oddOver(family: Family): readonly Odd[] {
  return [...ODD, ...(family === "ipv4" ? OF_IPV4 : OF_IPV6)];
}

describe.each(FAMILIES)("over %s", (family) => {
  const all = oddOver(family);
  const sourceOf = (n: number) => senderOf(family, n);

  test("a token opens where the kernel sees all of it, and once", async () => {
    const tokens = newTokens(all.length);
    const frames: Buffer[] = [];
    for (const [n, { carrier, oddities }] of all.entries()) {
      const token = tokens[n] ?? Buffer.alloc(0);
      await putIn(network.server, carrier, [token]);
      const packet = showing(network, sourceOf(n), carrier, token);
      frames.push(...framesOf(packet, n + 1, network.link, oddities));
    }
    // And all of it a second time.
    await send(network.link.client, [...frames, ...frames]);
    const open = await granted(network.server);
    const told = all.map(({ claim, carrier, opens }) => ({ claim, carrier, opens }));
    expect(told.map((one, n) => ({ ...one, opens: open.has(printAddress(sourceOf(n))) }))).toEqual(
      told,
    );
    expect(await countOpenings(network.server)).toBe(told.filter(({ opens }) => opens).length);
  });

  test("a token whose packet was cut up is not spent by it", async () => {
    const cut = all.filter(({ opens }) => !opens);
    const tokens = newTokens(cut.length);
    for (const [n, { carrier, oddities }] of cut.entries()) {
      const token = tokens[n] ?? Buffer.alloc(0);
      await putIn(network.server, carrier, [token]);
      const packet = showing(network, sourceOf(n), carrier, token);
      await send(network.link.client, framesOf(packet, 1, network.link, oddities));
      expect(await countOpenings(network.server)).toBe(n);
      await send(network.link.client, framesOf(packet, 2, network.link));
      expect(await countOpenings(network.server)).toBe(n + 1);
    }
  });

  test("a token in two segments is not seen, in either order, and is not spent", async () => {
    const [token = Buffer.alloc(0)] = newTokens(1);
    await putIn(network.server, "http/80", [token]);
    const packet = showing(network, sourceOf(0), "http/80", token);
    const { content } = packet;
    if (content.protocol !== "tcp" || content.payload === undefined) throw new Error("no segment");
    const { payload } = content;
    const pieces = [
      { sequenceNumber: 5, payload: payload.subarray(0, 12) },
      { sequenceNumber: 17, payload: payload.subarray(12) },
    ];
    const frames = [...pieces, ...pieces.toReversed()].flatMap((piece, n) =>
      framesOf({ ...packet, content: { ...content, ...piece } }, n + 1, network.link),
    );
    await send(network.link.client, frames);
    expect(await countOpenings(network.server)).toBe(0);
    expect(await countTokens(network.server, "http/80")).toBe(1);
  });

  test("a segment that comes again, out of order, urgent or last of all opens once", async () => {
    const [token = Buffer.alloc(0)] = newTokens(1);
    await putIn(network.server, "tls/443", [token]);
    const packet = showing(network, sourceOf(0), "tls/443", token);
    const { content } = packet;
    if (content.protocol !== "tcp") throw new Error("no segment");
    const changes = [
      { sequenceNumber: 70_000 },
      {},
      {},
      { flags: ["psh", "ack", "urg"] },
      { flags: ["fin", "ack"] },
      { flags: ["syn"] },
      { flags: ["rst"] },
      { flags: [] },
    ] as const;
    const frames = changes.flatMap((change, n) =>
      framesOf({ ...packet, content: { ...content, ...change } }, n + 1, network.link),
    );
    await send(network.link.client, frames);
    expect(await countOpenings(network.server)).toBe(1);
  });
});
