import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicy, type DoorReport, judgeDoor } from "../../src/check/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { printStep } from "../../src/policy/value/step.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { KNOWN } from "./scanners.ts";
import { weakPolicies } from "./weak-policies.ts";

function reportsOf(policy: Policy): DoorReport[] {
  return policy.doors.map((door) => judgeDoor(policy, door, KNOWN));
}

function remedyOf(sequence: string, others = ""): string | undefined {
  const [report] = reportsOf(
    policyOf(`doors: { ssh: { protects: tcp/22, sequence: { ${sequence} } }${others} }`),
  );
  return report?.remedy?.text;
}

describe("the least change that helps", () => {
  test.each([
    ["nothing to mend", "steps: [51001, udp/54040, tcp/52777]", undefined],
    ["another order", "steps: [51001, 52001, 53001]", "steps: [51001, 53001, 52001]"],
    [
      "another order, and a wider watch where none is enough",
      "steps: [51001, 51002, 51003]",
      "steps: [51001, 51003, 51002]\nwatch: 50501-51503",
    ],
    [
      "a wider watch alone against who guesses",
      "steps: [51030, 51010, 51020], watch: 51001-51040",
      "steps: [51030, 51010, 51020]\nwatch: 50501-51540",
    ],
    [
      "ports that lie at the end of all ports",
      "steps: [65533, 65534, 65535]",
      "steps: [65533, 65535, 65534]\nwatch: 63533-65535",
    ],
  ])("%s", (_, sequence, expected) => {
    expect(remedyOf(sequence)).toBe(expected);
  });

  test("more steps where one was all: far apart, in the words of the first", () => {
    for (const kind of ["", "tcp/", "udp/"]) {
      const [steps = "", watch] = (remedyOf(`steps: [${kind}51001]`) ?? "").split("\n");
      expect(watch).toBe("watch: 50501-51501");
      const words = steps.slice("steps: [".length, -1).split(", ");
      expect(words).toHaveLength(3);
      expect(words).toContain(`${kind}51001`);
      const ports = words.map((word) => Number(word.slice(kind.length))).sort((a, b) => a - b);
      expect(words.every((word) => word.startsWith(kind))).toBe(true);
      expect((ports[1] ?? 0) - (ports[0] ?? 0)).toBeGreaterThan(50);
      expect((ports[2] ?? 0) - (ports[1] ?? 0)).toBeGreaterThan(50);
    }
  });

  test("pings alone are helped by ports", () => {
    expect(remedyOf("steps: [ping/63]")).toMatch(/^steps: \[.*ping\/63.*\]\nwatch: 19500-30499$/);
  });

  test("sixteen steps in a row come in an order without a row", () => {
    const steps = Array.from({ length: 16 }, (_, index) => 30_000 + index);
    const remedy = remedyOf(`steps: [${steps}]`) ?? "";
    expect(remedy.match(/\d{5}/g)?.map(Number).toSorted()).toEqual(steps);
    expect(remedy).not.toContain("watch");
  });

  test("no new step is a port that a door protects, or a step of another", () => {
    const taken = Array.from({ length: 1001 }, (_, index) => 50_501 + index).filter(
      (port) => port % 7 !== 0 && port !== 51_001,
    );
    const others = `, web: { protects: [${taken.slice(500).map((p) => `tcp/${p}`)}] }`;
    const steps = taken.slice(0, 500);
    const more = Array.from({ length: Math.ceil(steps.length / 16) }, (_, index) => {
      const few = steps.slice(index * 16, index * 16 + 16);
      return `, d${index}: { protects: tcp/${100 + index}, sequence: { steps: [${few}] } }`;
    }).join("");
    const remedy = remedyOf("steps: [51001]", others + more) ?? "";
    const ports = remedy.split("\n")[0]?.match(/\d{5}/g)?.map(Number) ?? [];
    expect(ports).toHaveLength(3);
    expect(ports.filter((port) => taken.includes(port))).toEqual([]);
  });
});

test("a remedy that is pasted passes the whole check, and keeps every step", () => {
  let mended = 0;
  fc.assert(
    fc.property(weakPolicies, ({ policy }) => {
      for (const [index, door] of policy.doors.entries()) {
        const { remedy, door: name } = judgeDoor(policy, door, KNOWN);
        if (remedy === undefined || door.sequence === undefined) continue;
        mended += 1;
        const kept = remedy.steps.map(printStep);
        for (const step of door.sequence.steps.map(printStep)) {
          expect(kept).toContain(step);
          kept.splice(kept.indexOf(step), 1);
        }
        const own = `watch: ${door.sequence.watch?.first ?? 1}-${door.sequence.watch?.last ?? 1}`;
        const text = remedy.text.includes("watch") ? remedy.text : `${remedy.text}\n${own}`;
        const pasted = `doors:\n  ${name}:\n    protects: tcp/9\n    sequence:\n${text.replace(/^/gm, "      ")}\n`;
        const placed = sure(parsePlacedPolicy(pasted, "pasted.yaml"));
        expect(checkPolicy(placed, KNOWN).problems, `${index}`).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
  expect(mended).toBeGreaterThan(20);
});

test("a door for which there was a problem has a remedy, the same every time", () => {
  fc.assert(
    fc.property(weakPolicies, (placed) => {
      const { doors, problems } = checkPolicy(placed, KNOWN);
      expect(doors.filter(({ remedy }) => remedy !== undefined)).toHaveLength(problems.length);
      expect(checkPolicy(placed, KNOWN)).toEqual({ doors, problems });
    }),
    { numRuns: 30 },
  );
});
