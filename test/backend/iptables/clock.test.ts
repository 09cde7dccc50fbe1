import { describe, expect, test } from "vitest";
import { clockAt } from "../../../src/backend/iptables/index.ts";

const DAY = 86_400;
const BOOT = 2n ** 32n;

/** What the kernel's clock shows so long after the boot, at a rate. */
const ticksAt = (seconds: number, rate: number) =>
  BOOT + BigInt(Math.round((seconds - 300) * rate));

describe("the rate of the kernel's clock is found", () => {
  test("in what a kernel with 250 ticks a second showed", () => {
    expect(clockAt(4_300_729_117n, 23_347.53).perSecond).toBe(250);
  });

  test.each([100, 250, 300, 1000])(
    "of %i ticks, from the first second on and for years",
    (rate) => {
      for (const uptime of [1, 60, 290, 299, 301, 3600, DAY, 400 * DAY]) {
        expect([uptime, clockAt(ticksAt(uptime, rate), uptime + 0.02).perSecond]).toEqual([
          uptime,
          rate,
        ]);
      }
    },
  );

  test("where it has begun anew, as that of a 32-bit kernel does", () => {
    const uptime = 60 * DAY;
    expect(clockAt(BigInt.asUintN(32, ticksAt(uptime, 1000)), uptime).perSecond).toBe(1000);
  });

  test("where the host has slept for a while, which the ticks do not count", () => {
    expect(clockAt(ticksAt(10 * DAY, 250), 10 * DAY + 3600).perSecond).toBe(250);
  });

  test("as the usual one where nobody knows since when the host is up", () => {
    expect(clockAt(5_000_000_000n, Number.POSITIVE_INFINITY).perSecond).toBe(250);
  });
});
