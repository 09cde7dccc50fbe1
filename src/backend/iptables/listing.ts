/** What the kernel holds of a gate: `iptables-save` and /proc/net/xt_recent in our own words. */
import { parseAddress } from "../../policy/address.ts";
import { type Label, parseLabel } from "../labels.ts";
import type { Gap, Listing, LiveMember, LiveSet } from "../live.ts";
import type { Clock } from "./clock.ts";
import { COUNTS, ENTRY, isOurs, JUMP, LIST, MADE_OF, POLICY } from "./names.ts";

/** The gate of one family, as `iptables-save --counters --table raw` tells of it. */
export interface Saved {
  /** Ours, by name; empty where there is no gate. */
  readonly chains: readonly string[];
  /** Our rules, as `iptables-restore --counters` takes them. */
  readonly rules: readonly string[];
  /** Rules of chains that are not ours which lead into the gate, without the `-A`. */
  readonly jumps: readonly string[];
  /** Of the policy that the rules are made of; undefined where no rule of ours says. */
  readonly fingerprint: string | undefined;
  readonly lists: readonly SavedList[];
  readonly counted: ReadonlyMap<string, number>;
}

export interface SavedList {
  readonly name: string;
  /** How long a source is held; undefined: until it is taken out. */
  readonly seconds: number | undefined;
  /** It holds no members; see `strike`. */
  readonly isWindow: boolean;
  /** The name of the set that it holds members of. */
  readonly set: string;
  readonly label: Label;
}

export function parseSaved(text: string): Saved {
  const lines = text.split("\n");
  const chains = lines.flatMap((line) => /^:(\S+) - /.exec(line)?.[1] ?? []).filter(isOurs);
  const rules = lines.flatMap((line) => {
    const [, count = "0", chain = "", rest = ""] =
      /^(?:\[(\d+):\d+\] )?-A (\S+)(.*)$/.exec(line) ?? [];
    return chain === ""
      ? []
      : [{ line, count: Number(count), chain, rest, comment: commentIn(rest) }];
  });
  const own = rules.filter(({ chain }) => isOurs(chain));
  const madeOf = own.filter(({ chain }) => chain === MADE_OF).map(({ comment }) => comment);
  const counted = new Map<string, number>();
  for (const { comment, count } of own.filter(({ comment }) => comment.startsWith(COUNTS))) {
    const name = comment.slice(COUNTS.length);
    counted.set(name, (counted.get(name) ?? 0) + count);
  }
  return {
    chains,
    rules: own.map(({ line }) => line),
    jumps: rules
      .filter((rule) => !isOurs(rule.chain) && leadsIn(rule.rest))
      .map(({ chain, rest }) => `${chain}${rest}`),
    fingerprint: madeOf.find((comment) => comment.startsWith(POLICY))?.slice(POLICY.length),
    lists: madeOf.flatMap(parseList),
    counted,
  };
}

/** Whether others made the chains: they tell of no policy. Nor do those of ours that are emptied. */
export function isOfOthers({ chains, rules, fingerprint }: Saved): boolean {
  if (chains.length === 0 || fingerprint !== undefined) return false;
  return rules.length > 0 || !chains.includes(MADE_OF);
}

/** What others have taken away of one family's gate, so that its packets get past it. */
export function gapIn({ chains, rules, jumps, fingerprint }: Saved): Gap["what"] | undefined {
  if (chains.length === 0) return "gone";
  const asks = rules.some((rule) => new RegExp(`^(\\[\\S+ )?-A ${ENTRY} `).test(rule));
  if (fingerprint === undefined || !asks) return "emptied";
  return jumps.includes(JUMP) ? undefined : "not reached";
}

function commentIn(rest: string): string {
  const [, quoted, bare = ""] = / --comment (?:"([^"]*)"|(\S+))/.exec(rest) ?? [];
  return quoted ?? bare;
}

/** A comment may hold any words. */
function leadsIn(rest: string): boolean {
  const words = rest.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return isOurs(/ -[jg] (\S+)/.exec(words)?.[1] ?? "");
}

const A_LIST = new RegExp(
  `^${LIST}(?<name>postern-(?<set>[a-z0-9_-]+)-[a-z0-9]+-[0-9a-f]{8}) for=(?<time>always|window|\\d+s) (?<label>.*)$`,
);

function parseList(comment: string): SavedList[] {
  const { name = "", set = "", time = "", label: words = "" } = A_LIST.exec(comment)?.groups ?? {};
  const label = parseLabel(words);
  if (label === undefined) return [];
  const seconds = /^\d/.test(time) ? Number.parseInt(time, 10) : undefined;
  return [{ name, set, label, seconds, isWindow: time === "window" }];
}

/** What is in a list, as its file in /proc/net/xt_recent shows it. */
export interface Seen {
  readonly source: string;
  /** When it was put there last. */
  readonly at: bigint;
}

export function parseSeen(file: string): Seen[] {
  return file.split("\n").flatMap((line) => {
    const [, source, at] = /^src=(\S+) .*last_seen: (\d+) /.exec(line) ?? [];
    return source === undefined || at === undefined ? [] : [{ source, at: BigInt(at) }];
  });
}

/** How many sources a list holds, and what each list of the gate holds. */
export interface Recent {
  readonly capacity: number;
  readonly clock: Clock;
  /** By the name of the list; none for those that nobody has looked into. */
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
}

export function listingOf(families: readonly Saved[], recent: Recent): Listing {
  const fingerprints = new Set(families.map(({ fingerprint }) => fingerprint));
  const lists = families.flatMap((saved) => saved.lists);
  const sets = [...new Set(lists.map(({ set }) => set))];
  return {
    // Where the families were made of two policies it is none of them.
    fingerprint: fingerprints.size === 1 ? [...fingerprints][0] : undefined,
    sets: sets.flatMap((set) => liveSet(set, lists, recent)),
    counters: [...countedIn(families)].map(([name, packets]) => ({ name, packets })),
  };
}

/** What all families have counted together. */
export function countedIn(families: readonly Saved[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of families.flatMap(({ counted }) => [...counted])) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

function liveSet(name: string, lists: readonly SavedList[], recent: Recent): LiveSet[] {
  const own = lists.filter(
    (list, index) =>
      list.set === name &&
      !list.isWindow &&
      lists.findIndex((other) => other.name === list.name) === index,
  );
  const [first] = own;
  if (first === undefined) return [];
  const { label } = first;
  const members = own.flatMap((list) => membersOf(list, recent));
  return [{ name, family: label.family, capacity: recent.capacity, label, members }];
}

/** Those whose time is not over; the kernel leaves the others where they are. */
export function membersOf(
  { name, seconds }: Pick<SavedList, "name" | "seconds">,
  { clock, seen }: Recent,
): LiveMember[] {
  return (seen.get(name) ?? []).flatMap(({ source: text, at }) => {
    const source = parseAddress(text);
    const secondsLeft =
      seconds === undefined ? undefined : seconds - Number(clock.ticks - at) / clock.perSecond;
    if (secondsLeft !== undefined && secondsLeft <= 0) return [];
    return [
      { source, secondsLeft: secondsLeft === undefined ? undefined : Math.floor(secondsLeft) },
    ];
  });
}
