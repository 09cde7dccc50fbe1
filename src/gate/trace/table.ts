/**
 * The table that marks the packets of one source, so that the kernel tells of them. It changes
 * nothing else. The kernel takes it away when the nft that owns it ends, and that one ends with
 * this process, however that ends. A kernel that knows no owners (before 5.12) is given a table
 * that stops to mark by itself, and that the next trace clears away.
 */
import { randomBytes } from "node:crypto";
import type { Host, Running } from "../../host/index.ts";
import { type Address, printAddress } from "../../policy/address.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { loadText } from "../nftables/index.ts";

const STEM = "postern_trace_";

export const CHAINS = {
  /** TCP segments that ask for no connection. */
  segments: "segments",
  /** Fragments that hold no transport header. */
  parts: "parts",
  /** What is not marked, but for one packet a second that says so. */
  more: "more",
} as const;

/** So many of a source are marked, that no flood of its packets can do harm. */
export const MOST_PACKETS_A_SECOND = 200;
/** Of connections that exist, and of fragments: they must not crowd out the others. */
export const MOST_SEGMENTS_A_SECOND = 20;

const MARK = "meta nftrace set 1";

/** Whether it is a table of some trace, named as a trace names tables. */
export function isTracing(table: string): boolean {
  return table.startsWith(`inet ${STEM}`);
}

/** Whether a rule of such a table is one that marks packets. */
export function isMarking(rule: string): boolean {
  return rule.trimEnd().endsWith(MARK);
}

export interface Marks {
  /** Of the table, with its family. */
  readonly table: string;
  /** Changes something that does not matter, so that a monitor tells of it. */
  readonly stir: (mark: string) => Promise<unknown>;
  /** How many packets were not marked. */
  readonly countLeftOut: () => Promise<LeftOut>;
  readonly remove: () => Promise<unknown>;
}

export interface LeftOut {
  readonly packets: number;
  /** Segments of connections. */
  readonly segments: number;
}

/** Marks the packets of the source from now on; at most for so many seconds. */
export async function markPackets(
  host: Host,
  source: Address,
  seconds: number,
): Promise<Result<Marks>> {
  await clearAway(host);
  const table = `inet ${STEM}${randomBytes(4).toString("hex")}`;
  const owner = await startOwner(host, table, source, seconds);
  if (owner === undefined) {
    const loaded = await loadText(host, `${statementsOf(table, source, seconds)}\n`);
    if (!loaded.ok) return loaded;
  }
  return ok({
    table,
    stir: async (mark) => {
      const text = `add counter ${table} ${mark}\n`;
      return owner === undefined ? loadText(host, text) : owner.write(text);
    },
    countLeftOut: () => countLeftOut(host, table),
    remove: async () => {
      if (owner === undefined) return loadText(host, `delete table ${table}\n`);
      owner.closeInput();
      return owner.ended;
    },
  });
}

/** How long a table may outlive the time that was asked for. */
const GRACE_SECONDS = 60;

/** Undefined where the kernel, or this nft, cannot own a table. */
async function startOwner(
  host: Host,
  table: string,
  source: Address,
  seconds: number,
): Promise<Running | undefined> {
  // In a process group of its own, which Ctrl-C does not reach.
  const owner = host.start(["timeout", `${seconds + GRACE_SECONDS}`, "nft", "--interactive"]);
  owner.write(`${statementsOf(table, source, seconds, " { flags owner; }")}\n`);
  owner.write(`list table ${table}\n`);
  for await (const line of owner.lines) {
    if (/\bError\b/.test(line)) break;
    if (line === "}") return owner;
  }
  owner.closeInput();
  await owner.ended;
  return undefined;
}

/** One line: nft looks through all sets of the host for each, which takes long when they are full. */
function statementsOf(table: string, source: Address, seconds: number, flags = ""): string {
  const [type, ip] = source.family === "ipv4" ? ["ipv4_addr", "ip"] : ["ipv6_addr", "ip6"];
  const ends = `timeout ${seconds + GRACE_SECONDS}s`;
  const chains = { chosen: chosenRules(), ...limitedRules() };
  const named = Object.entries(chains);
  return [
    `add table ${table}${flags}`,
    `add set ${table} source { type ${type}; flags timeout; }`,
    ...["packets", "segments"].map((what) => `add counter ${table} ${what}_left_out`),
    ...named.map(([chain]) => `add chain ${table} ${chain}`),
    ...named.flatMap(([chain, rules]) => rules.map((rule) => `add rule ${table} ${chain} ${rule}`)),
    `add chain ${table} prerouting { type filter hook prerouting priority raw - 20; }`,
    `add rule ${table} prerouting ${ip} saddr @source jump chosen`,
    `add element ${table} source { ${printAddress(source)} ${ends} }`,
  ].join("; ");
}

function chosenRules(): string[] {
  return [
    "icmpv6 type nd-neighbor-solicit return",
    "icmpv6 type nd-neighbor-advert return",
    // What stands where ports would be is anything.
    `ip frag-off & 0x1fff != 0 goto ${CHAINS.parts}`,
    `frag frag-off != 0 goto ${CHAINS.parts}`,
    `tcp flags & (fin | syn | rst | ack) != syn goto ${CHAINS.segments}`,
    `limit rate over ${rate(MOST_PACKETS_A_SECOND)} goto ${CHAINS.more}`,
    MARK,
  ];
}

function limitedRules(): Readonly<Record<string, readonly string[]>> {
  const over = `limit rate over ${rate(MOST_SEGMENTS_A_SECOND)}`;
  return {
    [CHAINS.segments]: [`${over} counter name segments_left_out return`, MARK],
    [CHAINS.parts]: [`${over} goto ${CHAINS.more}`, MARK],
    [CHAINS.more]: [`counter name packets_left_out limit rate ${rate(1)} ${MARK}`],
  };
}

function rate(packets: number): string {
  return `${packets}/second burst ${packets} packets`;
}

/** What a trace has left that was killed on a kernel without owners of tables. */
async function clearAway(host: Host): Promise<void> {
  const { stdout } = await host.run(["nft", "list", "tables", "inet"]);
  for (const [, table = ""] of stdout.matchAll(/^table (inet postern_trace_[0-9a-f]{8})$/gm)) {
    const set = await host.run(["nft", "list", "set", ...table.split(" "), "source"]);
    const isOver = set.status === 0 && !set.stdout.includes("elements");
    // One that has an owner refuses.
    if (isOver) await loadText(host, `delete table ${table}\n`);
  }
}

async function countLeftOut(host: Host, table: string): Promise<LeftOut> {
  const { stdout } = await host.run(["nft", "list", "table", ...table.split(" ")]);
  const count = (what: string) =>
    Number(new RegExp(`counter ${what}_left_out \\{\\s+packets (\\d+) `).exec(stdout)?.[1] ?? 0);
  return { packets: count("packets"), segments: count("segments") };
}
