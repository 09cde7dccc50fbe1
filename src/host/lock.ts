/**
 * A lock on a file or folder that is the kernel's, held by a program that ends with the one that started it:
 * whatever kills that one, nothing stays locked.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Host, Running } from "./host.ts";
import { LIMITS, LimitExceeded, tooSlow } from "./limits.ts";

export interface Lock {
  release(): Promise<void>;
}

const HELD = "held";
/** What `flock` ends with where somebody else holds it. */
const CONFLICT = 1;

/**
 * Locks what is at `path`. Undefined: somebody else holds it, and did so for `waitSeconds`. Where
 * nothing is there to be locked, or cannot be, what is returned holds nothing.
 */
export async function lockPath(
  host: Host,
  path: string,
  { waitSeconds }: { readonly waitSeconds: number },
): Promise<Lock | undefined> {
  const argv = ["flock", "--timeout", `${waitSeconds}`, path, "cat"];
  const holder = host.start(argv);
  holder.write(`${HELD}\n`);
  const line = await firstLineWithin(waitSeconds + LIMITS.seconds.question, holder, argv);
  if (line !== HELD && (await holder.ended) === CONFLICT) return undefined;
  return {
    release: async () => {
      holder.closeInput();
      await holder.ended;
    },
  };
}

async function firstLineWithin(
  seconds: number,
  holder: Running,
  argv: readonly string[],
): Promise<string | undefined> {
  const end = new AbortController();
  const isOver = pause(seconds * 1000, true, { signal: end.signal }).catch(() => false);
  const line = firstLine(holder);
  const wasOver = await Promise.race([isOver, line.then(() => false)]);
  end.abort();
  if (!wasOver) return line;
  holder.stop();
  throw new LimitExceeded(tooSlow(argv, seconds));
}

async function firstLine({ lines }: Running): Promise<string | undefined> {
  for await (const line of lines) return line;
  return undefined;
}
