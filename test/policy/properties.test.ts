/** What holds for every text. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { CODES } from "../../src/policy/codes.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { inOrder } from "../../src/problem/order.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { renderProblem } from "../../src/problem/render.ts";
import { spoiltText, validPolicy, yamlSoup } from "./arbitrary.ts";

const texts: readonly (readonly [name: string, arbitrary: fc.Arbitrary<string>, runs: number])[] = [
  ["characters", fc.string({ unit: "binary", maxLength: 80 }), 300],
  [
    "code units",
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
      .map((units) => String.fromCharCode(...units)),
    300,
  ],
  ["YAML's signs", yamlSoup, 1200],
  ["policies with a fault put in", spoiltText, 600],
];

const CODE_NAMES: readonly string[] = CODES;

describe.each(texts)("of %s", (_name, arbitrary, numRuns) => {
  test("no text makes the parser throw, and each is a policy or has a problem", () => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        const result = parsePolicy(text, "policy.yaml");
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns },
    );
  });

  test("every problem is of a known kind, and its mark lies within its line", () => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        const lines = text.split("\n");
        for (const { code, place } of problemsOf(text)) {
          expect(CODE_NAMES).toContain(code);
          if (place === undefined) throw new Error(`${code} has no place`);
          expect(place.text).toBe(lines[place.line - 1]?.replace(/\r$/, ""));
          expect(place.column).toBeGreaterThanOrEqual(1);
          expect(place.length).toBeGreaterThanOrEqual(1);
          // What is missing at the end of a line is marked right after it.
          expect(place.column - 1 + place.length).toBeLessThanOrEqual(place.text.length + 1);
        }
      }),
      { numRuns },
    );
  });

  test("problems come in the order of their places, none of them twice", () => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        const problems = problemsOf(text);
        expect(problems).toEqual(inOrder(problems));
        expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(
          problems.length,
        );
      }),
      { numRuns },
    );
  });

  test("what is shown of a problem moves no cursor", () => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        for (const problem of problemsOf(text)) {
          const shown = renderProblem(problem, { colour: false });
          expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(shown.split("\n")).toHaveLength(4);
        }
      }),
      { numRuns: numRuns / 4 },
    );
  });
});

test("what is valid by construction is accepted, as JSON and as YAML, with one meaning", () => {
  fc.assert(
    fc.property(validPolicy, (policy) => {
      const json = parsePolicy(JSON.stringify(policy), "policy.json");
      const yaml = parsePolicy(stringify(policy, { version: "1.1" }), "policy.yaml");
      expect(json).toMatchObject({ ok: true });
      expect(yaml).toEqual(json);
    }),
    { numRuns: 200 },
  );
});

test("two doors are told to protect a port twice exactly when they share a port and an address", () => {
  const port = fc.integer({ min: 1, max: 12 });
  const prefix = fc.constantFrom(
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.3",
    "10.1.2.4",
    "fd00::/16",
    "fd00::1",
  );
  const door = fc.record({
    protocol: fc.constantFrom("tcp", "udp"),
    ports: fc.tuple(port, port).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    destinations: fc.option(fc.tuple(prefix), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(door, { minLength: 2, maxLength: 6 }), (doors) => {
      const text = JSON.stringify({
        doors: Object.fromEntries(
          doors.map(({ protocol, ports: [first, last], destinations }, index) => [
            `d${index}`,
            { protects: `${protocol}/${first}-${last}`, destinations },
          ]),
        ),
      });
      const meet = doors.some((a, i) =>
        doors.slice(i + 1).some((b) => shareAPort(a, b) && shareAnAddress(a, b)),
      );
      expect(problemsOf(text).some(({ code }) => code === "protected-twice")).toBe(meet);
    }),
    { numRuns: 500 },
  );
});

interface TestDoor {
  readonly protocol: string;
  readonly ports: readonly [number, number];
  readonly destinations: readonly string[] | undefined;
}

function shareAPort(a: TestDoor, b: TestDoor): boolean {
  const ports = Array.from({ length: 12 }, (_, index) => index + 1);
  const has = ({ ports: [first, last] }: TestDoor, port: number) => first <= port && port <= last;
  return a.protocol === b.protocol && ports.some((port) => has(a, port) && has(b, port));
}

/** Prefixes of this test meet exactly when one's text begins like the other's without its zeros. */
function shareAnAddress(a: TestDoor, b: TestDoor): boolean {
  const [one] = a.destinations ?? [];
  const [other] = b.destinations ?? [];
  if (one === undefined || other === undefined) return true;
  const head = (text: string) => text.replace(/(\.0)*\/\d+$|::.*/, "");
  if (one === other) return true;
  const isWide = (text: string) => text.includes("/");
  return (
    (isWide(one) && other.startsWith(head(one))) || (isWide(other) && one.startsWith(head(other)))
  );
}

function problemsOf(text: string): readonly Problem[] {
  const result = parsePolicy(text, "policy.yaml");
  return result.ok ? [] : result.problems;
}
