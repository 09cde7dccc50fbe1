/** Several addresses of a host: which are knocked at, and for which anybody waits. */
import { describe, expect, test } from "vitest";
import { knock } from "../../../src/client/index.ts";
import { FakeNetwork, type Site } from "../fake-network.ts";
import { errandTo, knockIn, withSteps } from "./errand.ts";

const POLICY = withSteps("tcp/21001, udp/24040");
const PAIRS = ["tcp/21001", "tcp/21001", "udp/24040", "udp/24040"];
const [V4, OTHER_V4, V6] = ["203.0.113.5", "203.0.113.6", "2001:db8:1::1"] as const;

function at(address: string, site: Partial<Site> = {}): Site {
  return { address, policy: POLICY, ...site };
}

async function statesOf(...sites: readonly Site[]) {
  const network = new FakeNetwork(...sites);
  const outcome = await knockIn(network, POLICY);
  const states = outcome.addresses.map(({ address, state }) => `${address} ${state}`);
  return { network, outcome, states };
}

describe("of several addresses", () => {
  test("each is knocked at, at the same time, and all open", async () => {
    const { network, states } = await statesOf(at(V6), at(V4));
    expect(states).toEqual([`${V6} open`, `${V4} open`]);
    for (const address of [V6, V4]) {
      expect(network.packetsTo(address)).toEqual([...PAIRS, "tcp/22"]);
    }
    expect(network.sent.filter((one) => one.at === 0)).toHaveLength(2);
  });

  test("the one that accepts first is connected to, and the other let go", async () => {
    const { network, outcome } = await statesOf(at(V6, { delay: () => 40 }), at(V4));
    const opened = network.sent.filter(({ packet }) => packet === "tcp/22");
    expect(opened.map(({ address }) => address)).toEqual([V6, V4]);
    expect([...network.held]).toEqual([outcome.connection]);
    expect(await outcome.connection?.answer).toEqual({ kind: "accepted" });
  });

  test("none is connected to by who only looks", async () => {
    const network = new FakeNetwork(at(V6, { delay: () => 40 }), at(V4));
    const outcome = await knockIn(network, POLICY, { isLook: true });
    expect(outcome.addresses.map(({ state }) => state)).toEqual(["open", "open"]);
    expect([outcome.connection, [...network.held]]).toEqual([undefined, []]);
  });

  test("one without a route is not knocked at, and not told of", async () => {
    const { network, states } = await statesOf(at(V6, { hasRoute: false }), at(V4));
    expect(states).toEqual([`${V4} open`]);
    expect(network.packetsTo(V6)).toEqual([]);
  });

  test.each(["ipv4", "ipv6"] as const)("only those of %s, if asked", async (family) => {
    const network = new FakeNetwork(at(V6), at(V4));
    const { addresses } = await knockIn(network, POLICY, { family });
    expect(addresses.map((one) => one.family)).toEqual([family]);
    expect(network.packetsTo(family === "ipv4" ? V6 : V4)).toEqual([]);
  });

  test("one in a black hole holds nobody up for longer than the grace", async () => {
    const lost = at(V6, { isLost: () => true });
    const { outcome, states, network } = await statesOf(lost, at(V4));
    expect(states).toEqual([`${V6} late`, `${V4} open`]);
    // The way to the open one took 40 ms.
    expect(outcome.milliseconds).toBe(40 + 250);
    await network.clock.pass(60_000);
    expect(network.packetsTo(V6)).toEqual([...PAIRS, "tcp/22"]);
  });

  test("one in a black hole holds nobody up who is content with the first", async () => {
    const network = new FakeNetwork(at(V6, { isLost: () => true }), at(V4));
    const outcome = await knockIn(network, POLICY, { everyAddress: false });
    expect(outcome.addresses.map(({ state }) => state)).toEqual(["late", "open"]);
    expect(outcome.milliseconds).toBe(40);
  });

  test("the grace is as long again as the way to the first took, where that is longer", async () => {
    const lost = at(V6, { isLost: () => true });
    const { outcome } = await statesOf(lost, at(V4, { delay: () => 200 }));
    expect(outcome.milliseconds).toBe(2 * (20 + 400));
  });

  test("the time that a name server takes is no part of the grace", async () => {
    const network = new FakeNetwork(at(V6, { isLost: () => true }), at(V4));
    const slow = {
      ...network.host.network,
      lookUp: async (name: string) => {
        await network.clock.pause(5000);
        return await network.host.network.lookUp(name);
      },
    };
    const knocking = knock({ ...network.host, network: slow }, errandTo(POLICY));
    expect((await network.clock.run(knocking)).milliseconds).toBe(40 + 250);
    expect(network.clock.now).toBe(5000 + 40 + 250);
  });

  test("there is no grace where all have ended", async () => {
    const { outcome } = await statesOf(at(V6), at(V4, { delay: () => 15 }));
    expect(outcome.milliseconds).toBe(50);
  });

  test("each may end in its own way", async () => {
    const { outcome, states } = await statesOf(
      at(V6, { service: "unreachable" }),
      at(V4, { service: "refused" }),
      at(OTHER_V4, { service: "silent" }),
    );
    expect(states).toEqual([`${V6} EHOSTUNREACH`, `${V4} refused`, `${OTHER_V4} silent`]);
    expect([outcome.isOpen, outcome.obstacle, outcome.connection]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  test("one that refuses is told from one that is late, beside one that is open", async () => {
    const { outcome, states } = await statesOf(
      at(V6, { service: "refused", delay: () => 1 }),
      at(V4, { delay: () => 300 }),
    );
    expect(states).toEqual([`${V6} refused`, `${V4} open`]);
    expect(outcome.isOpen).toBe(true);
  });

  test("no more than 16 are knocked at, the first that this host would try", async () => {
    const many = Array.from({ length: 30 }, (_, n) => at(`198.51.100.${n}`));
    const { outcome, network } = await statesOf(...many);
    expect(outcome.addresses).toHaveLength(16);
    expect(new Set(network.sent.map(({ address }) => address))).toEqual(
      new Set(many.slice(0, 16).map(({ address }) => address)),
    );
  });

  test("many are no more than a few, and Node.js warns of nothing", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    const many = Array.from({ length: 30 }, (_, n) => at(`198.51.100.${n}`, { service: "silent" }));
    const { states } = await statesOf(...many);
    expect(new Set(states.map((state) => state.split(" ")[1]))).toEqual(new Set(["silent"]));
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });
});

describe("nowhere to knock at", () => {
  const obstacleTo = async (sites: readonly Site[], family?: "ipv4" | "ipv6") => {
    const network = new FakeNetwork(...sites);
    const outcome = await knockIn(network, POLICY, { family });
    expect(network.sent).toEqual([]);
    expect(outcome).toMatchObject({ isOpen: false, addresses: [], milliseconds: 0 });
    return outcome.obstacle;
  };

  test("a name without an address", async () => {
    expect(await obstacleTo([])).toBe(
      "gate.example.org has no address that can be found (ENOTFOUND)",
    );
  });

  test("a name without an address of the family that was asked for", async () => {
    expect(await obstacleTo([at(V4)], "ipv6")).toBe("gate.example.org has no address of ipv6");
  });

  test("addresses without a route", async () => {
    const sites = [at(V6, { hasRoute: false }), at(V4, { hasRoute: false })];
    expect(await obstacleTo(sites)).toBe(`there is no way from this host to ${V6}, ${V4}`);
  });
});
