/** The clock by which xt_recent notes when a source came. */

/** The kernel's clock at one moment, in ticks since some time before the boot. */
export interface Clock {
  readonly ticks: bigint;
  readonly perSecond: number;
}

/** How many ticks a second has: what kernels are built with, and what some are for rare machines. */
const USUAL_RATES = [250, 1000, 100, 300] as const;
const RARE_RATES = [24, 32, 48, 64, 128, 200, 256, 500, 512, 1024, 1200] as const;
/** The two clocks do not begin at quite the same moment. */
const TOLERANCE_SECONDS = 1;
/** It begins with 2^32 ticks, less those of five minutes (INITIAL_JIFFIES of Linux). */
const BEGINNING = 2n ** 32n;
const BEFORE_SECONDS = 300;

/**
 * The rate at which so many ticks come nearest to the seconds since the boot. A 32-bit kernel
 * counts from 0 again after 2^32 ticks.
 */
export function clockAt(ticks: bigint, uptimeSeconds: number): Clock {
  const missedBy = (rate: number) => {
    const expected = BEGINNING + BigInt(Math.round((uptimeSeconds - BEFORE_SECONDS) * rate));
    return Math.abs(Number(BigInt.asIntN(32, ticks - expected))) / rate;
  };
  const nearest = (rates: readonly number[]) =>
    rates.reduce((best, rate) => (missedBy(rate) < missedBy(best) ? rate : best));
  if (!Number.isFinite(uptimeSeconds)) return { ticks, perSecond: USUAL_RATES[0] };
  const usual = nearest(USUAL_RATES);
  if (missedBy(usual) <= TOLERANCE_SECONDS) return { ticks, perSecond: usual };
  return { ticks, perSecond: nearest([usual, ...RARE_RATES]) };
}
