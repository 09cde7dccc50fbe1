import { expect, test } from "vitest";
import { fail, ok } from "../../src/problem/problem.ts";

test("a result is a value", () => {
  expect(ok(5)).toEqual({ ok: true, value: 5 });
});

test("or the problems that stand in its way", () => {
  const problem = { code: "c", severity: "error", what: "w", fix: "f" } as const;
  expect(fail(problem, problem)).toEqual({ ok: false, problems: [problem, problem] });
});

test("a failure without a problem is our own mistake", () => {
  expect(() => fail()).toThrow("fail: called without a problem");
});
