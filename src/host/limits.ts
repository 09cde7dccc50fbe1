/** How long a program may run and how much it may print, so that nothing that hangs hangs Postern. */
import { fail, type Problem, type Result } from "../problem/problem.ts";

/**
 * What a program is run for.
 *
 * - `question`: asks something of the host (30 s).
 * - `rules`: reads or loads rules with everything in their sets, which takes long where they are
 *   full and the processor is busy (120 s). A load is one transaction: one that is stopped has
 *   changed everything or nothing.
 * - `person`: may wait for somebody who types or touches a key; whoever runs it ends it.
 */
export type RunFor = "question" | "rules" | "person";

export interface Limits {
  /** By what the program is run for. */
  readonly seconds: Readonly<Record<RunFor, number>>;
  /** Of stdout and stderr each. */
  readonly bytes: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMilliseconds: number;
}

export const LIMITS: Limits = {
  seconds: { question: 30, rules: 120, person: Number.POSITIVE_INFINITY },
  // A million tokens are listed in half of it, and no string of Node.js holds twice as much.
  bytes: 256 * 1024 * 1024,
  graceMilliseconds: 2000,
};

/**
 * Thrown where a program went over a limit and was stopped. It may come up at any question to the
 * host, and hardly anybody has a use for half of an answer: the command ends with this problem.
 */
export class LimitExceeded extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.what}; ${problem.fix}`);
    this.problem = problem;
  }
}

/** Does the work; a program in it that goes over a limit is its problem, and no exception. */
export async function withinLimits<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LimitExceeded) return fail(error.problem);
    throw error;
  }
}

const TOO_SLOW = "host-program-too-slow";
const TOO_LOUD = "host-program-too-loud";

/** Whether a program was stopped in the middle of something, which it may have done or not. */
export function isOverLimit({ code }: Problem): boolean {
  return code === TOO_SLOW || code === TOO_LOUD;
}

export function tooSlow(argv: readonly string[], seconds: number): Problem {
  return {
    code: TOO_SLOW,
    severity: "error",
    what: `\`${printArgv(argv)}\` did not end within ${seconds} s and was stopped`,
    fix: `find out what it waits for (\`time ${printArgv(argv)}\`), and run the command again; \`postern status\` shows which gate is loaded`,
  };
}

export function tooLoud(argv: readonly string[], bytes: number): Problem {
  return {
    code: TOO_LOUD,
    severity: "error",
    what: `\`${printArgv(argv)}\` printed more than ${bytes / 1024 / 1024} MiB and was stopped`,
    fix: `see what it prints (\`${printArgv(argv)} | head\`); \`postern status\` shows which gate is loaded`,
  };
}

const LONGEST_SHOWN = 200;

/** As a shell reads it, as far as it is shown. */
function printArgv(argv: readonly string[]): string {
  const words = argv.map((word) =>
    /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  const line = words.join(" ");
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}...` : line;
}
