/** Knocks with tokens at one address and at several, in virtual time, at a gate that spends them. */
import { describe, expect, test } from "vitest";
import type { Via } from "../../../src/client/index.ts";
import type { Secret } from "../../../src/policy/policy.ts";
import { policyOf } from "../../setup/policy.ts";
import { FakeNetwork, type Site } from "../fake-network.ts";
import { knockIn, watching, withCarriers } from "./errand.ts";

const [V4, V6] = ["203.0.113.5", "2001:db8:1::1"] as const;
const ALL = withCarriers("ping, udp/62201, dns/53, http/80, tls/443");
const WEB = { meets: { "tcp/80": "accepted", "tcp/443": "accepted" } } as const;

function siteOf(site: Partial<Site> = {}): Site {
  return { address: V4, policy: ALL, ...site };
}

/** What a knock came to, and what was sent for it. */
async function knocked(site: Partial<Site> = {}, different: Parameters<typeof knockIn>[2] = {}) {
  const network = new FakeNetwork(siteOf(site));
  const outcome = await knockIn(network, site.policy ?? ALL, different);
  const [address] = outcome.addresses;
  return { network, outcome, by: address?.by, packets: network.packetsTo() };
}

/** The packets that show a token of each carrier. */
const SHOWS: Readonly<Record<string, readonly string[]>> = {
  ping: ["ping/56"],
  udp: ["udp/62201"],
  dns: ["udp/53"],
  http: ["tcp/80", "tcp/80 data"],
  tls: ["tcp/443", "tcp/443 data"],
};

describe.each(Object.entries(SHOWS))("by %s", (via, shown) => {
  const how = { via: via as Via };

  test("one token opens, and the first try of the port follows it at once", async () => {
    const { network, outcome, packets } = await knocked(WEB, how);
    expect([outcome.isOpen, packets]).toEqual([true, [...shown, "tcp/22"]]);
    const [token, entry] = network.sent.slice(-2).map(({ at }) => at);
    expect(entry).toBe(token);
    expect([...network.held]).toEqual([outcome.connection]);
  });

  test.each([1, 2, 3])("with packet %d lost it opens all the same, by the same", async (lost) => {
    const { outcome, by, network } = await knocked({ ...WEB, isLost: (n) => n === lost }, how);
    expect([outcome.isOpen, by?.split("/")[0]]).toEqual([true, via]);
    expect(new Set(network.tokensAt()).size).toBe(1);
  });

  test.each([1, 2, 3])("with answer %d lost, too", async (lost) => {
    const { outcome } = await knocked({ ...WEB, isAnswerLost: (n) => n === lost }, how);
    expect(outcome.isOpen).toBe(true);
  });

  test("from far away it opens", async () => {
    for (const delay of [40, 170, 600]) {
      expect((await knocked({ ...WEB, delay: () => delay }, how)).outcome.isOpen).toBe(true);
    }
  });

  test("a clock that is wrong by less than a minute does no harm, and one by an hour keeps it shut", async () => {
    for (const [clockAhead, isOpen] of [
      [-120, true],
      [50, true],
      [3600, false],
      [-3600, false],
    ] as const) {
      expect((await knocked({ ...WEB, clockAhead }, how)).outcome.isOpen).toBe(isOpen);
    }
  });

  test("at a door that stays shut nothing is held in the end, nor sent any more", async () => {
    const { network, outcome } = await knocked({ ...WEB, service: "silent" }, how);
    expect([outcome.isOpen, outcome.addresses[0]?.by]).toEqual([false, undefined]);
    expect(outcome.milliseconds).toBeLessThan(5000);
    const { length } = network.sent;
    await network.clock.pass(60_000);
    expect([[...network.held], network.sent.length]).toEqual([[], length]);
  });
});

describe("from one carrier to the next", () => {
  const dead = (...carriers: readonly string[]) => ({
    ...WEB,
    isLost: (_: number, packet: string) =>
      carriers.some((carrier) => SHOWS[carrier]?.includes(packet)),
  });

  test("in the order of the profile, with a token of its own for each", async () => {
    const { by, network } = await knocked(dead("ping", "udp", "dns"));
    expect(by).toBe("http/80");
    expect(network.packetsTo().filter((packet) => packet !== "tcp/22")).toEqual([
      ...["ping/56", "ping/56", "udp/62201", "udp/62201", "udp/53", "udp/53"],
      ...["tcp/80", "tcp/80 data"],
    ]);
  });

  test.each(["refused", "silent", "unreachable"] as const)(
    "past a web server that is %s",
    async (met) => {
      const policy = withCarriers("http/80, tls/443");
      const meets = { "tcp/80": met, "tcp/443": "accepted" } as const;
      const { by, outcome, packets } = await knocked({ policy, meets });
      expect([outcome.isOpen, by]).toEqual([true, "tls/443"]);
      expect(packets).not.toContain("tcp/80 data");
      expect(outcome.addresses[0]?.turnedBack).toEqual([
        {
          refused: "http/80 refuses",
          silent: "http/80 does not answer",
          unreachable: "EHOSTUNREACH",
        }[met],
      ]);
      expect(outcome.milliseconds).toBeLessThan(1000);
    },
  );

  test("and at the end to the sequence, if the door has one", async () => {
    const policy = policyOf(
      "doors: { ssh: { protects: tcp/22, sequence: { steps: [tcp/21001] }, token: { carriers: [udp/62201] } } }",
    );
    const site = { policy, isLost: (_: number, packet: string) => packet === "udp/62201" };
    expect((await knocked(site)).by).toBe("sequence");
    expect((await knocked({ policy })).packets).toEqual(["udp/62201", "tcp/22"]);
    expect((await knocked({ policy }, { via: "sequence" })).by).toBe("sequence");
    expect((await knocked({ policy }, { via: "tcp" })).packets).not.toContain("udp/62201");
  });

  test("never, where the first has opened", async () => {
    expect((await knocked(WEB)).packets).toEqual(["ping/56", "tcp/22"]);
  });

  test("a door behind which nothing listens is told to refuse", async () => {
    const { outcome } = await knocked({ ...WEB, service: "refused" });
    expect(outcome.addresses).toMatchObject([{ state: "refused", by: undefined }]);
  });
});

describe("one after the other", () => {
  test("ten knocks each open, with a token that none has shown before", async () => {
    const policy = withCarriers("udp/62201", { ofDoor: "single-use: true, " });
    const network = new FakeNetwork(siteOf({ policy }));
    const told: string[] = [];
    const tell = (line: string) => told.push(line);
    for (let n = 0; n < 10; n++) {
      expect((await knockIn(network, policy, { tryPorts: [22], tell })).isOpen).toBe(true);
    }
    expect(new Set(network.tokensAt()).size).toBe(10);
    // Six are there at once, and then one every ten seconds.
    expect(network.clock.now).toBeLessThan(40_500);
    expect(told).toHaveLength(4);
  });

  test("who has the same key elsewhere uses the same tokens, and the next carrier opens", async () => {
    const network = new FakeNetwork(siteOf(WEB));
    await knockIn(network, ALL);
    // That client remembers nothing of this one.
    const other = {
      ...network.host,
      readSecret: () => Promise.resolve({ ok: true, value: undefined } as const),
    };
    await network.clock.pass(10_000 - (network.clock.now % 10_000));
    await knockIn(network, ALL);
    const again = await knockIn(Object.assign(network, { host: other }), ALL);
    expect(again.isOpen).toBe(true);
  });

  test("a key that the gate does not know opens nothing", async () => {
    const key = `${"B".repeat(42)}A` as Secret;
    expect((await knocked(WEB, { key })).outcome.isOpen).toBe(false);
  });
});

describe("several addresses", () => {
  test("each get a token of their own, at the same time", async () => {
    const network = new FakeNetwork(siteOf(WEB), siteOf({ ...WEB, address: V6 }));
    const outcome = await knockIn(network, ALL);
    expect(outcome.addresses.map(({ state, by }) => [state, by])).toEqual([
      ["open", "ping"],
      ["open", "ping"],
    ]);
    const tokens = [...network.tokensAt(V4), ...network.tokensAt(V6)];
    expect([tokens.length, new Set(tokens).size]).toEqual([2, 2]);
    expect(network.sent.filter(({ at }) => at === 10).map(({ packet }) => packet)).toEqual([
      ...["ping/56", "ping/56", "tcp/22", "tcp/22"],
    ]);
  });

  test("that are more than there are slots do not keep the first from opening", async () => {
    const sites = Array.from({ length: 9 }, (_, n) =>
      siteOf({ ...WEB, address: `198.51.100.${n}` }),
    );
    const network = new FakeNetwork(...sites);
    const { addresses, milliseconds } = await knockIn(network, ALL);
    expect(addresses.filter(({ state }) => state === "open")).toHaveLength(6);
    expect(milliseconds).toBeLessThan(1000);
  });
});

describe("who does not try", () => {
  test("sends one token over the first carrier, twice, and says so", async () => {
    for (const isHurried of [true, false]) {
      const { by, packets, outcome, network } = await knocked(WEB, { tryPorts: [], isHurried });
      expect([outcome.isOpen, by, packets]).toEqual([undefined, "ping", ["ping/56", "ping/56"]]);
      expect(new Set(network.tokensAt()).size).toBe(1);
    }
  });

  test("goes on to the next where the first cannot be sent at all", async () => {
    const policy = withCarriers("http/80, udp/62201");
    const meets = { "tcp/80": "refused" } as const;
    const { by, packets } = await knocked({ policy, meets }, { tryPorts: [], isHurried: true });
    expect(by).toBe("udp/62201");
    expect(packets.filter((packet) => packet.includes("data"))).toEqual([]);
  });
});

test("who looks on sees carriers, and no token", async () => {
  const { seen, watch } = watching();
  const { network } = await knocked(WEB, { via: "udp", watch });
  expect(seen.map(({ packet, answer }) => `${packet} ${answer?.kind ?? "sent"}`)).toEqual([
    ...["udp/62201 sent", "tcp/22 sent", "tcp/22 accepted"],
  ]);
  expect(JSON.stringify(seen)).not.toContain(network.tokensAt()[0]);
});
