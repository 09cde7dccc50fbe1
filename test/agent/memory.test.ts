/** What an agent remembers of knocks. */
import { expect, test } from "vitest";
import { emptyMemory } from "../../src/agent/memory.ts";

const MINUTE = 60_000;

test("a knock is remembered as long as its time can be good, and no longer than it has to", () => {
  const memory = emptyMemory();
  memory.remember("one", 0);
  memory.remember("two", 2 * MINUTE);
  expect([memory.isSeen("one"), memory.isSeen("two"), memory.isSeen("three")]).toEqual([
    true,
    true,
    false,
  ]);
  memory.remember("three", 3 * MINUTE + 1);
  expect([memory.isSeen("one"), memory.isSeen("two")]).toEqual([false, true]);
});

test("a knock that the gate could not take may be shown again", () => {
  const memory = emptyMemory();
  memory.remember("one", 0);
  memory.forget("one");
  expect(memory.isSeen("one")).toBe(false);
});

test("a client may knock thirty times in a minute, whatever others do", () => {
  const memory = emptyMemory();
  const knocks = Array.from({ length: 30 }, (_, n) => memory.isTooOften("ana", n * 100));
  expect(knocks).not.toContain(true);
  expect(memory.isTooOften("ana", 3000)).toBe(true);
  expect(memory.isTooOften("bob", 3000)).toBe(false);
  expect(memory.isTooOften("ana", MINUTE + 3001)).toBe(false);
});

test("a copy that comes from the same source within moments is a repetition, and nothing else is", () => {
  const memory = emptyMemory();
  memory.remember("one", 1000, "192.0.2.7");
  memory.remember("of the kernel", 1000);
  expect(memory.isRepeated("one", "192.0.2.7", 1000)).toBe(true);
  expect(memory.isRepeated("one", "192.0.2.7", 11_000)).toBe(true);
  expect(memory.isRepeated("one", "192.0.2.7", 11_001)).toBe(false);
  expect(memory.isRepeated("one", "192.0.2.8", 1000)).toBe(false);
  expect(memory.isRepeated("of the kernel", "192.0.2.7", 1000)).toBe(false);
  expect(memory.isRepeated("two", "192.0.2.7", 1000)).toBe(false);
});
