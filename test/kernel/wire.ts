/** Sends frames with tcpreplay and watches an interface with tcpdump. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { type Running, untilSays } from "./host.ts";
import type { End } from "./network.ts";
import { parsePcap, printPcap, type TimedFrame } from "./pcap.ts";
import { until } from "./until.ts";

/** One processor sends, so frames keep their order. */
const SENDING_PROCESSOR = 0;

/** Sends each frame at its time. Returns when all are sent, with how many those were. */
export async function replay(end: End, frames: readonly TimedFrame[]): Promise<number> {
  return await countSent(await startTcpreplay(end, frames, ["--multiplier=1.0"]));
}

/** Sends the frames one right after the other, in their order. */
export async function send(end: End, frames: readonly Uint8Array[]): Promise<number> {
  return await countSent(await startTcpreplay(end, untimed(frames), ["--topspeed"]));
}

/** Sends the frames as fast as it can, and all of them so often. */
export async function repeat(
  end: End,
  frames: readonly Uint8Array[],
  times: number,
): Promise<number> {
  const options = ["--topspeed", `--loop=${times}`];
  return await countSent(await startTcpreplay(end, untimed(frames), options));
}

export interface Flood {
  /** Ends it; how many frames were sent. */
  readonly stop: () => Promise<number>;
}

/** Sends the frames as fast as it can, over and over, at the latest until the time is up. */
export async function flood(
  end: End,
  frames: readonly Uint8Array[],
  { atMostSeconds, processor }: { readonly atMostSeconds: number; readonly processor: number },
): Promise<Flood> {
  const options = ["--topspeed", "--loop=0", `--duration=${atMostSeconds}`];
  const sending = await startTcpreplay(end, untimed(frames), options, processor);
  return {
    stop: async () => {
      sending.tcpreplay.signal("SIGINT");
      return await countSent(sending);
    },
  };
}

function untimed(frames: readonly Uint8Array[]): TimedFrame[] {
  return frames.map((bytes) => ({ atSeconds: 0, bytes }));
}

interface Sending {
  readonly tcpreplay: Running;
  readonly file: string;
}

async function startTcpreplay(
  end: End,
  frames: readonly TimedFrame[],
  options: readonly string[],
  processor = SENDING_PROCESSOR,
): Promise<Sending> {
  const file = end.host.newPath("frames.pcap");
  await writeFile(file, printPcap(frames.map(later)));
  const tcpreplay = end.host.start([
    "taskset",
    "--cpu-list",
    String(processor),
    "tcpreplay",
    "--quiet",
    "--preload-pcap",
    "--no-flow-stats",
    `--intf1=${end.interface}`,
    ...options,
    file,
  ]);
  return { tcpreplay, file };
}

async function countSent({ tcpreplay, file }: Sending): Promise<number> {
  await tcpreplay.ended;
  await rm(file);
  const sent = /Successful packets:\s+(\d+)/.exec(tcpreplay.stdout())?.[1];
  if (sent === undefined || !/Failed packets:\s+0/.test(tcpreplay.stdout())) {
    throw new Error(`countSent: tcpreplay says ${tcpreplay.stdout()}${tcpreplay.stderr()}`);
  }
  return Number(sent);
}

/** tcpreplay takes a time of 0 for no time at all, and would not wait after such a frame. */
function later({ atSeconds, bytes }: TimedFrame): TimedFrame {
  return { atSeconds: atSeconds + 1, bytes };
}

export interface Capture {
  /** What was seen so far. */
  readonly frames: () => Promise<readonly TimedFrame[]>;
  /** Stops watching; all that was seen until then. Throws when tcpdump lost any of it. */
  readonly stop: () => Promise<readonly TimedFrame[]>;
}

/** Watches `end` from now on for what `filter` (in the language of tcpdump) lets through. */
export async function capture(end: End, filter: string): Promise<Capture> {
  const file = end.host.newPath("seen.pcap");
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
      await rm(file);
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
