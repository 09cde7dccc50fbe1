/** The lists of xt_recent, in the files that the kernel keeps for them. */
import {
  CLOCK,
  type Clock,
  parseSeen,
  type Recent,
  type Seen,
} from "../../backend/iptables/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { readUptime } from "../keep/uptime.ts";
import { refusedBy } from "./variant.ts";

const FOLDER = "/proc/net/xt_recent";
const CAPACITY = "/sys/module/xt_recent/parameters/ip_list_tot";
/** What the module takes when nobody tells it (xt_recent.c of Linux). */
const DEFAULT_CAPACITY = 100;

/** How many sources a list of this host holds. */
export async function readCapacity(host: Host): Promise<number> {
  const capacity = Number.parseInt((await host.readKernelFile(CAPACITY)) ?? "", 10);
  return Number.isNaN(capacity) ? DEFAULT_CAPACITY : capacity;
}

export async function readRecent(host: Host): Promise<Recent> {
  // One program for all files, of which a gate with many doors has hundreds.
  const files = await host.run(["grep", "-rH", "^src=", FOLDER]);
  // Afterwards, so that nobody came in the future.
  const clock = await readClock(host);
  const lines = files.stdout.split("\n").flatMap((line) => {
    const [, name, rest] = new RegExp(`^${FOLDER}/([^:]+):(.*)$`).exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, rest }];
  });
  const seen = new Map<string, Seen[]>();
  for (const { name, rest } of lines)
    seen.set(name, [...(seen.get(name) ?? []), ...parseSeen(rest)]);
  return { capacity: await readCapacity(host), clock, seen };
}

/** No members, for those who do not ask for them. */
export async function readNobody(host: Host): Promise<Recent> {
  return {
    capacity: await readCapacity(host),
    clock: { ticks: 0n, perSecond: 1 },
    seen: new Map(),
  };
}

/** Writes one line to the file of a list: `+ADDRESS`, `-ADDRESS`, or `/` to forget all. */
export async function writeTo(host: Host, list: string, line: string): Promise<Result<undefined>> {
  const path = `${FOLDER}/${list}`;
  const written = await host.run(["tee", path], { stdin: `${line}\n` });
  return written.status === 0 ? ok(undefined) : fail(refusedBy(path, written));
}

/** How many ticks a second has: what kernels are built with. */
const RATES = [100, 250, 300, 1000, 24, 32, 48, 64, 128, 200, 256, 500, 512, 1024, 1200];
const USUAL_RATE = 250;
/** The clock begins with 2^32 ticks, less those of five minutes (INITIAL_JIFFIES of Linux). */
const BEGINNING = 2n ** 32n;
const BEFORE_SECONDS = 300;

/** The moment is when a source came into a list of ours that holds nobody. */
async function readClock(host: Host): Promise<Clock> {
  await writeTo(host, CLOCK, "+127.0.0.1");
  const [stamp] = parseSeen((await host.readKernelFile(`${FOLDER}/${CLOCK}`)) ?? "");
  const ticks = stamp?.at ?? 0n;
  return { ticks, perSecond: rateOf(ticks, await readUptime(host)) };
}

/** The rate at which so many ticks come nearest to the seconds since the boot. */
function rateOf(ticks: bigint, uptime: number): number {
  if (!Number.isFinite(uptime)) return USUAL_RATE;
  const errorOf = (rate: number) => {
    const since = BigInt.asIntN(32, ticks - BEGINNING);
    const expected = BigInt.asIntN(32, BigInt(Math.round((uptime - BEFORE_SECONDS) * rate)));
    return Math.abs(Number(BigInt.asIntN(32, since - expected))) / rate;
  };
  return RATES.toSorted((a, b) => errorOf(a) - errorOf(b))[0] ?? USUAL_RATE;
}
