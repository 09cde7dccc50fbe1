/**
 * The comment on a set says what the set is for, in words that can be read back: the kernel
 * alone holds the state of a gate, so the kernel must also hold what it stands for.
 */
import { FAMILIES, type Family, widthOf } from "../policy/address.ts";
import { digest } from "../program/digest.ts";
import type { Role, TimedSet } from "../program/program.ts";

export interface Label {
  readonly role: Role;
  /** Told here because each release of nft has its own way to tell what a set's members are. */
  readonly family: Family | undefined;
  /** A digest of what it means to be a member. */
  readonly meaning: string;
  /** How many bits of a source's address are kept; 0 where members are not sources. */
  readonly prefixLength: number;
  readonly singleUse: boolean;
}

export function labelOf(set: TimedSet): Label {
  return {
    role: set.role,
    family: set.family,
    meaning: digest(set.meaning),
    prefixLength: set.key.kind === "source" ? set.key.prefixLength : 0,
    singleUse: set.singleUse,
  };
}

/** One line of `key=value`, at most 128 bytes (what the kernel's tools allow in a comment). */
export function printLabel({ role, family, meaning, prefixLength, singleUse }: Label): string {
  const words: [string, string | number][] = [["role", role.kind]];
  if ("door" in role) words.push(["door", role.door]);
  if (role.kind === "stage") words.push(["stage", role.stage]);
  if ("carrier" in role) words.push(["carrier", role.carrier]);
  words.push(["family", family ?? "both"]);
  if (prefixLength > 0) words.push(["prefix", prefixLength]);
  if (singleUse) words.push(["use", "once"]);
  words.push(["meaning", meaning]);
  return words.map(([key, value]) => `${key}=${value}`).join(" ");
}

/** Whether some release of Postern wrote the comment. */
export function isLabel(comment: string): boolean {
  return comment.startsWith("role=");
}

const LABEL = new RegExp(
  [
    "^role=(?<kind>[a-z-]+)( door=(?<door>[a-z][a-z0-9-]{0,31}))?( stage=(?<stage>[1-9]|1[0-5]))?",
    "( carrier=(?<carrier>[a-z]+(/[1-9]\\d{0,4})?))?",
    " family=(?<family>ipv[46]|both)( prefix=(?<prefix>[1-9]\\d{1,2}))?( (?<use>use=once))?",
    " meaning=(?<meaning>[0-9a-f]{16})$",
  ].join(""),
);

type Words = Readonly<Record<string, string | undefined>>;

/** Undefined for a comment that no gate of ours wrote: what is in the kernel, others may change. */
export function parseLabel(comment: string): Label | undefined {
  const words: Words = LABEL.exec(comment)?.groups ?? {};
  const role = roleOf(words);
  const family = FAMILIES.find((one) => one === words["family"]);
  const prefixLength = Number(words["prefix"] ?? 0);
  if (role === undefined || prefixLength > widthOf(family ?? "ipv6")) return undefined;
  if (OF_BOTH_FAMILIES.includes(role.kind) !== (family === undefined)) return undefined;
  if (holdsSources(role) !== prefixLength > 0) return undefined;
  const meaning = words["meaning"] ?? "";
  return { role, family, meaning, prefixLength, singleUse: words["use"] !== undefined };
}

function roleOf({ kind, door, stage, carrier }: Words): Role | undefined {
  if (carrier !== undefined) return tokenRole(kind, door, stage, carrier);
  switch (kind) {
    case "grants":
    case "sessions":
    case "begun":
    case "opening":
    case "answered":
    case "flows":
    case "let-through":
      return door === undefined || stage !== undefined ? undefined : { kind, door };
    case "stage":
      return door === undefined || stage === undefined
        ? undefined
        : { kind, door, stage: Number(stage) };
    case "banned":
    case "auto-banned":
    case "wrong":
    case "signed-tags":
    case "signed-seen":
      return door === undefined && stage === undefined ? { kind } : undefined;
    default:
      return undefined;
  }
}

function tokenRole(
  kind: string | undefined,
  door: string | undefined,
  stage: string | undefined,
  carrier: string,
): Role | undefined {
  if (door === undefined || stage !== undefined) return undefined;
  const isKnown = kind === "tokens" || kind === "loaded" || kind === "uses";
  return isKnown ? { kind, door, carrier } : undefined;
}

const OF_BOTH_FAMILIES: readonly Role["kind"][] = [
  "tokens",
  "loaded",
  "signed-tags",
  "signed-seen",
];

const WITHOUT_SOURCES: readonly Role["kind"][] = [
  "flows",
  "opening",
  "answered",
  "uses",
  ...OF_BOTH_FAMILIES,
];

function holdsSources({ kind }: Role): boolean {
  return !WITHOUT_SOURCES.includes(kind);
}
