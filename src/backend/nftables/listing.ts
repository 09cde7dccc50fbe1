/** What the kernel holds of a gate: `nft --json list table` back into our own words. */
import { parseAddress } from "../../policy/address.ts";
import type { Role } from "../../program/program.ts";
import { isLabel, parseLabel } from "../labels.ts";
import type { Listing, LiveMember, LiveSet } from "../live.ts";
import { FINGERPRINT, MADE_OF, TABLE } from "./names.ts";

export interface TableListing extends Listing {
  readonly isThere: boolean;
  /** Whether a gate made it (or nobody has put anything into it yet). */
  readonly isOurs: boolean;
  /**
   * Everything in the table that has a name, as nft names it (`set ssh_stage1_4`), in an order
   * in which it can be deleted once the rules are gone.
   */
  readonly names: readonly string[];
}

/** What nft calls the things that a table may hold. Maps come first: theirs may refer to others. */
const NAMED_KINDS = ["map", "chain", "set", "counter", "limit", "quota", "flowtable"] as const;

/** What nft's own language can name; the kernel and JSON would take any name. */
const NAME = /^[A-Za-z_.][\w/.-]*$/;

/** What `nft --json list` prints, without what it says of other tables. */
export function ownPartOf(json: string): string {
  const items = list(field(JSON.parse(json), "nftables")).filter((item) =>
    Object.entries(record(item)).some(
      ([kind, value]) => kind === "metainfo" || isOfTable(kind, record(value)),
    ),
  );
  return JSON.stringify({ nftables: items });
}

function isOfTable(kind: string, { family, table, name }: Json): boolean {
  return `${family} ${kind === "table" ? name : table}` === TABLE;
}

/**
 * Reads what `nft --json list` prints of our table, in one document or in several; what they
 * say of other tables is left out. Throws when it is no such output.
 */
export function parseListing(...documents: readonly string[]): TableListing {
  const items = documents
    .flatMap((json) => list(field(JSON.parse(json), "nftables")))
    .flatMap((item) => Object.entries(record(item)))
    .map(([kind, value]) => ({ kind, value: record(value) }))
    .filter(({ kind, value }) => isOfTable(kind, value));
  const ofKind = (kind: string) =>
    items.filter((item) => item.kind === kind).map(({ value }) => value);
  const names = NAMED_KINDS.flatMap((kind) => ofKind(kind).map(({ name }) => ({ kind, name })));
  return {
    isThere: items.length > 0,
    isOurs: names.length === 0 || ofKind("set").some(({ comment }) => isLabel(String(comment))),
    fingerprint: ofKind("rule").flatMap(fingerprintIn)[0],
    handle: ofKind("table").flatMap(({ handle }) =>
      typeof handle === "number" ? [handle] : [],
    )[0],
    sets: ofKind("set").flatMap(liveSet),
    counters: ofKind("counter").map((counter) => ({
      name: String(counter["name"]),
      packets: Number(counter["packets"]),
    })),
    names: names
      .filter(({ name }) => NAME.test(String(name)))
      .map(({ kind, name }) => `${kind} ${String(name)}`),
  };
}

function fingerprintIn({ chain, comment }: Json): string[] {
  const text = String(comment);
  return chain === MADE_OF && text.startsWith(FINGERPRINT) ? [text.slice(FINGERPRINT.length)] : [];
}

/** A set that no gate of ours made is left out. */
function liveSet(set: Json): LiveSet[] {
  const name = String(set["name"]);
  const label = parseLabel(String(set["comment"] ?? ""));
  if (label === undefined || !NAME.test(name)) return [];
  const { family } = label;
  const capacity = Number(set["size"] ?? Number.POSITIVE_INFINITY);
  const read = HOLDS_VALUES.has(label.role.kind) ? memberWithValue : liveMember;
  return [{ name, family, capacity, label, members: list(set["elem"] ?? []).map(read) }];
}

/** A bare value, or one with a timeout: `{"elem": {"val": …, "expires": 9}}`. */
function liveMember(member: unknown): LiveMember {
  const { val, secondsLeft } = elementIn(member);
  return { source: typeof val === "string" ? parseAddress(val) : undefined, secondsLeft };
}

const HOLDS_VALUES: ReadonlySet<Role["kind"]> = new Set([
  "tokens",
  "loaded",
  "uses",
  "signed-seen",
]);

/** 16 bytes, or `{"concat": [address, 16 bytes]}`. */
function memberWithValue(member: unknown): LiveMember {
  const { val, secondsLeft, comment } = elementIn(member);
  const isPair = typeof val === "object" && val !== null && "concat" in val;
  const [address, value] = isPair ? list(val.concat) : [undefined, val];
  return {
    source: typeof address === "string" ? parseAddress(address) : undefined,
    secondsLeft,
    value: digitsOf(value),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** nft prints what is small as a number, and leaves out zeros in front. */
function digitsOf(value: unknown): string {
  const digits = typeof value === "number" ? value.toString(16) : String(value).replace(/^0x/, "");
  return digits.padStart(32, "0");
}

function elementIn(member: unknown) {
  const isBare = typeof member !== "object" || member === null || !("elem" in member);
  const { val, expires, comment }: Json = isBare ? { val: member } : record(member.elem);
  return {
    val,
    secondsLeft: typeof expires === "number" ? expires : undefined,
    comment: typeof comment === "string" ? comment : undefined,
  };
}

type Json = Readonly<Record<string, unknown>>;

function record(value: unknown): Json {
  if (typeof value === "object" && value !== null) return value as Json;
  throw new Error(`parseListing: ${JSON.stringify(value)} is not an object`);
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`parseListing: ${JSON.stringify(value)} is not a list`);
}

function field(value: unknown, name: string): unknown {
  return record(value)[name];
}
