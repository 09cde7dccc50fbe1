import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { TAG_SLOTS_AROUND, tagOf, tagSlotAt } from "../../src/signed/index.ts";
import { tagSlotsAround } from "../../src/signed/tag.ts";

const S = Buffer.from("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a", "hex");

describe("a tag", () => {
  test("is the first 8 bytes of an HMAC over a label, a zero and the slot", () => {
    const text = Buffer.from("706f737465726e207369676e656420763100000000000a83a680", "hex");
    const digest = createHmac("sha256", S).update(text).digest();
    expect(tagOf(S, 176_400_000)).toEqual(digest.subarray(0, 8));
  });

  test("is another for another slot and for another server", () => {
    const tags = [tagOf(S, 1), tagOf(S, 2), tagOf(S, 2 ** 32 + 1), tagOf(Buffer.alloc(32), 1)];
    expect(new Set(tags.map((tag) => tag.toString("hex"))).size).toBe(4);
  });

  test("is of a slot of ten seconds", () => {
    expect([0, 9.999, 10, 1_764_000_009.9].map(tagSlotAt)).toEqual([0, 0, 1, 176_400_000]);
  });

  test("is taken a minute and a slot around the present, the present first", () => {
    const slots = tagSlotsAround(1_764_000_000);
    expect(TAG_SLOTS_AROUND).toBe(7);
    expect(slots.map((slot) => slot - 176_400_000).slice(0, 3)).toEqual([0, -1, 1]);
    expect([slots.length, Math.min(...slots), Math.max(...slots)]).toEqual([
      15, 176_399_993, 176_400_007,
    ]);
  });

  test("has no slot before 1970", () => {
    expect(tagSlotsAround(0)).toHaveLength(8);
  });
});
