/** By its port a packet gets to exactly the chains that are for it, and soon. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Arrival, dispatch } from "../../src/compile/dispatch.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { Chain, Match, Program, Rule } from "../../src/program/index.ts";
import { MEMORIES, policyOf, programOf } from "../setup/policy.ts";
import { chainNamed } from "./programs.ts";

interface Way {
  /** The chains at its end, in order. */
  readonly arrivedAt: readonly string[];
  readonly comparisons: number;
}

/** The way of a packet of this protocol with this destination port through comparisons of ports. */
function wayOf(
  rules: readonly Rule[],
  chains: readonly Chain[],
  port: number,
  protocol: "tcp" | "udp" = "tcp",
): Way {
  const arrivedAt: string[] = [];
  let comparisons = 0;
  // Those are for IPv6 alone.
  for (const { when, to } of rules.filter((rule) => !asksForHeaders(rule))) {
    comparisons += 1;
    if (!when.every((match) => holds(match, port, protocol))) continue;
    if (to.kind !== "jump" && to.kind !== "goto") throw new Error(`wayOf: a rule to ${to.kind}`);
    const next = chains.find(({ name }) => name === to.chain);
    const way =
      next === undefined
        ? { arrivedAt: [to.chain], comparisons: 0 }
        : wayOf(next.rules, chains, port, protocol);
    arrivedAt.push(...way.arrivedAt);
    comparisons += way.comparisons;
    if (to.kind === "goto") break;
  }
  return { arrivedAt, comparisons };
}

function asksForHeaders({ when }: Rule): boolean {
  return when.some(({ kind }) => kind === "ipv6-headers");
}

/** Anything but a plain comparison has no place on the way of every packet. */
function holds(match: Match, port: number, protocol: "tcp" | "udp"): boolean {
  switch (match.kind) {
    case "to-port":
      return port >= match.first && port <= match.last;
    case "interface":
      return true;
    case "protocol":
      return match.is === protocol;
    default:
      throw new Error(`holds: every packet meets a match of kind ${match.kind}`);
  }
}

const arrivals = fc
  .array(
    fc
      .tuple(fc.integer({ min: 1, max: 300 }), fc.oneof(fc.constant(0), fc.nat({ max: 40 })))
      .map(([first, length]) => ({ first, last: first + length })),
    { maxLength: 120 },
  )
  .map((ranges) => ranges.map((ports, n): Arrival => ({ ports, chain: `to_${n}` })));

describe("of any ranges of ports", () => {
  test("a packet arrives once at each that holds its port, and nowhere else", () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const { rules, chains } = dispatch("ports", all);
        for (let port = 0; port <= 345; port++) {
          const { arrivedAt } = wayOf(rules, chains, port);
          const wanted = all.filter(({ ports }) => port >= ports.first && port <= ports.last);
          expect(arrivedAt.toSorted()).toEqual(wanted.map(({ chain }) => chain).toSorted());
        }
      }),
      { numRuns: 200 },
    );
  });

  test("no list of comparisons is longer than 8, and the names of the lists differ", () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const { rules, chains } = dispatch("ports", all);
        expect(Math.max(rules.length, ...chains.map((chain) => chain.rules.length))).toBeLessThan(
          9,
        );
        expect(new Set(chains.map(({ name }) => name)).size).toBe(chains.length);
      }),
    );
  });
});

describe("ranges beside each other", () => {
  const ranges = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ ports: { first: n, last: n }, chain: `to_${n}` }));
  const shape = (count: number) => {
    const { rules, chains } = dispatch("ports", ranges(count));
    return { rules: rules.length, chains: chains.length };
  };

  test("are one list if they are three, one list behind a comparison up to 8, and then a tree", () => {
    expect(shape(3)).toEqual({ rules: 3, chains: 0 });
    expect(shape(4)).toEqual({ rules: 1, chains: 1 });
    expect(shape(8)).toEqual({ rules: 1, chains: 1 });
    expect(shape(9)).toEqual({ rules: 1, chains: 5 });
  });

  test("keep a packet that came to one from the comparisons behind it", () => {
    const { rules, chains } = dispatch("ports", ranges(64));
    expect(wayOf(rules, chains, 0)).toEqual({ arrivedAt: ["to_0"], comparisons: 3 });
  });
});

test("ranges far from each other are not behind one comparison: who is between them passes", () => {
  const ports = [22, 2000, 2001, 2002, 2003, 40_000];
  const all = ports.map((first) => ({ ports: { first, last: first }, chain: `to_${first}` }));
  const { rules, chains } = dispatch("ports", all);
  expect(wayOf(rules, chains, 443)).toEqual({ arrivedAt: [], comparisons: 3 });
  expect(wayOf(rules, chains, 2003)).toEqual({ arrivedAt: ["to_2003"], comparisons: 7 });
});

/** Doors with steps here and there, as a person would write them, over ports 1000 and up. */
function policyOfDoors(count: number): Policy {
  const doors = Array.from({ length: count }, (_, n) => {
    const [protects, steps] = [1000 + 7 * n, [20_000 + 40 * n, 20_013 + 40 * n, 20_029 + 40 * n]];
    return `  door-${n}: { protects: tcp/${protects}, sequence: { steps: [${steps}] } }`;
  });
  return policyOf(`doors:\n${doors.join("\n")}\n`);
}

function entryOf(program: Program): Rule[] {
  return [...(program.chains[0]?.rules ?? [])];
}

describe.each(MEMORIES)("of 200 doors in a gate that remembers %s", (memory) => {
  const program = compilePolicy(policyOfDoors(200), {}, memory);
  const tree = program.chains.filter(({ name }) => /^(knocks|services)(_|$)/.test(name));
  const way = (port: number) => wayOf(entryOf(program), tree, port);

  test.each([1, 443, 999, 28_500, 32_768, 60_999, 65_535])(
    "a packet to port %d, which is outside of theirs, meets two comparisons",
    (port) => {
      expect(way(port)).toEqual({ arrivedAt: [], comparisons: 2 });
    },
  );

  test("a packet to any port at all meets at most 40", () => {
    const most = Math.max(...Array.from({ length: 65_536 }, (_, port) => way(port).comparisons));
    expect(most).toBeLessThanOrEqual(40);
  });

  test("a packet to a door or to a step comes to it alone", () => {
    expect(way(1000).arrivedAt).toEqual(["door_door-0"]);
    expect(way(1000 + 7 * 199).arrivedAt).toEqual(["door_door-199"]);
    expect(way(20_000 + 40 * 7).arrivedAt).toEqual(["knock_door-7"]);
    expect(way(20_029 + 40 * 7).arrivedAt).toEqual(["knock_door-7"]);
    expect(way(20_030 + 40 * 7).arrivedAt).toEqual([]);
  });
});

describe.each(MEMORIES)("an ordinary packet, in a gate that remembers %s,", (memory) => {
  const met = (text: string, port: number) => wayOf(entryOf(programOf(text, memory)), [], port);

  test("meets two comparisons where there is one door", () => {
    const text = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }";
    expect(met(text, 443)).toEqual({ arrivedAt: [], comparisons: 2 });
  });

  test("meets those of its interface as well, where interfaces are named", () => {
    const text =
      "interfaces: [eth0]\ndoors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }";
    const program = programOf(text, memory);
    expect(wayOf(entryOf(program), [chainNamed(program, "gate")], 443).comparisons).toBe(3);
  });

  test("meets two more where pings are steps", () => {
    const text = "doors: { ssh: { protects: tcp/22, sequence: { steps: [ping/63, 54040] } } }";
    expect(met(text, 443).comparisons).toBe(4);
  });
});

describe("where sources are remembered, and a door gives back what it lets pass", () => {
  const arrivedAt = (text: string, port: number, protocol: "tcp" | "udp") => {
    const program = compilePolicy(policyOf(text), {}, "sources");
    const tree = program.chains.filter(({ name }) => /^(knocks|services)(_|$)/.test(name));
    return wayOf(entryOf(program), tree, port, protocol).arrivedAt;
  };
  const dns = (protects: string) =>
    `doors: { dns: { protects: ${protects}, sequence: { steps: [tcp/1000, udp/40010, 40020], watch: 40000-40100 } } }`;

  test("a packet comes once to a door that has its port over TCP and UDP", () => {
    for (const protocol of ["tcp", "udp"] as const) {
      expect(arrivedAt(dns("[tcp/53, udp/53]"), 53, protocol)).toEqual(["door_dns"]);
    }
  });

  test("a packet of another protocol than the door's or the step's comes nowhere", () => {
    expect(arrivedAt(dns("tcp/53"), 53, "tcp")).toEqual(["door_dns"]);
    expect(arrivedAt(dns("tcp/53"), 53, "udp")).toEqual([]);
    expect(arrivedAt(dns("tcp/53"), 1000, "tcp")).toEqual(["steps_dns"]);
    expect(arrivedAt(dns("tcp/53"), 1000, "udp")).toEqual([]);
  });

  test("of many doors, too", () => {
    const doors = Array.from(
      { length: 20 },
      (_, n) => `  door-${n}: { protects: [${n < 10 ? "tcp" : "udp"}/${100 + n}, tcp/${300 + n}] }`,
    );
    const text = `doors:\n${doors.join("\n")}\n`;
    expect(arrivedAt(text, 105, "tcp")).toEqual(["door_door-5"]);
    expect(arrivedAt(text, 105, "udp")).toEqual([]);
    expect(arrivedAt(text, 115, "udp")).toEqual(["door_door-15"]);
    expect(arrivedAt(text, 315, "tcp")).toEqual(["door_door-15"]);
  });
});

test("where connections are remembered, a port of TCP and UDP is one comparison", () => {
  const text = "doors: { dns: { protects: [tcp/53, udp/53] } }";
  expect(wayOf(entryOf(compilePolicy(policyOf(text))), [], 53)).toEqual({
    arrivedAt: ["door_dns"],
    comparisons: 1,
  });
});
