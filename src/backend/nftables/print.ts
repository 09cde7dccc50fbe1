/** A program as a file for `nft -f`, laid out for an administrator who has no Postern at hand. */
import type { Chain, Program, TimedSet } from "../../program/program.ts";
import { labelOf, printLabel } from "../labels.ts";
import {
  ANSWER_AS_CLOSED,
  ANSWERS_HOOK,
  FINGERPRINT,
  FRAGMENTS_HOOK,
  FRAGMENTS_TABLE,
  HOOK,
  MADE_OF,
  REASSEMBLE,
  TABLE,
} from "./names.ts";
import { type Heading, printKey, printQuickly, printRule } from "./print-rule.ts";

const HEADER = `#!/usr/sbin/nft -f
# A gate made by Postern. Load it with "nft -f FILE"; take it away with
# "nft delete table ${TABLE}; nft delete table ${FRAGMENTS_TABLE}". It is one transaction: loading it again puts new rules in
# place of the old without letting a packet slip through, and keeps who is open, part way
# and banned. What the last policy meant by that, "postern apply" forgets where this one means
# something else. The gate only ever refuses: what it lets through, other firewalls judge.`;

/** Lines a second of one kind in the kernel log, and how many at once before that counts. */
const LOG_RATE = "rate 5/second burst 20 packets";

/**
 * @param without what the kernel holds of an older gate and this one must not keep, each as
 *   nft names it (`set ssh_stage1_4`); it goes in the same transaction.
 */
export function printNftables(program: Program, without: readonly string[] = []): string {
  const body = [
    ...printChains(program.chains, HOOK),
    ...printChains(program.answerChains, ANSWERS_HOOK, "out"),
    ...(usesReset(program) ? [ANSWER_AS_CLOSED_CHAIN] : []),
    ...(program.reassembles ? [REASSEMBLE_CHAIN] : []),
    printMadeOf(program),
    ...program.counters.map(({ name }) => block(`counter ${name}`, [])),
    ...program.logs.map((line) => block(`limit ${line}_lines`, [LOG_RATE])),
    ...program.sets.map(printSet),
  ];
  return [
    HEADER,
    "",
    ...inPlace(without),
    "",
    printTable(TABLE, body),
    printTable(FRAGMENTS_TABLE, printChains(program.fragmentChains, FRAGMENTS_HOOK)),
  ].join("\n");
}

function printTable(name: string, blocks: readonly string[]): string {
  return `table ${name} {\n${blocks.join("\n\n")}\n}\n`;
}

/**
 * The same for a gate that `nft --stateless --terse list table` has listed: puts it in the place
 * of the one that stands, and leaves the members of what is in both.
 */
export function printListed(rules: string, without: readonly string[]): string {
  return `${inPlace(without).join("\n")}\n${rules}`;
}

/** The same, and keeps nothing of what stands there. */
export function printListedAnew(rules: string): string {
  return `${printRemoval()}${rules}`;
}

/** Takes the gate away, also where half of it is gone already. */
export function printRemoval(): string {
  // Each is made first: to delete what is not there fails the whole transaction.
  return [TABLE, FRAGMENTS_TABLE]
    .map((table) => `table ${table}\ndelete table ${table}\n`)
    .join("");
}

/** The same as a file that tells what it is, like that of {@link printNftables}. */
export function printListedFile(rules: string): string {
  return `${HEADER}\n\n${printListed(rules, [])}`;
}

/** All rules of the gate that stands go in the transaction that brings the new ones. */
function inPlace(without: readonly string[]): string[] {
  return [
    `table ${TABLE}`,
    `flush table ${TABLE}`,
    ...without.map((what) => `delete ${what.replace(" ", ` ${TABLE} `)}`),
    // Nothing in it is kept.
    `table ${FRAGMENTS_TABLE}`,
    `delete table ${FRAGMENTS_TABLE}`,
  ];
}

/** Everything with a name that {@link printNftables} prints, as nft names it: `set ssh_stage1_4`. */
export function namesIn(program: Program): string[] {
  return [
    ...[...program.chains, ...program.answerChains].map(({ name }) => `chain ${name}`),
    ...(usesReset(program) ? [`chain ${ANSWER_AS_CLOSED}`] : []),
    ...(program.reassembles ? [`chain ${REASSEMBLE}`] : []),
    `chain ${MADE_OF}`,
    ...program.counters.map(({ name }) => `counter ${name}`),
    ...program.logs.map((line) => `limit ${line}_lines`),
    ...program.sets.map(({ name }) => `set ${name}`),
  ];
}

/** The first has the hook. */
function printChains(chains: readonly Chain[], hook: string, heading: Heading = "in"): string[] {
  return chains.map(({ name, note, rules }, index) => {
    const isFirst = index === 0;
    const lines = rules.map((rule) =>
      isFirst ? printQuickly(rule, heading) : printRule(rule, heading),
    );
    return block(`chain ${name}`, isFirst ? [hook, ...lines] : lines, note);
  });
}

function usesReset(program: Program): boolean {
  return program.chains.some(({ rules }) => rules.some(({ to }) => to.kind === "reset"));
}

/**
 * The kernel itself answers neither what was sent to everybody, nor a header that says it is
 * shorter than one can be, nor TCP that is signed (RFC 2385: it has no key to sign an answer
 * with), nor an IPv6 datagram without a checksum.
 */
const ANSWER_AS_CLOSED_CHAIN = block(
  `chain ${ANSWER_AS_CLOSED}`,
  [
    "meta pkttype != host drop",
    "fib daddr type broadcast drop",
    "fib daddr type multicast drop",
    "tcp doff < 5 drop",
    "tcp option 19 exists drop  # an MD5 signature",
    "meta l4proto tcp reject with tcp reset",
    "udp length < 8 drop",
    "meta nfproto ipv6 udp checksum 0 drop",
    "reject with icmpx type port-unreachable",
  ],
  "What a port answers on which nothing listens.",
);

/**
 * The kernel puts fragments together before this table's hook in every namespace that holds
 * a tproxy statement, and has no other switch for it short of connection tracking.
 */
const REASSEMBLE_CHAIN = block(
  `chain ${REASSEMBLE}`,
  [
    "meta nfproto ipv4 meta l4proto tcp tproxy ip to :1",
    "meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :1",
  ],
  "No packet comes here. That it exists makes the kernel put fragments together first, so\n    # that a fragmented connection is answered like any other.",
);

/** Rules are replaced as one, so this never tells of another policy than the rest. */
function printMadeOf({ fingerprint }: Program): string {
  return block(
    `chain ${MADE_OF}`,
    [`return comment "${FINGERPRINT}${fingerprint}"`],
    "No packet comes here. It tells which policy the gate is made of.",
  );
}

/**
 * A packet that makes a member also uses it once, as it does each time that it looks one up:
 * so two uses, of which the first is gone before anybody can have it.
 */
const ONE_USE = "limit rate 1/week burst 2 packets";

/** No packet makes a token, so its first look-up is the one that counts. */
const ONE_LOOK = "limit rate 1/week burst 1 packets";

function printSet(set: TimedSet): string {
  return block(`set ${set.name}`, [
    `typeof ${set.key.kind === "source" ? printAddressKey(set) : printKey(set)}`,
    `size ${set.capacity}`,
    "flags dynamic,timeout",
    ...(set.singleUse ? [set.key.kind === "token" ? ONE_LOOK : ONE_USE] : []),
    `comment "${printLabel(labelOf(set))}"`,
  ]);
}

function printAddressKey({ family }: TimedSet): string {
  return family === "ipv4" ? "ip saddr" : "ip6 saddr";
}

function block(head: string, lines: readonly string[], note?: string): string {
  const indented = lines.map((line) => `        ${line}\n`).join("");
  return `${note === undefined ? "" : `    # ${note}\n`}    ${head} {\n${indented}    }`;
}
