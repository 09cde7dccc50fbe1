/** Steps drawn for a first policy: what they keep clear of, and that they are drawn evenly. */
import { describe, expect, test } from "vitest";
import { drawSequence, type FreshSequence, type Occupied } from "../../src/check/fresh.ts";
import { checkPolicy } from "../../src/check/index.ts";
import { targetAt } from "../../src/check/judge.ts";
import { isScannedByDefault } from "../../src/check/known-ports.ts";
import { likeliestList } from "../../src/check/listed.ts";
import { isMemorable } from "../../src/check/memorable.ts";
import { predictabilityOf } from "../../src/check/predictable.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { renderNewPolicy } from "../../src/view/new-policy.ts";
import { seededChance } from "../setup/chance.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";

const SEEDS = 300;

/** From 3 steps to 16. */
const COUNTS = 14;

/** As Linux has it out of the box. */
const EPHEMERAL = { first: 32768, last: 60999 };
const IDLE: Occupied = { ephemeral: EPHEMERAL, taken: new Set() };

function draw(seed: number, count = 4, occupied = IDLE): FreshSequence {
  const drawn = drawSequence(count, occupied, seededChance(seed));
  if (drawn === undefined) throw new Error("draw: there were no ports");
  return drawn;
}

const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
const portsOf = ({ steps }: FreshSequence) => steps.map(({ port }) => port);
const holds = ({ first, last }: { readonly first: number; readonly last: number }, port: number) =>
  first <= port && port <= last;
const isRising = (ports: readonly number[]) =>
  ports.every((port, n) => n === 0 || port > (ports[n - 1] ?? 0));

describe("a fresh sequence", () => {
  test("has nothing that a check would find, as the policy that init writes", () => {
    const door = policyOf("doors: { ssh: { protects: tcp/22 } }\n").doors[0];
    if (door === undefined) throw new Error("there is no door");
    // As many as nmap looks at by default, in an order of no meaning.
    const ports = Array.from({ length: 1009 }, (_, n) => ((n * 4099) % 65521) + 1);
    const commonPorts = { tcp: ports, udp: ports.toReversed() };
    const known = { commonPorts, chance: seededChance(0) };
    // Every number of steps seven times: a whole check takes far longer than a draw.
    for (const seed of seeds.slice(0, 7 * COUNTS)) {
      const { name, protects, openForSeconds } = door;
      const service = protects[0];
      if (service === undefined) throw new Error("there is no service");
      const text = renderNewPolicy({
        ...{ door: name, service, openForSeconds, process: "sshd", singleUse: false, trusted: [] },
        sequence: draw(seed, 3 + (seed % COUNTS)),
      });
      const placed = sure(parsePlacedPolicy(text, "policy.yaml"));
      expect({ seed, problems: checkPolicy(placed, known).problems }).toEqual({
        seed,
        problems: [],
      });
    }
  }, 120_000);

  test("has no step that scanners or people think of, and no list of ports opens it", () => {
    const [door] = policyOf("doors: { ssh: { protects: tcp/22 } }\n").doors;
    if (door === undefined) throw new Error("there is no door");
    for (const seed of seeds) {
      const drawn = draw(seed, 3 + (seed % COUNTS));
      const ports = portsOf(drawn);
      expect(ports.filter((port) => isScannedByDefault(port) || isMemorable(port))).toEqual([]);
      const written = `steps: [${drawn.steps.map((step) => `${step.protocol}/${step.port}`)}]`;
      const { first, last } = drawn.watch;
      const policy = policyOf(
        `doors: { ssh: { protects: tcp/22, sequence: { ${written}, watch: ${first}-${last} } } }`,
      );
      const sequence = policy.doors[0]?.sequence;
      if (sequence === undefined) throw new Error("there is no sequence");
      expect(predictabilityOf(sequence.steps)).toBeUndefined();
      expect(
        likeliestList(targetAt(policy, { ...door, sequence }, sequence), sequence),
      ).toBeUndefined();
    }
  });

  test.each([3, 4, 16])(
    "of %d steps has as many, to different ports, within its watch",
    (count) => {
      for (const seed of seeds) {
        const drawn = draw(seed, count);
        expect(new Set(portsOf(drawn)).size).toBe(count);
        for (const port of portsOf(drawn)) expect(holds(drawn.watch, port)).toBe(true);
      }
    },
  );

  test("neither rises nor falls, and has TCP and UDP", () => {
    for (const seed of seeds) {
      const drawn = draw(seed, 3);
      expect(isRising(portsOf(drawn))).toBe(false);
      expect(isRising(portsOf(drawn).toReversed())).toBe(false);
      expect(new Set(drawn.steps.map(({ protocol }) => protocol)).size).toBe(2);
    }
  });

  test("keeps clear of ports of system services and of the host's own connections", () => {
    for (const seed of seeds) {
      const { watch } = draw(seed);
      expect(watch.first).toBeGreaterThanOrEqual(1024);
      expect(watch.last < EPHEMERAL.first || watch.first > EPHEMERAL.last).toBe(true);
      expect(watch.last - watch.first).toBeGreaterThanOrEqual(4095);
    }
  });

  test("is watched where nothing listens", () => {
    const taken = new Set([1433, 3306, 5432, 8080, 11211, 20000]);
    for (const seed of seeds) {
      const { watch } = draw(seed, 4, { ephemeral: EPHEMERAL, taken });
      expect([...taken].filter((port) => holds(watch, port))).toEqual([]);
      expect(watch.last - watch.first).toBeGreaterThanOrEqual(4095);
    }
  });

  test("can be expected only in threes and more", () => {
    expect(() => drawSequence(2, IDLE, seededChance(1))).toThrow("2 steps can only go up or down");
  });
});

describe("where there is little room", () => {
  const every = (n: number) => new Set(Array.from({ length: 65536 / n + 2 }, (_, k) => k * n));

  test("the watch is narrower", () => {
    const { watch } = draw(1, 4, { ephemeral: EPHEMERAL, taken: every(1500) });
    expect(watch.last - watch.first + 1).toBeGreaterThanOrEqual(1024);
    expect(watch.last - watch.first + 1).toBeLessThan(1500);
  });

  test("something may listen in the watch, yet not at a step", () => {
    const taken = every(100);
    for (const seed of seeds) {
      const { steps, watch } = draw(seed, 16, { ephemeral: EPHEMERAL, taken });
      expect(steps.filter(({ port }) => taken.has(port))).toEqual([]);
      expect(watch.last - watch.first).toBeGreaterThanOrEqual(4095);
      expect(watch.last < EPHEMERAL.first || watch.first > EPHEMERAL.last).toBe(true);
    }
  });

  test("the ports of the host's own connections are better than none", () => {
    const ephemeral = { first: 1024, last: 65535 };
    expect(portsOf(draw(1, 4, { ephemeral, taken: new Set() }))).toHaveLength(4);
  });

  test("none at all is no sequence", () => {
    expect(
      drawSequence(4, { ephemeral: undefined, taken: every(1) }, seededChance(1)),
    ).toBeUndefined();
  });
});

describe("chance", () => {
  const DRAWS = 4000;
  const drawn = Array.from({ length: DRAWS }, (_, seed) => draw(seed));

  /** Of so many bins, all as likely, how far the counts are from even; the mean is bins - 1. */
  const unevenness = (counts: readonly number[]) => {
    const even = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    return counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0);
  };
  const binned = (bins: number, places: readonly number[]) => {
    const counts = new Array<number>(bins).fill(0);
    for (const place of places)
      counts[Math.floor(place * bins)] = (counts[Math.floor(place * bins)] ?? 0) + 1;
    return counts;
  };
  /** Where a port is among those that there are, 0 to 1. */
  const placeOf = (port: number) => {
    const low = EPHEMERAL.first - 1024;
    const high = 65535 - EPHEMERAL.last;
    return (port < EPHEMERAL.first ? port - 1024 : low + port - EPHEMERAL.last - 1) / (low + high);
  };

  // With 31 degrees of freedom 1 of 1,000 is above 61. Steps of a sequence keep together, so
  // each is counted by itself.
  test.each([0, 1, 2, 3])("every port is as likely as any other at step %d", (n) => {
    const places = drawn.map(({ steps }) => placeOf(steps[n]?.port ?? 0));
    expect(unevenness(binned(32, places))).toBeLessThan(61);
  });

  test("where a step lies says nothing of where the next one lies in the watch", () => {
    const cells = drawn.map(({ steps, watch }) => {
      const [a = 0, b = 0] = steps.map(
        ({ port }) => ((port - watch.first) / (watch.last - watch.first + 1)) * 4,
      );
      return (Math.floor(a) * 4 + Math.floor(b)) / 16;
    });
    // Those that only rise or fall are drawn again, which is felt by 1 in 12.
    const least = Math.min(...binned(16, cells));
    const most = Math.max(...binned(16, cells));
    expect(least).toBeGreaterThan((DRAWS / 16) * 0.75);
    expect(most).toBeLessThan((DRAWS / 16) * 1.25);
  });

  test("TCP and UDP come equally often", () => {
    const tcp = drawn.filter(({ steps }) => steps[0]?.protocol === "tcp").length;
    expect(Math.abs(tcp - DRAWS / 2)).toBeLessThan(DRAWS * 0.03);
  });

  test("the same chance draws the same steps, and another one others", () => {
    expect(draw(7)).toEqual(draw(7));
    expect(new Set(drawn.map((one) => portsOf(one).join())).size).toBe(DRAWS);
  });
});
