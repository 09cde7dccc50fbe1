/**
 * The comment on a set says what the set is for, in words that can be read back: the kernel
 * alone holds the state of a gate, so the kernel must also hold what it stands for.
 */
import type { Role, TimedSet } from "../../program/program.ts";

export interface Label {
  readonly role: Role;
  /** A digest of what it means to be a member. */
  readonly meaning: string;
  /** How many bits of a source's address are kept; 0 where members are not sources. */
  readonly prefixLength: number;
  readonly singleUse: boolean;
}

export function labelOf(set: TimedSet): Label {
  return {
    role: set.role,
    meaning: digest(set.meaning),
    prefixLength: set.key.kind === "source" ? set.key.prefixLength : 0,
    singleUse: set.singleUse,
  };
}

/** One line of `key=value`, at most 128 bytes (what the kernel's tools allow in a comment). */
export function printLabel({ role, meaning, prefixLength, singleUse }: Label): string {
  const words: [string, string | number][] = [["role", role.kind]];
  if ("door" in role) words.push(["door", role.door]);
  if (role.kind === "stage") words.push(["stage", role.stage], ["of", role.of]);
  if (prefixLength > 0) words.push(["prefix", prefixLength]);
  if (singleUse) words.push(["use", "once"]);
  words.push(["meaning", meaning]);
  return words.map(([key, value]) => `${key}=${value}`).join(" ");
}

/** Undefined for a comment that no gate of ours wrote. */
export function parseLabel(comment: string): Label | undefined {
  const words = new Map(comment.split(" ").map((word) => splitOnce(word, "=")));
  const meaning = words.get("meaning");
  const role = roleOf(words);
  if (meaning === undefined || role === undefined) return undefined;
  return {
    role,
    meaning,
    prefixLength: Number(words.get("prefix") ?? 0),
    singleUse: words.get("use") === "once",
  };
}

function roleOf(words: ReadonlyMap<string, string>): Role | undefined {
  const kind = words.get("role");
  const door = words.get("door") ?? "";
  switch (kind) {
    case "grants":
    case "sessions":
      return { kind, door };
    case "stage":
      return { kind, door, stage: Number(words.get("stage")), of: Number(words.get("of")) };
    case "banned":
    case "auto-banned":
    case "wrong":
    case "flows":
    case "syns":
      return { kind };
    default:
      return undefined;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** FNV-1a, 64 bits: enough to tell meanings apart, and not a secret. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
