/** How long to wait: in numbers. */
import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/client/knock/pace.ts";
import type { Packet } from "../../../src/client/knock/packet.ts";
import type { Port } from "../../../src/policy/policy.ts";
import { FakeNetwork } from "../fake-network.ts";
import { knockIn, withSteps } from "./errand.ts";

const PING: Packet = { kind: "ping", payloadBytes: 63 };
const HTTP: Packet = {
  ...{ kind: "token", carrier: { kind: "http", port: 80 as Port } },
  ...{ token: Buffer.alloc(16), host: "gate" },
};

function heard(...roundTrips: readonly number[]): Pace {
  const pace = new Pace(10);
  for (const roundTrip of roundTrips) pace.hear(roundTrip);
  return pace;
}

describe("after a packet", () => {
  test.each([
    [[], 5, 100],
    [[0.2], 2, 50],
    [[20], 5, 50],
    [[200], 10, 250],
    [[5000], 10, 1000],
    [[300, 20, 90], 5, 50],
  ])("with round trips of %j ms: %d ms, and %d ms with care", (roundTrips, quick, careful) => {
    const pace = heard(...roundTrips);
    expect(pace.pauseAfter("quick")).toBe(quick);
    expect(pace.pauseAfter("careful")).toBe(careful);
    expect(pace.pauseAfter("none")).toBe(0);
  });

  test("that has not left yet there is time for a program to start, or for a connection", () => {
    expect(heard(20).leavePause(PING)).toBe(2000);
    expect([heard().leavePause(HTTP), heard(100).leavePause(HTTP)]).toEqual([350, 200]);
  });

  test("never more than a quarter of what the door allows between two steps", () => {
    const pace = new Pace(1);
    pace.hear(5000);
    expect([pace.pauseAfter("careful"), pace.leavePause(PING)]).toEqual([250, 250]);
  });
});

describe("for a connection", () => {
  test.each([
    [[], [350, 700], [350, 700, 1500]],
    [[1], [30, 60], [30, 60, 1500]],
    [[100], [200, 400], [200, 400, 1500]],
    [[600], [1200, 2400], [1200, 2400, 4800]],
  ])("with round trips of %j ms: %j ms, and %j ms with care", (roundTrips, quick, careful) => {
    const pace = heard(...roundTrips);
    expect(pace.connectPauses("brief")).toEqual(quick.slice(0, 1));
    expect(pace.connectPauses("quick")).toEqual(quick);
    expect(pace.connectPauses("careful")).toEqual(careful);
  });
});

test("with 1s between steps no packet is sent later than a quarter of that time after the one before, however long the way", async () => {
  const policy = withSteps("tcp/21001, udp/24040, 22777", { within: "1s" });
  for (const delay of [1, 100, 450, 2000]) {
    const network = new FakeNetwork({
      ...{ address: "203.0.113.5", policy, others: "refused", service: "silent" },
      delay: () => delay,
    });
    await knockIn(network, policy);
    const steps = network.sent.filter(({ packet }) => packet !== "tcp/22");
    const gaps = steps.map(({ at }, n) => at - (steps[n - 1]?.at ?? at));
    // But for the first of the second try.
    expect(gaps.filter((gap) => gap > 250).length).toBeLessThan(2);
  }
});

test("a door with little patience opens from far away, also if packets are lost", async () => {
  const policy = withSteps("tcp/21001, ping/63, udp/24040", { within: "1s" });
  for (const lost of [[], [1, 3, 5], [1, 2], [2, 3], [5, 6]]) {
    const network = new FakeNetwork({
      ...{ address: "203.0.113.5", policy, others: "refused" },
      delay: () => 450,
      isLost: (n) => lost.includes(n),
    });
    expect((await knockIn(network, policy)).isOpen).toBe(true);
  }
});
