/** How often init draws, which draw it takes, and which it refuses. */
import { describe, expect, test } from "vitest";
import { type Choices, withDefaults } from "../../src/cli/init/choices.ts";
import { type Draft, draftPolicy } from "../../src/cli/init/draft.ts";
import type { Facts } from "../../src/cli/init/facts.ts";
import { labelOf, offersOf } from "../../src/cli/init/offers.ts";
import { parseEndpoint } from "../../src/gate/listeners.ts";
import type { Problem, Result } from "../../src/problem/problem.ts";
import { sure } from "../setup/sure.ts";

function listenerAt(endpoint: string, process: string | undefined) {
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) throw new Error(`listenerAt: ${endpoint}`);
  const common = { protocol: "tcp", isEveryAddress: true, isLoopback: false } as const;
  return { ...common, ...parsed, process };
}

const FACTS: Facts = {
  listeners: [listenerAt("0.0.0.0:22", undefined), listenerAt("[::]:22", "sshd")],
  session: undefined,
  ephemeral: undefined,
  address: undefined,
};
const CHOICES: Choices = sure(withDefaults({}, FACTS));

function problem(code: string, severity: Problem["severity"] = "warning"): Problem {
  return { code, severity, what: code, fix: "" };
}

/** What comes of it where a check finds this in each draw; the last goes for all that follow. */
async function draft(...findings: readonly (readonly Problem[])[]) {
  let draws = 0;
  const drafted: Result<Draft> = await draftPolicy(CHOICES, FACTS, {
    file: "policy.yaml",
    chance: (below) => Math.floor(Math.random() * below),
    check: () => Promise.resolve(findings[Math.min(draws++, findings.length - 1)] ?? []),
  });
  const codes = (drafted.ok ? drafted.value : drafted).problems.map(({ code }) => code);
  return { ok: drafted.ok, draws, codes };
}

describe("init", () => {
  test("draws once where nothing is found", async () => {
    expect(await draft([])).toEqual({ ok: true, draws: 1, codes: [] });
  });

  test.each([
    "opened-by-scan",
    "predictable-steps",
    "easily-guessed",
    "watch-over-ephemeral",
    "watch-over-service",
  ])("draws again for %s", async (code) => {
    expect(await draft([problem(code)], [problem(code)], [])).toEqual({
      ok: true,
      draws: 3,
      codes: [],
    });
  });

  test("does not draw again for what other steps would not mend, and tells it", async () => {
    const found = [
      problem("nothing-listens"),
      problem("you-must-knock"),
      problem("others-must-knock"),
    ];
    expect(await draft(found)).toEqual({ ok: true, draws: 1, codes: ["nothing-listens"] });
  });

  test("gives up after ten draws, takes the best of them, and tells what is left", async () => {
    const bad = problem("watch-over-service");
    expect(await draft([bad, bad], [bad], [bad, bad])).toEqual({
      ok: true,
      draws: 10,
      codes: ["watch-over-service"],
    });
  });

  test("writes nothing that has an error", async () => {
    const found = [problem("easily-guessed", "error"), problem("nothing-listens")];
    expect(await draft(found)).toEqual({ ok: false, draws: 10, codes: ["easily-guessed"] });
  });
});

test("of two listeners at a port the one with a name is shown", () => {
  const { listeners } = FACTS;
  for (const order of [listeners, listeners.toReversed()]) {
    expect(offersOf(order).map(labelOf)).toEqual(["tcp/22     sshd"]);
  }
});
