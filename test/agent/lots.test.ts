import { setImmediate as settled } from "node:timers/promises";
import { expect, test } from "vitest";
import { lotsOf } from "../../src/agent/lots.ts";

/** Work whose each lot ends when it is told to. */
function workshop(most: number) {
  const done: number[][] = [];
  const ends: (() => void)[] = [];
  const lots = lotsOf<number>(most, (lot) => {
    done.push([...lot]);
    return new Promise((resolve) => {
      ends.push(resolve);
    });
  });
  return { lots, done, endNext: () => ends.shift()?.() };
}

test("what is added in the same moment goes together, and what comes meanwhile as the next lot", async () => {
  const { lots, done, endNext } = workshop(10);
  for (const item of [1, 2]) lots.add(item);
  await settled();
  for (const item of [3, 4, 5]) lots.add(item);
  endNext();
  await settled();
  expect(done).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test("a lot is no greater than it may be", async () => {
  const { lots, done, endNext } = workshop(2);
  for (const item of [1, 2, 3]) lots.add(item);
  await settled();
  endNext();
  await settled();
  expect(done).toEqual([[1, 2], [3]]);
});

test("what is added at any moment around the end of the last lot is not left waiting", async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const done: number[] = [];
    const lots = lotsOf<number>(5, async (lot) => {
      await Promise.resolve();
      done.push(...lot);
    });
    lots.add(1);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    lots.add(2);
    await settled();
    expect([turns, done]).toEqual([turns, [1, 2]]);
  }
});

test("finish waits for all of it", async () => {
  const { lots, done, endNext } = workshop(1);
  lots.add(1);
  lots.add(2);
  let isFinished = false;
  const finished = lots.finish().then(() => {
    isFinished = true;
  });
  await settled();
  endNext();
  await settled();
  expect([isFinished, done]).toEqual([false, [[1], [2]]]);
  endNext();
  await finished;
  expect(isFinished).toBe(true);
});
