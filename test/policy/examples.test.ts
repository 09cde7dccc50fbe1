/** Every policy in examples/ can be put to work as it is. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BAN, DOOR, POLICY, SEQUENCE, SIGNED, TOKEN } from "../../src/policy/keys.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Policy, Sequence } from "../../src/policy/policy.ts";

const FOLDER = new URL("../../examples/", import.meta.url);
const examples = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));

function read(name: string): Policy {
  const result = parsePolicy(textOf(name), name);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 2));
  return result.value;
}

function textOf(name: string): string {
  return readFileSync(new URL(name, FOLDER), "utf8");
}

function sequencesOf(policy: Policy): Sequence[] {
  return policy.doors.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
}

test.each(examples)("%s has no problems", (name) => {
  expect(read(name).doors.length).toBeGreaterThan(0);
});

test.each(examples)("%s begins with a comment that says what it is for", (name) => {
  expect(textOf(name)).toMatch(/^# \S/);
});

test.each(examples)(
  "no step sequence of %s is one that a scan upwards or downwards makes",
  (name) => {
    for (const { steps } of sequencesOf(read(name))) {
      const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
      const upwards = ports.toSorted((a, b) => a - b);
      // One port alone is in every order; pings between them keep a scan out.
      if (ports.length < steps.length) continue;
      expect(ports).not.toEqual(upwards);
      expect(ports).not.toEqual(upwards.toReversed());
    }
  },
);

test("everything.yaml names every key that there is", () => {
  const text = textOf("everything.yaml");
  for (const { keys } of [POLICY, DOOR, SEQUENCE, SIGNED, TOKEN, BAN]) {
    for (const key of Object.keys(keys)) expect(text).toMatch(new RegExp(`^\\s*${key}:`, "m"));
  }
});

test("smallest.yaml has five lines besides its comments", () => {
  const lines = textOf("smallest.yaml").trim().split("\n");
  expect(lines.filter((line) => !line.startsWith("#"))).toHaveLength(5);
});

test("router.yaml has two doors on one port, told apart by destinations", () => {
  const doors = read("router.yaml").doors.filter(({ protects }) =>
    protects.some(({ ports }) => ports.first === 22),
  );
  expect(doors.map(({ name }) => name)).toEqual(["web-ssh", "mail-ssh"]);
});
