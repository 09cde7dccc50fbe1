/** docs/troubleshooting.md has every line that a trace can show, in the words that it shows. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TracedPacket, TraceEvent } from "../../src/gate/index.ts";
import { renderTraceEvent } from "../../src/view/trace.ts";

const PACKET: TracedPacket = {
  protocol: "tcp",
  port: 22,
  sourcePort: 4001,
  flags: ["ack"],
  payloadBytes: undefined,
  to: "203.0.113.9",
};
type Seen = Extract<TraceEvent, { kind: "packet" }>["seen"];

const at = { door: "ssh" };
const passes = { kind: "passes", ...at, spent: false } as const;
const refused = { kind: "refused", ...at, answered: false } as const;
const SEEN: readonly Seen[] = [
  { kind: "step", ...at, step: 1, of: 3, seconds: 10 },
  { kind: "open", ...at, seconds: 10 },
  { kind: "repeated", ...at, made: 1, of: 3 },
  { kind: "wrong", ...at, made: 1, of: 3 },
  { kind: "not-first", ...at, of: 3 },
  { kind: "late", ...at, made: 1, of: 3, secondsAgo: 12, seconds: 10 },
  { kind: "no-room", ...at, step: 1, of: 3 },
  { kind: "other-protocol", ...at },
  { kind: "not-new", ...at },
  { kind: "elsewhere", ...at, what: "knock" },
  { kind: "elsewhere", ...at, what: "visit" },
  { kind: "banned", ...at, seconds: 3600 },
  ...(["trusted", "grant", "session", "connection", "repeated-syn"] as const).map((why) => ({
    ...passes,
    why,
  })),
  ...(["no-grant", "used-up", "banned", "no-connection", "fragment", "unknown"] as const).map(
    (why) => ({ ...refused, why }),
  ),
  { kind: "token", ...at, carrier: "ping", seconds: 10 },
  { kind: "token-no-room", ...at, carrier: "ping" },
  { kind: "no-token", carrier: "ping" },
  { kind: "handed-over", carrier: "ping" },
  { kind: "not-handed-over", carrier: "ping" },
  { kind: "not-signed", carrier: "ping" },
  { kind: "no-door" },
  { kind: "other-interface" },
  { kind: "part" },
];
const dropped = { kind: "dropped", packet: PACKET, table: "inet filter", chain: "input" } as const;
const EVENTS: readonly TraceEvent[] = [
  ...SEEN.map((seen) => ({ kind: "packet", packet: PACKET, seen }) as const),
  { ...dropped, when: "before" },
  { ...dropped, when: "after" },
  { kind: "left-out" },
  { kind: "reloaded" },
  { kind: "gate-gone" },
  { kind: "overrun" },
];

const VIEW = { source: "192.0.2.7", colour: false };
const lines = EVENTS.map((event) => renderTraceEvent(event, 0, VIEW).trim().slice(25));

const [, section = ""] = readFileSync("docs/troubleshooting.md", "utf8").split("\n## trace\n");
const [table = ""] = section.split("\n## explain\n");
const phrases = [...table.matchAll(/^\| `(.*?)` \|/gm)].map(([, phrase = ""]) => phrase);

const isIn = (phrase: string, line: string) =>
  phrase.split("...").every((part) => line.includes(part));

test.each(phrases)("a trace can show: %s", (phrase) => {
  expect(lines.filter((line) => isIn(phrase, line))).not.toEqual([]);
});

test.each(lines)("the page has: %s", (line) => {
  expect(phrases.filter((phrase) => isIn(phrase, line))).not.toEqual([]);
});
