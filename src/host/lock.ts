/**
 * A lock on a file or folder that is the kernel's, held by a program that ends with the one that started it:
 * whatever kills that one, nothing stays locked.
 */
import type { Host, Running } from "./host.ts";

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
  const holder = host.start(["flock", "--timeout", `${waitSeconds}`, path, "cat"]);
  holder.write(`${HELD}\n`);
  if ((await firstLine(holder)) !== HELD && (await holder.ended) === CONFLICT) return undefined;
  return {
    release: async () => {
      holder.closeInput();
      await holder.ended;
    },
  };
}

async function firstLine({ lines }: Running): Promise<string | undefined> {
  for await (const line of lines) return line;
  return undefined;
}
