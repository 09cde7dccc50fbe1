/** A host made of a network namespace: runs programs in it and keeps track of them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Family } from "../../src/policy/address.ts";
import { inNamespace } from "./namespace.ts";
import { type Child, type Environment, spawnQuickly } from "./spawn.ts";
import { until } from "./until.ts";

export interface Host {
  /** The namespace's name, for messages and for `ip -n`. */
  readonly namespace: string;
  /** What POSTERN_RUN_DIR is for programs of the host. */
  readonly runFolder: string;
  /** A new path in a folder that goes away with the network. */
  readonly newPath: (name: string) => string;
  /** Runs a program to its end. Throws when it fails, unless `mayFail`. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Output>;
  /** Starts a program that goes on until it is stopped, at the latest with the network. */
  readonly start: (argv: readonly string[]) => Running;
}

export interface RunOptions {
  readonly stdin?: string;
  /** A status other than 0 is an answer, not a fault. */
  readonly mayFail?: boolean;
  /** Default 60; past it the program is killed (SIGKILL) and the run has failed. */
  readonly timeoutSeconds?: number;
}

export interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** All that it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly write: (text: string) => void;
  readonly closeInput: () => void;
  /** Its status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly hasEnded: () => boolean;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Asks it to end (SIGTERM) and returns once it has. */
  readonly stop: () => Promise<void>;
}

/** What a network has to take away with it. */
export interface Belongings {
  /** Every program of its hosts that has not ended. */
  readonly children: Set<Child>;
  readonly folder: string;
}

let pathsGiven = 0;

/** What Postern keeps on the hosts of a test, so that it goes away with them. */
function runFolderIn(folder: string): string {
  return join(folder, "run");
}

export function hostIn(namespace: string, { children, folder }: Belongings): Host {
  const start = (argv: readonly string[]) => startIn(namespace, argv, { children, folder });
  return {
    namespace,
    runFolder: runFolderIn(folder),
    newPath: (name) => join(folder, `${pathsGiven++}-${name}`),
    start,
    run: (argv, options) => runToEnd(namespace, start(argv), argv, options),
  };
}

async function runToEnd(
  namespace: string,
  running: Running,
  argv: readonly string[],
  { stdin = "", mayFail = false, timeoutSeconds = 60 }: RunOptions = {},
): Promise<Output> {
  running.write(stdin);
  running.closeInput();
  const timer = setTimeout(() => running.signal("SIGKILL"), timeoutSeconds * 1000);
  const status = await running.ended;
  clearTimeout(timer);
  const [stdout, stderr] = [running.stdout(), running.stderr()];
  if (status === 0 || (mayFail && typeof status === "number")) return { status, stdout, stderr };
  throw new Error(
    `${namespace}: ${argv.join(" ")}: ended with ${status}\n${stderr}${stdout}`.slice(0, 4000),
  );
}

function startIn(
  namespace: string,
  argv: readonly string[],
  { children, folder }: Belongings,
): Running {
  if (process.env["ECHO"]) process.stderr.write(`${namespace}: ${argv.join(" ")}\n`);
  const child = spawnIn(namespace, argv, {
    ...process.env,
    POSTERN_RUN_DIR: runFolderIn(folder),
  });
  children.add(child);
  const stdout = gather(child.stdout);
  const stderr = gather(child.stderr);
  child.stdin.on("error", () => {
    // A program may end before it has read all; its status tells, not this.
  });
  const ended = child.ended.finally(() => children.delete(child));
  return {
    pid: child.pid,
    stdout,
    stderr,
    write: (text) => {
      child.stdin.write(text);
    },
    closeInput: () => {
      child.stdin.end();
    },
    ended,
    hasEnded: () => !children.has(child),
    signal: child.kill,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** By `ip netns exec` where the host has files of its own: in /sys, or for its names. */
function spawnIn(namespace: string, argv: readonly string[], environment: Environment): Child {
  const needsFiles =
    existsSync(filesOf(namespace)) || argv.some((argument) => argument.startsWith("/sys/class/"));
  return needsFiles
    ? spawnQuickly(["ip", "netns", "exec", namespace, ...argv], environment)
    : inNamespace(namespace, () => spawnQuickly(argv, environment));
}

/** What `ip netns exec` puts over files of /etc. */
export function filesOf(namespace: string): string {
  return `/etc/netns/${namespace}`;
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Waits until the program has printed `text` to stderr; throws when it ends without. */
export async function untilSays(running: Running, text: string): Promise<void> {
  await until(`"${text}" on stderr`, () => {
    if (running.stderr().includes(text)) return true;
    if (running.hasEnded()) throw new Error(`ended without "${text}": ${running.stderr()}`);
    return false;
  });
}

/** Waits until somebody listens on the port, in the network namespace of `running`. */
export async function untilListening(
  running: Running,
  { protocol, port }: { readonly protocol: "tcp" | "udp"; readonly port: number },
  family: Family,
): Promise<void> {
  const table = `/proc/${running.pid}/net/${protocol}${family === "ipv4" ? "" : "6"}`;
  await until(`a listener on ${protocol}/${port} over ${family}`, () => {
    if (running.hasEnded()) throw new Error(`ended, not listening: ${running.stderr()}`);
    return holdsSocket(readFileSync(table, "utf8"), port);
  });
}

/** Whether a table of /proc/net has a listening TCP socket, or an unconnected UDP one, on `port`. */
function holdsSocket(table: string, port: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").some((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return local?.endsWith(`:${hexPort}`) === true && (state === "0A" || state === "07");
  });
}
