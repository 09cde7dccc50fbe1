/** Ends a program with everything that it has started, also where it does not want to. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

interface Entry {
  readonly pid: number;
  readonly parent: number;
  /** In ticks since the boot: with the number it tells a process from all others. */
  readonly started: string;
}

/**
 * SIGTERM, and after `graceMilliseconds` SIGKILL, for the child and its descendants. What not even
 * that ends, as on a file system that hangs, is left alone: this process waits for it no longer.
 *
 * They are not a process group of their own: then Ctrl-C at the terminal would not end them.
 */
export async function endTree(child: ChildProcess, graceMilliseconds: number): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const tree = treeOf(pid);
  for (const one of tree) signal(one, "SIGTERM");
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  await Promise.race([gone, pause(graceMilliseconds)]);
  for (const one of tree) signal(one, "SIGKILL");
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  child.unref();
}

function treeOf(root: number): readonly Entry[] {
  const all = readEntries();
  const tree = all.filter(({ pid }) => pid === root);
  // It grows while it is walked: the children of each are appended.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

function readEntries(): readonly Entry[] {
  return readdirSync("/proc").flatMap((name) => readEntry(Number(name)) ?? []);
}

/** Undefined where there is no such process, any more or at all. */
function readEntry(pid: number): Entry | undefined {
  if (!Number.isInteger(pid)) return undefined;
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    // A name before it may hold anything, also parentheses.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { pid, parent: Number(fields[1]), started: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function signal({ pid, started }: Entry, name: "SIGTERM" | "SIGKILL"): void {
  if (readEntry(pid)?.started !== started) return;
  try {
    process.kill(pid, name);
  } catch {
    // It ended in this moment, or belongs to somebody else.
  }
}
