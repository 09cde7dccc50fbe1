/** Programs that this process starts: always with an argument vector, never through a shell. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { endTree } from "./ending.ts";
import type { Finished, Running, RunOptions } from "./host.ts";
import { LIMITS, LimitExceeded, type Limits, tooLoud, tooSlow } from "./limits.ts";

const NOT_STARTED = 127;

export const ENVIRONMENT = {
  // Messages are shown, never read: in one language they are at least the same everywhere.
  LC_ALL: "C",
  // Who became root with `su` looks for programs where users do, and nft is not among those.
  PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`,
};

export async function runProgram(
  argv: readonly string[],
  { stdin = "", environment, end, purpose = "question" }: RunOptions = {},
  limits: Limits = LIMITS,
): Promise<Finished> {
  const child = spawnIn(argv, { environment, end });
  const limit = watchLimits(child, argv, limits.seconds[purpose], limits.bytes);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.end(stdin);
  const ended = await Promise.race([endOf(child), limit.exceeded]);
  limit.stopWatching();
  if (ended instanceof LimitExceeded) {
    await endTree(child, limits.graceMilliseconds);
    throw ended;
  }
  return {
    status: ended.status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: `${Buffer.concat(stderr).toString()}${ended.error}`,
  };
}

/** `exceeded` comes with the limit that the program goes over first, if it does. */
function watchLimits(
  child: ChildProcessWithoutNullStreams,
  argv: readonly string[],
  seconds: number,
  bytes: number,
) {
  let timer: NodeJS.Timeout | undefined;
  const exceeded = new Promise<LimitExceeded>((resolve) => {
    if (Number.isFinite(seconds)) {
      timer = setTimeout(() => resolve(new LimitExceeded(tooSlow(argv, seconds))), seconds * 1000);
    }
    for (const stream of [child.stdout, child.stderr]) {
      let left = bytes;
      stream.on("data", (chunk: Buffer) => {
        left -= chunk.length;
        if (left >= 0) return;
        stream.pause();
        resolve(new LimitExceeded(tooLoud(argv, bytes)));
      });
    }
  });
  return { exceeded, stopWatching: () => clearTimeout(timer) };
}

export function startProgram(argv: readonly string[]): Running {
  const child = spawnIn(argv);
  const printed = new Readable({ objectMode: true, read: () => undefined });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => printed.push(line));
  }
  const ended = endOf(child).then(({ status, error }) => {
    if (error !== "") printed.push(error);
    printed.push(null);
    return status;
  });
  return {
    pid: child.pid,
    lines: { [Symbol.asyncIterator]: () => printed.iterator({ destroyOnReturn: false }) },
    write: (text) => child.stdin.write(text),
    closeInput: () => child.stdin.end(),
    stop: () => {
      child.kill();
    },
    ended,
  };
}

export function startApart([program = "", ...args]: readonly string[]): void {
  const env = { ...process.env, ...ENVIRONMENT };
  const child = spawn(program, args, { env, detached: true, stdio: "ignore", cwd: "/" });
  // Whether it did start shows in what it does.
  child.on("error", () => undefined);
  child.unref();
}

function spawnIn(
  [program = "", ...args]: readonly string[],
  { environment, end }: Pick<RunOptions, "environment" | "end"> = {},
): ChildProcessWithoutNullStreams {
  const env = { ...process.env, ...ENVIRONMENT, ...environment };
  // A signal that is given as undefined is refused.
  const child = spawn(program, args, { env, ...(end === undefined ? {} : { signal: end }) });
  // A program that ends before it has read everything says why itself.
  child.stdin.on("error", () => undefined);
  return child;
}

/** Waits until it has ended and all that it printed has arrived. */
function endOf(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly status: number; readonly error: string }> {
  return new Promise((resolve) => {
    child.on("error", ({ message }) => resolve({ status: NOT_STARTED, error: message }));
    child.on("close", (code, signal) => {
      const status = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ status, error: "" });
    });
  });
}
