/** The way to one address: which packets are sent, what may become of them, and what is left. */
import { describe, expect, test } from "vitest";
import { FakeNetwork, type Site } from "../fake-network.ts";
import { knockIn, watching, withSteps } from "./errand.ts";

const ADDRESS = "203.0.113.5";
const POLICY = withSteps("tcp/21001, udp/24040, tcp/22777");
const PAIRS = ["tcp/21001", "tcp/21001", "udp/24040", "udp/24040", "tcp/22777", "tcp/22777"];

function siteOf(site: Partial<Site> = {}): Site {
  return { address: ADDRESS, policy: POLICY, ...site };
}

/** How many packets to the door were sent by one who was let in when he was, and how. */
async function knocked(site: Partial<Site> = {}) {
  const network = new FakeNetwork(siteOf(site));
  const outcome = await knockIn(network, site.policy ?? POLICY);
  const packets = network.packetsTo();
  return { network, outcome, packets, tries: packets.filter((one) => one === "tcp/22").length };
}

const only =
  (...numbers: readonly number[]) =>
  (n: number) =>
    numbers.includes(n);
const isLastStep = (_: number, packet: string) => packet === "tcp/22777";
/** The first packet after the steps of the first try. */
const FIRST_AT_DOOR = PAIRS.length + 1;

describe("steps", () => {
  test("are sent in order, each twice where nothing answers, and the door opens", async () => {
    const { outcome, packets, network } = await knocked();
    expect(packets).toEqual([...PAIRS, "tcp/22"]);
    expect(outcome.addresses).toMatchObject([{ address: ADDRESS, family: "ipv4", state: "open" }]);
    expect([outcome.isOpen, network.isBannedAt()]).toEqual([true, false]);
  });

  test("are sent once where the host answers at once", async () => {
    const { outcome, packets } = await knocked({ others: "refused", delay: () => 0.5 });
    expect(packets).toEqual(["tcp/21001", "udp/24040", "tcp/22777", "tcp/22"]);
    expect(outcome.isOpen).toBe(true);
  });

  test("that may be of either protocol are sent over both", async () => {
    const { packets } = await knocked({ policy: withSteps("21001, 24040") });
    expect(packets).toEqual(["tcp/21001", "udp/21001", "tcp/24040", "udp/24040", "tcp/22"]);
  });

  test.each(["tcp", "udp"] as const)(
    "of either protocol go over %s alone if asked",
    async (via) => {
      const policy = withSteps("21001, tcp/24040, udp/22777");
      const network = new FakeNetwork(siteOf({ policy }));
      expect((await knockIn(network, policy, { via })).isOpen).toBe(true);
      expect(network.packetsTo()).toEqual([
        ...[`${via}/21001`, `${via}/21001`],
        ...["tcp/24040", "tcp/24040", "udp/22777", "udp/22777", "tcp/22"],
      ]);
    },
  );

  test("open over the one protocol that a network lets through", async () => {
    const policy = withSteps("21001, 24040, 22777");
    for (const held of [/^tcp\/\d{5}$/, /^udp/]) {
      const network = new FakeNetwork(siteOf({ policy, isLost: (_, packet) => held.test(packet) }));
      expect((await knockIn(network, policy)).isOpen).toBe(true);
      expect(network.packetsTo()).toHaveLength(7);
    }
  });

  test("may be pings, of which each has the time to be sent before the next step", async () => {
    const policy = withSteps("ping/63, tcp/21001, ping/64");
    const { outcome, packets, network } = await knocked({ policy });
    expect(packets).toEqual([
      ...["ping/63", "ping/63", "tcp/21001", "tcp/21001", "ping/64", "ping/64", "tcp/22"],
    ]);
    expect([outcome.isOpen, network.isBannedAt()]).toEqual([true, false]);
  });
});

describe("what is lost", () => {
  test.each(PAIRS.map((packet, index) => [index + 1, packet] as const))(
    "packet %d, %s: the door opens within the first try",
    async (n) => {
      const { outcome, packets } = await knocked({ isLost: only(n) });
      expect(outcome.isOpen).toBe(true);
      expect(packets).toEqual([...PAIRS, "tcp/22"]);
    },
  );

  test("one packet of every step: the door opens within the first try", async () => {
    for (const lost of [only(1, 3, 5), only(2, 4, 6), only(1, 4, 5)]) {
      expect((await knocked({ isLost: lost })).tries).toBe(1);
    }
  });

  test("the connection itself: another one is begun, and needs no second knock", async () => {
    const { outcome, packets } = await knocked({ isLost: only(FIRST_AT_DOOR) });
    expect(outcome.isOpen).toBe(true);
    expect(packets).toEqual([...PAIRS, "tcp/22", "tcp/22"]);
  });

  test("the answer to the connection: the same", async () => {
    const { outcome, packets } = await knocked({ isAnswerLost: only(FIRST_AT_DOOR) });
    expect([outcome.isOpen, packets.length]).toEqual([true, PAIRS.length + 2]);
  });

  test.each([
    [1, 2],
    [3, 4],
    [5, 6],
  ])("both packets %d and %d of a step: the door opens at the second try", async (...lost) => {
    const { outcome, packets } = await knocked({ isLost: only(...lost) });
    expect(outcome.isOpen).toBe(true);
    expect(packets).toEqual([...PAIRS, "tcp/22", "tcp/22", ...PAIRS, "tcp/22"]);
  });
});

test("what is sent again by the kernel is never a step, which would be a wrong one by then", async () => {
  const { network } = await knocked({ service: "silent" });
  const again = network.sent.filter(({ isAgain }) => isAgain).map(({ packet }) => packet);
  expect(new Set(again)).toEqual(new Set(["tcp/22"]));
});

describe("what is late", () => {
  test.each([1, 2, 3, 4, 5])("packet %d after the next: the door still opens", async (n) => {
    const { outcome, tries, network } = await knocked({ delay: (m) => (m === n ? 16 : 10) });
    expect([outcome.isOpen, tries, network.isBannedAt()]).toEqual([true, 1, false]);
  });

  test("the last step behind the connection: the next connection gets in", async () => {
    const { outcome, tries } = await knocked({ delay: (n) => (n === 5 || n === 6 ? 60 : 10) });
    expect([outcome.isOpen, tries]).toEqual([true, 2]);
  });

  test("packets out of all order: the second try leaves each the time that it takes", async () => {
    const { outcome, packets } = await knocked({ delay: (n) => (n <= 6 ? 70 - 10 * n : 80) });
    expect(outcome.isOpen).toBe(true);
    expect(packets.slice(0, 8)).toEqual([...PAIRS, "tcp/22", "tcp/22"]);
    expect(packets.slice(8)).toEqual([...PAIRS, "tcp/22"]);
  });

  test("nothing at all on a way of two seconds, there and back: the door opens", async () => {
    const { outcome, network } = await knocked({ delay: () => 1000 });
    expect([outcome.isOpen, network.isBannedAt()]).toEqual([true, false]);
  });
});

describe("a door that stays shut", () => {
  test("where steps are turned back, it is told why", async () => {
    const { outcome } = await knocked({ others: "unreachable", service: "silent" });
    expect(outcome.addresses).toMatchObject([{ state: "silent", turnedBack: ["EHOSTUNREACH"] }]);
  });

  test.each([
    ["silent", "silent"],
    ["refused", "refused"],
    ["unreachable", "EHOSTUNREACH"],
  ] as const)("behind which everything is %s is %s", async (service, state) => {
    const { outcome } = await knocked({ service });
    expect([outcome.isOpen, outcome.connection]).toEqual([false, undefined]);
    expect(outcome.addresses).toMatchObject([{ address: ADDRESS, family: "ipv4", state }]);
  });

  test("and refuses is told from one that drops", async () => {
    const policies = {
      silent: POLICY,
      refused: withSteps("tcp/21001, udp/24040, tcp/22777", { ofDoor: "refuse: reset, " }),
    };
    for (const [state, policy] of Object.entries(policies)) {
      expect((await knocked({ policy, isLost: isLastStep })).outcome.addresses[0]?.state).toBe(
        state,
      );
    }
  });

  test("is knocked at twice, and at most five connections are begun", async () => {
    for (const service of ["silent", "refused", "unreachable"] as const) {
      const { packets } = await knocked({ service });
      expect(packets.filter((one) => one === "tcp/22")).toHaveLength(5);
      expect(packets.filter((one) => one !== "tcp/22")).toEqual([...PAIRS, ...PAIRS]);
    }
  });

  test("is given up in the end", async () => {
    const { outcome } = await knocked({ service: "silent" });
    expect(outcome.milliseconds).toBeLessThan(5000);
  });
});

describe("in the end", () => {
  test.each(["accepted", "refused", "silent", "unreachable"] as const)(
    "nothing is held of what was %s, but the connection, and nothing more is sent",
    async (service) => {
      for (const others of ["accepted", "refused", "silent", "unreachable"] as const) {
        const policy = withSteps("21001, ping/63");
        const network = new FakeNetwork(siteOf({ policy, service, others }));
        const { connection } = await knockIn(network, policy);
        expect([...network.held]).toEqual(connection === undefined ? [] : [connection]);
        const { length } = network.sent;
        await network.clock.pass(60_000);
        expect(network.sent).toHaveLength(length);
      }
    },
  );

  test("one who tries nothing holds nothing either", async () => {
    const network = new FakeNetwork(siteOf());
    await knockIn(network, POLICY, { tryPorts: [], isHurried: true });
    expect([...network.held]).toEqual([]);
  });
});

describe("who does not try", () => {
  test("does not know, and sends every step once, both packets", async () => {
    for (const isHurried of [true, false]) {
      const network = new FakeNetwork(siteOf());
      const outcome = await knockIn(network, POLICY, { tryPorts: [], isHurried });
      expect(network.packetsTo()).toEqual(PAIRS);
      expect([outcome.isOpen, outcome.connection]).toEqual([undefined, undefined]);
      expect(outcome.addresses[0]?.state).toBe("untried");
    }
  });

  test("is done in no time if in a hurry, and careful if not", async () => {
    const taken = async (isHurried: boolean) => {
      const network = new FakeNetwork(siteOf());
      return (await knockIn(network, POLICY, { tryPorts: [], isHurried })).milliseconds;
    };
    expect(await taken(true)).toBe(30);
    expect(await taken(false)).toBe(600);
  });

  test("of a door for one connection, which a try would use up", async () => {
    const policy = withSteps("tcp/21001", { ofDoor: "single-use: true, " });
    const network = new FakeNetwork(siteOf({ policy }));
    expect((await knockIn(network, policy)).isOpen).toBeUndefined();
    expect(network.packetsTo()).toEqual(["tcp/21001", "tcp/21001"]);
  });
});

test("a single-use door lets in the one that connects, whatever comes of its other tries", async () => {
  const policy = withSteps("tcp/21001", { ofDoor: "single-use: true, " });
  for (const delay of [1, 100, 190, 400, 1000]) {
    const network = new FakeNetwork(siteOf({ policy, delay: () => delay }));
    expect((await knockIn(network, policy, { tryPorts: [22] })).isOpen).toBe(true);
  }
});

test("every port at which a door shows itself is tried, and one that accepts is enough", async () => {
  const policy = withSteps("tcp/21001");
  const network = new FakeNetwork(siteOf({ policy }));
  const outcome = await knockIn(network, policy, { tryPorts: [443, 22] });
  expect(outcome.isOpen).toBe(true);
  expect(network.packetsTo()).toEqual(["tcp/21001", "tcp/21001", "tcp/443", "tcp/22"]);
  expect([...network.held]).toEqual([outcome.connection]);
});

test("who looks on sees each packet as it is sent, and what came back", async () => {
  const policy = withSteps("tcp/21001");
  const network = new FakeNetwork(siteOf({ policy, delay: () => 2, others: "refused" }));
  const { seen, watch } = watching();
  await knockIn(network, policy, { watch });
  const seenOf = (at: number, packet: string, kind?: "accepted" | "refused") => ({
    ...{ at, packet, address: ADDRESS },
    answer: kind === undefined ? undefined : { kind },
  });
  expect(seen).toEqual([
    seenOf(0, "tcp/21001"),
    seenOf(4, "tcp/21001", "refused"),
    seenOf(4, "tcp/22"),
    seenOf(8, "tcp/22", "accepted"),
  ]);
});
