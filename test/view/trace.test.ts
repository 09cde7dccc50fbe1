/** A trace as people and scripts read it. */
import { describe, expect, test } from "vitest";
import type { TracedPacket, TraceEvent } from "../../src/gate/index.ts";
import { printTraceEvent, renderTraceEnd, renderTraceEvent } from "../../src/view/trace.ts";

const SYN: TracedPacket = {
  protocol: "tcp",
  port: 22,
  sourcePort: 40_000,
  flags: ["syn"],
  payloadBytes: undefined,
  to: "198.51.100.1",
};
type Seen = Extract<TraceEvent, { kind: "packet" }>["seen"];

const VIEW = { source: "192.0.2.7", colour: false };
const AT = Date.UTC(2026, 0, 1, 12, 0, 0, 7);
const render = (event: TraceEvent) => renderTraceEvent(event, AT, VIEW);
const words = (seen: Seen, packet = SYN) =>
  render({ kind: "packet", packet, seen }).trimEnd().slice(25);

test("a line is the time of day, the packet and what came of it, in columns", () => {
  const seen: Seen = { kind: "step", door: "ssh", step: 1, of: 3, seconds: 90 };
  const packets = [SYN, { ...SYN, protocol: "ping", port: undefined, payloadBytes: 1232 }];
  const lines = packets.map((packet) => render({ kind: "packet", packet, seen }));
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:00\.007/, "TIME"))).toEqual([
    "TIME  tcp/22     step 1 of 3 for ssh, the next within 90s\n",
    "TIME  ping/1232  step 1 of 3 for ssh, the next within 90s\n",
  ]);
});

describe("what came of it", () => {
  const at = { door: "ssh" };
  test.each<[Seen, string]>([
    [{ kind: "step", ...at, step: 2, of: 3, seconds: null }, "step 2 of 3 for ssh"],
    [
      { kind: "no-room", ...at, step: 3, of: 3 },
      "step 3 of 3 for ssh has no room: its set is full",
    ],
    [{ kind: "open", ...at, seconds: 10 }, "last step: ssh is open to 192.0.2.7 for 10s"],
    [
      { kind: "repeated", ...at, made: 1, of: 3 },
      "repeated step for ssh: nothing changes, 1 of 3 are made",
    ],
    [{ kind: "wrong", ...at, made: 1, of: 3 }, "not step 2 of 3 for ssh: starts over"],
    [
      { kind: "banned", ...at, seconds: 3600 },
      "banned for 1h for wrong steps; `postern unban 192.0.2.7` lifts it",
    ],
    [{ kind: "not-first", ...at, of: 3 }, "not step 1 of 3 for ssh, and no attempt is under way"],
    [
      { kind: "late", ...at, made: 2, of: 3, secondsAgo: 12, seconds: 10 },
      "too late for ssh: step 2 of 3 was 12 s ago and counted for 10s",
    ],
    [
      { kind: "not-new", ...at },
      "no knock at ssh: of TCP only a SYN is one (the rest from port 40000 is not shown)",
    ],
    [{ kind: "other-protocol", ...at }, "a step of ssh has this port, but another protocol"],
    [
      { kind: "elsewhere", ...at, what: "knock" },
      "no knock: 198.51.100.1 is no address of door ssh",
    ],
    [
      { kind: "elsewhere", ...at, what: "visit" },
      "passes: 198.51.100.1 is no address of door ssh, or it has no such service",
    ],
    [{ kind: "passes", ...at, why: "trusted", spent: false }, "passes door ssh: trusted"],
    [{ kind: "passes", ...at, why: "grant", spent: false }, "passes door ssh: it has a grant"],
    [
      { kind: "passes", ...at, why: "grant", spent: true },
      "passes door ssh: the one connection of its grant",
    ],
    [
      { kind: "passes", ...at, why: "session", spent: false },
      "passes door ssh: part of a session (the rest from port 40000 is not shown)",
    ],
    [
      { kind: "passes", ...at, why: "repeated-syn", spent: false },
      "passes door ssh: repeats a SYN that passed",
    ],
    [{ kind: "refused", ...at, why: "no-grant", answered: false }, "refused at door ssh: no grant"],
    [
      { kind: "refused", ...at, why: "used-up", answered: false },
      "refused at door ssh: no grant, its one connection has been made",
    ],
    [
      { kind: "refused", ...at, why: "banned", answered: true },
      "refused at door ssh: banned; `postern unban 192.0.2.7` lifts it",
    ],
    [
      { kind: "refused", ...at, why: "fragment", answered: false },
      "refused at door ssh: a fragment that ends before its flags",
    ],
    [
      { kind: "refused", ...at, why: "unknown", answered: false },
      "refused at door ssh: no grant, or banned",
    ],
    [
      { kind: "token", ...at, carrier: "ping", seconds: 10 },
      "token by ping: ssh is open to 192.0.2.7 for 10s",
    ],
    [
      { kind: "token-no-room", ...at, carrier: "udp/62201" },
      "token by udp/62201 for ssh: it is spent, and there is no room for a grant: its set is full",
    ],
    [
      { kind: "handed-over", carrier: "udp/62201" },
      "may be a signed knock by udp/62201: handed to the agent, whose log tells what came of it",
    ],
    [
      { kind: "not-handed-over", carrier: "ping" },
      "may be a signed knock by ping, and is not handed to the agent: more come than it is shown",
    ],
    [
      { kind: "not-signed", carrier: "ping" },
      "no signed knock by ping: its size is another, or how it begins, which goes by the time and the host's key",
    ],
    [
      { kind: "no-token", carrier: "http/80" },
      "no token by http/80 that opens anything: spent, its time over, or never put in",
    ],
    [{ kind: "other-interface" }, "came in by an interface that has no doors"],
    [{ kind: "no-door" }, "not for any door"],
    [{ kind: "part" }, "without ports: no knock, and for no door"],
  ])("%j", (seen, text) => {
    expect(words(seen)).toBe(text);
  });

  test("of a segment without flags, that it has none", () => {
    const seen: Seen = { kind: "refused", ...at, why: "no-connection", answered: false };
    expect(words(seen, { ...SYN, flags: [] })).toBe(
      "refused at door ssh: of no connection (flags: none)",
    );
  });

  test.each<[TraceEvent, string]>([
    [
      { kind: "dropped", packet: SYN, when: "before", table: "ip raw", chain: "PREROUTING" },
      "dropped before the gate by the table ip raw, chain PREROUTING",
    ],
    [{ kind: "left-out" }, "more than 200 packets a second: not all are shown"],
    [{ kind: "overrun" }, "too many packets to follow: some are missing here"],
    [{ kind: "gate-gone" }, "the gate was taken away: every door stands open"],
  ])("%j", (event, text) => {
    expect(render(event)).toContain(`  ${text}\n`);
  });
});

test("in colour the words are the same, and good and bad are told apart", () => {
  const open: TraceEvent = {
    kind: "packet",
    packet: SYN,
    seen: { kind: "open", door: "ssh", seconds: 10 },
  };
  const gone: TraceEvent = { kind: "gate-gone" };
  const coloured = [open, gone].map((event) =>
    renderTraceEvent(event, AT, { ...VIEW, colour: true }),
  );
  expect(coloured[0]).toContain("\u001b[32mlast step");
  expect(coloured[1]).toContain("\u001b[31mthe gate");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what colours are made of
  const plain = coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, ""));
  expect(plain).toEqual([open, gone].map(render));
});

test("what another table is called cannot move the cursor", () => {
  const event: TraceEvent = {
    kind: "dropped",
    packet: { ...SYN, protocol: "\u001b[2J", port: undefined },
    ...{ when: "after", table: "inet \u001b[2J", chain: "x" },
  };
  expect(render(event)).not.toContain("\u001b");
  expect(render(event)).toContain("\\x1b[2J");
});

describe("for scripts", () => {
  test("a packet is one object with everything that is known of it", () => {
    const seen: Seen = { kind: "refused", door: "ssh", why: "no-grant", answered: true };
    expect(JSON.parse(printTraceEvent({ kind: "packet", packet: SYN, seen }, AT))).toEqual({
      at: "2026-01-01T12:00:00.007Z",
      ...{ protocol: "tcp", port: 22, sourcePort: 40_000, flags: ["syn"], to: "198.51.100.1" },
      ...{ kind: "refused", door: "ssh", why: "no-grant", answered: true },
    });
  });

  test("all else has a kind as well", () => {
    expect(JSON.parse(printTraceEvent({ kind: "left-out" }, AT))).toEqual({
      at: "2026-01-01T12:00:00.007Z",
      kind: "left-out",
    });
    const dropped: TraceEvent = {
      kind: "dropped",
      packet: SYN,
      ...{ when: "after", table: "inet filter", chain: "input" },
    };
    expect(JSON.parse(printTraceEvent(dropped, AT))).toMatchObject({
      ...{ kind: "dropped", when: "after", table: "inet filter", port: 22 },
    });
  });
});

test.each([
  [0, 0, 0, /^no packet came from 192\.0\.2\.7: .*NAT.*\n$/],
  [1, 0, 0, /^1 packet\n$/],
  [9, 5, 0, /^9 packets; left out: 5 more\n$/],
  [9, 0, 7, /^9 packets; left out: 7 segments of connections\n$/],
  [9, 5, 7, /^9 packets; left out: 5 more and 7 segments of connections\n$/],
])("at the end, after %d packets, %d left out and %d segments", (packets, more, segments, end) => {
  const leftOut = { packets: more, segments };
  expect(renderTraceEnd({ packets, leftOut }, "192.0.2.7")).toMatch(end);
});
