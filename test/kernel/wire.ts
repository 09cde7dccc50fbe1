/** Sends frames with tcpreplay and watches an interface with tcpdump. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, untilSays } from "./host.ts";
import type { End } from "./network.ts";
import { parsePcap, printPcap, type TimedFrame } from "./pcap.ts";
import { until } from "./until.ts";

export interface ReplayOptions {
  /** `recorded`: each frame at its time; `top`: one after the other. Default `recorded`. */
  readonly pace?: "recorded" | "top";
  /** How often all of it is sent; default 1. */
  readonly times?: number;
  /** The processor that sends: one alone keeps frames in their order. Default 0. */
  readonly processor?: number;
  /** At the latest it stops after so long. Default: none but the run's own 60. */
  readonly atMostSeconds?: number;
}

/** Sends the frames from `end`. Returns when all are sent, with how many those were. */
export async function replay(
  end: End,
  frames: readonly TimedFrame[],
  { pace = "recorded", times = 1, processor = 0, atMostSeconds }: ReplayOptions = {},
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "postern-replay-"));
  try {
    const file = join(folder, "frames.pcap");
    await writeFile(file, printPcap(frames));
    const { stdout } = await end.host.run([
      "taskset",
      "--cpu-list",
      String(processor),
      "tcpreplay",
      "--quiet",
      "--preload-pcap",
      "--no-flow-stats",
      `--intf1=${end.interface}`,
      `--loop=${times}`,
      ...(pace === "top" ? ["--topspeed"] : ["--multiplier=1.0"]),
      ...(atMostSeconds === undefined ? [] : [`--duration=${atMostSeconds}`]),
      file,
    ]);
    const sent = /Successful packets:\s+(\d+)/.exec(stdout)?.[1];
    if (sent === undefined || !/Failed packets:\s+0/.test(stdout)) {
      throw new Error(`replay: tcpreplay says ${stdout}`);
    }
    return Number(sent);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface Capture {
  /** What was seen so far. */
  readonly frames: () => Promise<readonly TimedFrame[]>;
  /** Stops watching; all that was seen until then. Throws when tcpdump lost any of it. */
  readonly stop: () => Promise<readonly TimedFrame[]>;
}

/** Watches `end` from now on for what `filter` (in the language of tcpdump) lets through. */
export async function capture(end: End, filter: string): Promise<Capture> {
  const folder = await mkdtemp(join(tmpdir(), "postern-capture-"));
  const file = join(folder, "seen.pcap");
  const tcpdump = end.host.start([
    "tcpdump",
    "--immediate-mode",
    "-U",
    "-n",
    "-Z",
    "root",
    "-B",
    "65536",
    "-s",
    "2048",
    "-i",
    end.interface,
    "-w",
    file,
    filter,
  ]);
  await untilSays(tcpdump, "listening on");
  const frames = async () => parsePcap(await readFile(file));
  return {
    frames,
    stop: async () => {
      await untilAllWritten(tcpdump);
      await tcpdump.stop();
      const seen = await frames();
      await rm(folder, { recursive: true });
      return seen;
    },
  };
}

/** tcpdump throws away what it has not read yet when it is told to end. */
async function untilAllWritten(tcpdump: Running): Promise<void> {
  await until("tcpdump to have written all", () => {
    const counts =
      /.*\b(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped/s;
    const [, captured, received, dropped] = counts.exec(tcpdump.stderr()) ?? [];
    if (Number(dropped) > 0) throw new Error(`untilAllWritten: tcpdump lost ${dropped} packets`);
    if (captured !== undefined && captured === received) return true;
    tcpdump.signal("SIGUSR1");
    return false;
  });
}
