import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicy, type DoorReport, judgeDoor, type Remedy } from "../../src/check/index.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Door, Policy, Step } from "../../src/policy/policy.ts";
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
    [
      "another order",
      "steps: [51010, 52020, 53040], watch: 40001-45000",
      "steps: [51010, 53040, 52020]",
    ],
    [
      "a wider watch where no other order is enough",
      "steps: [51001, 51002, 51004], watch: 51001-51004",
      "steps: [51001, 51002, 51004]\nwatch: 50501-51504",
    ],
    [
      "a wider watch alone against who guesses",
      "steps: [51030, 51010, 51021], watch: 51001-51040",
      "steps: [51030, 51010, 51021]\nwatch: 50501-51540",
    ],
    [
      "ports that lie at the end of all ports",
      "steps: [65531, 65532, 65534]",
      "steps: [65531, 65532, 65534]\nwatch: 63531-65535",
    ],
  ])("%s", (_, sequence, expected) => {
    expect(remedyOf(sequence)).toBe(expected);
  });

  test("more steps where one was all, in the words of the first", () => {
    for (const kind of ["", "tcp/", "udp/"]) {
      const [steps = "", watch] = (remedyOf(`steps: [${kind}51001]`) ?? "").split("\n");
      expect(watch).toBe("watch: 50501-51501");
      const words = steps.slice("steps: [".length, -1).split(", ");
      expect(words).toHaveLength(3);
      expect(words).toContain(`${kind}51001`);
      expect(words.every((word) => new RegExp(`^${kind}\\d+$`).test(word))).toBe(true);
      expect(new Set(words).size).toBe(3);
    }
  });

  test("pings alone are helped by ports", () => {
    expect(remedyOf("steps: [ping/63]")).toMatch(/^steps: \[.*ping\/63.*\]\nwatch: 19500-30499$/);
  });

  test("sixteen steps that count up come in an order that does not", () => {
    const steps = Array.from({ length: 16 }, (_, index) => 30_001 + index + (index > 7 ? 1 : 0));
    const remedy = remedyOf(`steps: [${steps}], watch: 29001-29002`) ?? "";
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

/** The steps that are none of the remedy's; one that is there twice has to be there twice. */
function lostSteps({ steps }: Remedy, before: readonly Step[]): string[] {
  const kept = steps.map(printStep);
  return before.map(printStep).filter((step) => {
    const index = kept.indexOf(step);
    if (index !== -1) kept.splice(index, 1);
    return index === -1;
  });
}

function pasted({ text }: Remedy, { name, sequence }: Door): PlacedPolicy {
  const own = `watch: ${sequence?.watch?.first ?? 1}-${sequence?.watch?.last ?? 1}`;
  const lines = text.includes("watch") ? text : `${text}\n${own}`;
  const policy = `doors:\n  ${name}:\n    protects: tcp/9\n    sequence:\n${lines.replace(/^/gm, "      ")}\n`;
  return sure(parsePlacedPolicy(policy, "pasted.yaml"));
}

test("a remedy that is pasted passes the whole check, and keeps every step or none", () => {
  const mended = { kept: 0, drawn: 0 };
  fc.assert(
    fc.property(weakPolicies, ({ policy }) => {
      for (const door of policy.doors) {
        const { remedy } = judgeDoor(policy, door, KNOWN);
        if (remedy === undefined) continue;
        mended[remedy.isDrawn ? "drawn" : "kept"] += 1;
        if (!remedy.isDrawn) expect(lostSteps(remedy, door.sequence?.steps ?? [])).toEqual([]);
        expect(checkPolicy(pasted(remedy, door), KNOWN).problems).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
  expect(mended.kept + mended.drawn).toBeGreaterThan(20);
});

test("a door for which there was a problem has a remedy, and what is said is the same every time", () => {
  const withoutRemedies = ({ doors, problems }: ReturnType<typeof checkPolicy>) => ({
    doors: doors.map(({ remedy, ...rest }) => ({ ...rest, isMended: remedy !== undefined })),
    problems: problems.map(({ fix, ...rest }) => rest),
  });
  fc.assert(
    fc.property(weakPolicies, (placed) => {
      const findings = checkPolicy(placed, KNOWN);
      const mended = findings.doors.filter(({ remedy }) => remedy !== undefined);
      expect(mended).toHaveLength(findings.problems.length);
      expect(withoutRemedies(checkPolicy(placed, KNOWN))).toEqual(withoutRemedies(findings));
    }),
    { numRuns: 30 },
  );
});

describe("steps that people or scanners think of", () => {
  const GUESSED = [
    "80, 443, 8080",
    "2222, 3333, 4444",
    "udp/51003, tcp/51002, 51001",
    "12345, 54321, 24680, 13579",
    "ping/56, 80, 443",
  ];

  test.each(GUESSED)(
    "%s: nothing is left of them, and nobody can work out the new ones",
    (steps) => {
      const policy = policyOf(
        `doors: { ssh: { protects: tcp/22, sequence: { steps: [${steps}] } } }`,
      );
      const [first, second] = [KNOWN, KNOWN].map((known) => {
        const [door] = policy.doors;
        if (door === undefined) throw new Error("no door");
        return judgeDoor(policy, door, known).remedy;
      });
      expect(first?.isDrawn).toBe(true);
      expect(first?.steps.length).toBeGreaterThanOrEqual(3);
      expect(first?.text).not.toBe(second?.text);
      const old = steps.split(", ").map((step) => step.replace(/^.*\//, ""));
      const fresh = (first?.steps ?? []).map((step) => printStep(step).replace(/^.*\//, ""));
      expect(fresh.filter((port) => old.includes(port))).toEqual([]);
    },
  );

  test("where nothing else is free there is none", () => {
    const all = "protects: [tcp/1-65535], sequence: { steps: [ping/56] }";
    expect(reportsOf(policyOf(`doors: { ssh: { ${all} } }`))[0]?.remedy).toBeUndefined();
  });
});
