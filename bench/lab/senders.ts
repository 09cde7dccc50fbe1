/** Programs in C that send as fast and as punctually as Node.js cannot. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import type { Host, Running } from "../../test/kernel/host.ts";
import type { Network } from "../../test/kernel/network.ts";
import { until } from "../../test/kernel/until.ts";
import { SENDERS_PROCESSOR, type Site } from "./site.ts";

/** So often it is looked whether the port is open. */
export const PROBE_MICROSECONDS = 100;
const TIMEOUT_MILLISECONDS = 3000;
/** Between the packets of a knock of several. */
const GAP_MICROSECONDS = 20_000;

const compiled = new Map<string, string>();

/** @returns the path of the program, which goes away with the network that it was first made for. */
function compile(network: Network, name: string): string {
  const known = compiled.get(name);
  if (known !== undefined && existsSync(known)) return known;
  const program = network.client.newPath(name);
  execFileSync("gcc", ["-O2", "-Wall", "-o", program, `bench/lab/${name}.c`]);
  compiled.set(name, program);
  return program;
}

function start(host: Host, argv: readonly string[]): Running {
  return host.start(["taskset", "--cpu-list", `${SENDERS_PROCESSOR}`, ...argv]);
}

/** Answers each line with a line. */
interface Answerer {
  readonly ask: (line: string) => Promise<string>;
  /** Of what it says unasked. */
  readonly nextLine: () => Promise<string>;
}

function answererOf(running: Running): Answerer {
  let linesRead = 0;
  const nextLine = async () => {
    const lines = () => running.stdout().split("\n").slice(0, -1);
    await until("an answer", () => {
      if (running.hasEnded()) throw new Error(`it has ended: ${running.stderr()}`);
      return lines().length > linesRead;
    });
    return lines()[linesRead++] ?? "";
  };
  return {
    nextLine,
    ask: (line) => {
      running.write(`${line}\n`);
      return nextLine();
    },
  };
}

/** Of the kernel of a host: what it takes to receive packets. */
export interface Injector {
  readonly ask: (line: string) => Promise<string>;
}

export async function startInjector({ network }: Site): Promise<Injector> {
  const { host, interface: device } = network.link.server;
  return answererOf(start(host, [compile(network, "inject"), device]));
}

export interface Prober {
  /** Microseconds from the knock's last packet to one that passes; undefined: none did. */
  readonly attempt: (knock: readonly Buffer[], syn: Buffer) => Promise<number | undefined>;
}

export async function startProber({ network }: Site): Promise<Prober> {
  const argv = [PROBE_MICROSECONDS, TIMEOUT_MILLISECONDS].map(String);
  const device = network.link.client.interface;
  const running = start(network.client, [compile(network, "probe"), device, ...argv]);
  const prober = answererOf(running);
  await prober.nextLine();
  return {
    attempt: async (knock, syn) => {
      const frames = [...knock, syn].map((frame) => frame.toString("hex"));
      const microseconds = Number(await prober.ask(`${GAP_MICROSECONDS} ${frames.join(" ")}`));
      return microseconds < 0 ? undefined : microseconds;
    },
  };
}

export interface Pace {
  /** 0: as many as it can. */
  readonly aSecond: number;
  readonly seconds: number;
  /** How often the frames are gone through at most. */
  readonly times?: number;
}

export interface Flood {
  readonly ended: Promise<{ readonly sent: number; readonly seconds: number }>;
  /** Before its time. */
  readonly stop: () => Promise<void>;
}

export type Flooder = (frames: readonly Buffer[], pace: Pace) => Flood;

export function makeFlooder({ network }: Site): Flooder {
  const program = compile(network, "flood");
  return (frames, { aSecond, seconds, times }) => {
    const file = network.client.newPath("frames");
    const parts = frames.flatMap((frame) => [
      Buffer.of(frame.length >> 8, frame.length & 0xff),
      frame,
    ]);
    writeFileSync(file, Buffer.concat(parts));
    const numbers = [aSecond, seconds, ...(times === undefined ? [] : [times])].map(String);
    const running = start(network.client, [
      program,
      network.link.client.interface,
      file,
      ...numbers,
    ]);
    const ended = running.ended.then((status) => {
      if (status !== 0) throw new Error(`flood: ended with ${status}: ${running.stderr()}`);
      const [sent = 0, took = 0] = running.stdout().split(" ").map(Number);
      return { sent, seconds: took };
    });
    const stop = async () => {
      ended.catch(() => {
        // It was told to.
      });
      await running.stop();
    };
    return { ended, stop };
  };
}
