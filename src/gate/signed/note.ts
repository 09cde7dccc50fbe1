/** What an agent has done since it began, noted for whoever asks for the status. */
import type { Host } from "../../host/index.ts";
import { hasKeys, keepOf } from "../keep/keep.ts";

export interface AgentCounts {
  readonly opened: number;
  /** Candidates for which the kernel had no room. */
  readonly lost: number;
  /** Copies of knocks that came moments before from the same source. */
  readonly repeated: number;
  /** By the reason. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface AgentNote extends AgentCounts {
  readonly pid: number;
}

const NAME = "agent.json";

/** @param counts undefined: it ends. */
export async function noteAgent(host: Host, counts: AgentCounts | undefined): Promise<void> {
  const keep = await keepOf(host);
  if (counts === undefined) await keep.forget(NAME);
  else await keep.write(NAME, { pid: await ownPid(host), ...counts });
}

/** Undefined where none is running. */
export async function readAgentNote(host: Host): Promise<AgentNote | undefined> {
  const keep = await keepOf(host);
  const note = await keep.read(NAME, isNote);
  if (note === undefined) return undefined;
  const command = (await host.readKernelFile(`/proc/${note.pid}/cmdline`)) ?? "";
  // Of an agent of a release before it says nothing of those.
  return command.split("\0").includes("agent")
    ? { ...note, repeated: note.repeated ?? 0 }
    : undefined;
}

async function ownPid(host: Host): Promise<number> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  return Number(/^Pid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

function isNote(value: unknown): value is AgentNote {
  return hasKeys(value, { pid: "number", opened: "number", lost: "number", refused: "object" });
}
