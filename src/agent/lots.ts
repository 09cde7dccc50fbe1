/** Work that takes hardly longer for many than for one: what comes while it is done waits, and goes together. */
export interface Lots<T> {
  add(item: T): void;
  /** Until no more than one lot waits. */
  room(): Promise<void>;
  /** Until all that was added is done. */
  finish(): Promise<void>;
}

/** One lot after the other, of at most so many. */
export function lotsOf<T>(most: number, work: (lot: readonly T[]) => Promise<void>): Lots<T> {
  const waiting: T[] = [];
  let working: Promise<void> | undefined;
  const workThrough = async () => {
    try {
      while (waiting.length > 0) await work(waiting.splice(0, most));
    } finally {
      // Right here: who adds after the last look has to find that nobody works.
      working = undefined;
    }
  };
  return {
    add: (item) => {
      waiting.push(item);
      working ??= soon(workThrough);
    },
    room: async () => {
      if (waiting.length > most) await working;
    },
    finish: async () => {
      await working;
    },
  };
}

/** After all that is added now. */
async function soon(work: () => Promise<void>): Promise<void> {
  await Promise.resolve();
  await work();
}
