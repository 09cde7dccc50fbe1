/** File systems that hang, as one does whose server is gone, keep nobody waiting for ever. */
import { setTimeout as pause } from "node:timers/promises";

/** What answers a question about a file by then is slow; what does not hangs. */
export const FILE_SECONDS = 10;

/** The `code` of what is thrown. */
export const NO_ANSWER = "NO_ANSWER";

/** Paths at which a question is still open, long after nobody waits for its answer any more. */
const hanging = new Set<string>();

/**
 * Does work at a path; throws an error with the code {@link NO_ANSWER} when that takes longer, and
 * at once for as long as such work is still not done: each takes one of four threads, and without
 * one no other file could be read.
 */
export async function patiently<T>(
  path: string,
  work: () => Promise<T>,
  seconds = FILE_SECONDS,
): Promise<T> {
  if (hanging.has(path)) throw noAnswer(path);
  const end = new AbortController();
  const done = work();
  const isOver = pause(seconds * 1000, true, { signal: end.signal }).catch(() => false);
  const wasOver = await Promise.race([isOver, done.then(() => false)]).finally(() => end.abort());
  if (!wasOver) return done;
  hanging.add(path);
  const forget = () => hanging.delete(path);
  done.then(forget, forget);
  throw noAnswer(path);
}

function noAnswer(path: string): Error {
  return Object.assign(new Error(`${JSON.stringify(path)} does not answer`), { code: NO_ANSWER });
}
