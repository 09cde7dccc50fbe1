/** A program that does not end, or prints without end, ends nothing but itself. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS, LimitExceeded, type Limits, withinLimits } from "../../src/host/limits.ts";
import { runProgram } from "../../src/host/programs.ts";
import { ok } from "../../src/problem/problem.ts";
import { until } from "../kernel/until.ts";

const SHORT: Limits = {
  seconds: { question: 0.3, rules: 0.3, person: Number.POSITIVE_INFINITY },
  bytes: 100_000,
  graceMilliseconds: 100,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-limits-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The problem that it throws, in one line. */
async function problemOf(argv: readonly string[], options = {}): Promise<string> {
  const done = await withinLimits(async () => ok(await runProgram(argv, options, SHORT)));
  if (done.ok) throw new Error(`problemOf: ${argv.join(" ")} ended with ${done.value.status}`);
  return done.problems.map(({ what, fix, code }) => `${what}; ${fix} [${code}]`).join("\n");
}

function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

test("a program that hangs is stopped, and the problem names it, its arguments, the limit and what to do", async () => {
  expect(await problemOf(["sleep", "600"])).toBe(
    "`sleep 600` did not end within 0.3 s and was stopped; find out what it waits for (`time sleep 600`), and run the command again; `postern status` shows which gate is loaded [host-program-too-slow]",
  );
});

test("what it has started is stopped as well, also where all of it ignores SIGTERM", async () => {
  const pids = join(folder, "pids");
  const script = `trap '' TERM; sh -c "trap '' TERM; echo \\$\\$ >>${pids}; sleep 600; sleep 600" & echo $$ >>${pids}; wait; sleep 600`;
  expect(await problemOf(["sh", "-c", script])).toContain("host-program-too-slow");
  const started = readFileSync(pids, "utf8").trim().split("\n");
  expect(started).toHaveLength(2);
  await until("both to be gone", () => !started.some(isRunning));
});

test("a program that has ended while what it started holds its streams is waited for no longer than the limit", async () => {
  const pid = join(folder, "pid");
  const script = `sleep 600 & echo $! >${pid}`;
  expect(await problemOf(["sh", "-c", script])).toContain("host-program-too-slow");
  // It has no parent any more by which it could be found.
  process.kill(Number(readFileSync(pid, "utf8")));
});

test("a program that prints without end is stopped, on stdout and on stderr", async () => {
  for (const argv of [["yes"], ["sh", "-c", "yes >&2"]]) {
    expect(await problemOf(argv)).toMatch(/printed more than .* MiB and was stopped/);
  }
});

test("a program that prints as much as it may is left alone", async () => {
  const argv = ["head", "-c", "100000", "/dev/zero"];
  expect((await runProgram(argv, {}, SHORT)).stdout).toHaveLength(100_000);
});

test("a program that waits for a person is given the time that the person takes", async () => {
  const finished = await runProgram(["sleep", "1"], { purpose: "person" }, SHORT);
  expect(finished.status).toBe(0);
});

test("arguments that a shell would read are quoted, and long ones are cut", async () => {
  expect(await problemOf(["sh", "-c", "sleep '600'"])).toContain("`sh -c 'sleep '\\''600'\\'''`");
  const long = await problemOf(["sh", "-c", `sleep 600; : ${"x".repeat(5000)}`]);
  expect(long.length).toBeLessThan(800);
});

test("what is thrown besides a limit is no problem of the host's", async () => {
  const broken = () => Promise.reject(new Error("broken"));
  await expect(withinLimits(broken)).rejects.toThrow("broken");
  expect(new LimitExceeded({ code: "x", severity: "error", what: "a", fix: "b" }).message).toBe(
    "a; b",
  );
});

test("a load has more time than a question, and no run is without an end but one that waits for a person", () => {
  const { question, rules } = LIMITS.seconds;
  expect([question, rules]).toEqual([30, 120]);
});
