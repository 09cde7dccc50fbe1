/**
 * What commands change in a gate that stands, noted for the agent: should something take the gate
 * away before the agent has read its sets again, it puts back what is so after these changes.
 */
import { randomBytes } from "node:crypto";
import type { Host } from "../../host/index.ts";
import {
  type Address,
  asPrefix,
  type Prefix,
  parsePrefix,
  printPrefix,
} from "../../policy/address.ts";
import type { Result } from "../../problem/problem.ts";
import { readAgentNote } from "../signed/note.ts";
import { hasKeys, type Keep, keepOf } from "./keep.ts";
import { readUptime } from "./uptime.ts";

/** Times are in seconds; a ban without one lasts until it is lifted. */
export type ManualChange =
  | {
      readonly kind: "open";
      readonly door: string;
      readonly source: Address;
      readonly seconds: number;
    }
  | { readonly kind: "close"; readonly door: string; readonly source: Address | undefined }
  | { readonly kind: "ban"; readonly source: Prefix; readonly seconds: number | undefined }
  | { readonly kind: "unban"; readonly source: Prefix };

export interface NotedChange {
  /** Tells it from others. */
  readonly name: string;
  readonly change: ManualChange;
  /** In seconds since the boot, as is the next. */
  readonly begunAt: number;
  /** Undefined: it is being made, or whoever made it was killed. */
  readonly doneAt: number | undefined;
}

const BEGINNING = "changed-";
/** Nothing takes so long: whoever began it was killed. */
const LONGEST_SECONDS = 600;

/**
 * Makes a change. One that shuts is noted before it is made and one that opens after it is, so that
 * whatever is killed in between leaves nobody with more than he had. Where no agent is running
 * nobody would put anything back, and nothing is noted.
 */
export async function whileNoted<T>(
  host: Host,
  change: ManualChange,
  make: () => Promise<Result<T>>,
): Promise<Result<T>> {
  if ((await readAgentNote(host)) === undefined) return make();
  const keep = await keepOf(host);
  const name = `${BEGINNING}${randomBytes(8).toString("hex")}.json`;
  const begunAt = await readUptime(host);
  const note = (doneAt: number | undefined) =>
    keep.write(name, printNoted({ name, change, begunAt, doneAt }));
  const shuts = change.kind === "close" || change.kind === "ban";
  // Where there is no room for a note the change is worth more than the note.
  if (shuts) await note(undefined);
  const made = await make();
  if (made.ok) await note(await readUptime(host));
  else if (shuts) await keep.forget(name);
  return made;
}

/** Those that sets which were read at that time may not show yet, in the order in which they began. */
export async function changesSince(host: Host, keep: Keep, readAt: number): Promise<NotedChange[]> {
  const noted: NotedChange[] = [];
  for (const name of await namesIn(host, keep)) {
    const change = parseNoted(name, await keep.read(name, isNoted));
    if (change !== undefined && !isOlder(change, readAt)) noted.push(change);
  }
  return noted.toSorted((a, b) => a.begunAt - b.begunAt);
}

/** Forgets those that sets which were read at that time show. */
export async function forgetChanges(host: Host, keep: Keep, readAt: number): Promise<void> {
  for (const name of await namesIn(host, keep)) {
    const change = parseNoted(name, await keep.read(name, isNoted));
    if (change === undefined || isOlder(change, readAt)) await keep.forget(name);
  }
}

function isOlder({ begunAt, doneAt }: NotedChange, readAt: number): boolean {
  return (doneAt ?? begunAt + LONGEST_SECONDS) < readAt;
}

async function namesIn(host: Host, { folder }: Keep): Promise<readonly string[]> {
  const names = await host.listFolder(folder);
  return names.ok
    ? names.value.filter((name) => name.startsWith(BEGINNING) && name.endsWith(".json"))
    : [];
}

interface Written {
  readonly kind: string;
  readonly door: string;
  /** Empty: of everybody. */
  readonly source: string;
  /** 0: without an end. */
  readonly seconds: number;
  readonly begunAt: number;
  /** 0: it is not done. */
  readonly doneAt: number;
}

function printNoted({ change, begunAt, doneAt = 0 }: NotedChange): Written {
  return {
    kind: change.kind,
    door: "door" in change ? change.door : "",
    source: change.source === undefined ? "" : printPrefix(asPrefix(change.source)),
    seconds: "seconds" in change ? (change.seconds ?? 0) : 0,
    begunAt,
    doneAt,
  };
}

function parseNoted(name: string, written: Written | undefined): NotedChange | undefined {
  const change = written === undefined ? undefined : changeIn(written);
  if (written === undefined || change === undefined) return undefined;
  const { begunAt, doneAt } = written;
  return { name, change, begunAt, doneAt: doneAt === 0 ? undefined : doneAt };
}

function changeIn({ kind, door, source: text, seconds }: Written): ManualChange | undefined {
  const source = parsePrefix(text);
  if (kind === "close" && text === "") return { kind, door, source: undefined };
  if (source === undefined) return undefined;
  if (kind === "close") return { kind, door, source: source.first };
  if (kind === "open") return { kind, door, source: source.first, seconds };
  if (kind === "ban") return { kind, source, seconds: seconds === 0 ? undefined : seconds };
  return kind === "unban" ? { kind, source } : undefined;
}

function isNoted(value: unknown): value is Written {
  return hasKeys(value, {
    ...{ kind: "string", door: "string", source: "string" },
    ...{ seconds: "number", begunAt: "number", doneAt: "number" },
  });
}
