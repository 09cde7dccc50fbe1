/** What each action does, and when it ends its rule. */
import { describe, expect, test } from "vitest";
import {
  type Action,
  emptyState,
  membersAt,
  type Rule,
  remember,
  runPacket,
  sourceKey,
} from "../../src/program/index.ts";
import { syn } from "../kernel/packets.ts";
import { address } from "../scenarios/arbitrary.ts";
import { PACKETS, programOf, runAll, setOf } from "./language.ts";

const set = setOf();
const others = setOf({ name: "other4" });
const DROP = { kind: "drop" } as const;
const doing = (...then: readonly Action[]): Rule => ({ when: [], then, to: DROP });
const put = (renew: boolean, into = set): Action => ({
  kind: "remember",
  in: into,
  seconds: 10,
  renew,
});
const from = (source: string) =>
  syn({ source: address(source), destination: address("198.51.100.1"), port: 22 });
const sourceNumber = (n: number) => from(`192.0.2.${n}`);
const KEY = sourceKey(address("192.0.2.10"), 32);

describe("to remember", () => {
  test("makes a member for so long", () => {
    const state = emptyState();
    runPacket(programOf(doing(put(true))), state, PACKETS.syn, 5);
    expect(membersAt(state, set, 14.9)).toEqual([KEY]);
    expect(membersAt(state, set, 15)).toEqual([]);
  });

  test("again with renewal moves the end", () => {
    const state = emptyState();
    for (const now of [0, 5]) runPacket(programOf(doing(put(true))), state, PACKETS.syn, now);
    expect(membersAt(state, set, 14)).toEqual([KEY]);
  });

  test("again without renewal does not", () => {
    const state = emptyState();
    for (const now of [0, 5]) runPacket(programOf(doing(put(false))), state, PACKETS.syn, now);
    expect(membersAt(state, set, 10)).toEqual([]);
  });

  test("after the end makes a new member", () => {
    const state = emptyState();
    for (const now of [0, 10]) runPacket(programOf(doing(put(false))), state, PACKETS.syn, now);
    expect(membersAt(state, set, 19)).toEqual([KEY]);
  });

  test("goes on to what comes next in the rule", () => {
    expect(runAll([doing(put(true))], [PACKETS.syn])[0]?.outcome).toBe("drop");
  });

  test("in a full set ends the rule for newcomers, and only for them", () => {
    const packets = [1, 2, 3, 4, 3].map(sourceNumber);
    const outcomes = runAll([doing(put(true))], packets).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["drop", "drop", "drop", "pass", "drop"]);
  });

  test("in a full set works again once a member has ended", () => {
    const state = emptyState();
    for (const n of [1, 2, 3]) runPacket(programOf(doing(put(true))), state, sourceNumber(n), n);
    expect(runPacket(programOf(doing(put(true))), state, sourceNumber(4), 10.9).outcome).toBe(
      "pass",
    );
    expect(runPacket(programOf(doing(put(true))), state, sourceNumber(4), 11).outcome).toBe("drop");
  });

  test("ends the rule for a packet without such a key", () => {
    const flows = setOf({ key: { kind: "flow" } });
    expect(runAll([doing(put(true))], [PACKETS["syn over IPv6"]])[0]?.outcome).toBe("pass");
    expect(runAll([doing(put(true, flows))], [PACKETS.datagram])[0]?.outcome).toBe("pass");
  });
});

describe("to forget", () => {
  const forget: Action = { kind: "forget", in: set };

  test("takes the packet's source out, and no other", () => {
    const state = emptyState();
    remember(state, set, KEY, 10);
    remember(state, set, "other", 10);
    runPacket(programOf(doing(forget)), state, PACKETS.syn, 0);
    expect(membersAt(state, set, 0)).toEqual(["other"]);
  });

  test("who is not there goes on all the same", () => {
    expect(runAll([doing(forget)], [PACKETS.syn])[0]?.outcome).toBe("drop");
  });

  test("ends the rule for a packet of the other family", () => {
    expect(runAll([doing(forget)], [PACKETS["syn over IPv6"]])[0]?.outcome).toBe("pass");
  });
});

describe("to spend", () => {
  const once = setOf({ singleUse: true });
  const spend: Rule = { when: [{ kind: "spend", of: once }], then: [], to: DROP };

  test("works exactly once for a membership", () => {
    const state = emptyState();
    remember(state, once, KEY, 10);
    const outcomes = runAll([spend], [PACKETS.syn, PACKETS.syn, PACKETS.syn], state);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["drop", "pass", "pass"]);
  });

  test("works for nobody else, nor after the end", () => {
    const state = emptyState();
    remember(state, once, KEY, 10);
    expect(runPacket(programOf(spend), state, sourceNumber(11), 0).outcome).toBe("pass");
    expect(runPacket(programOf(spend), state, PACKETS.syn, 10).outcome).toBe("pass");
  });

  test("to renew a membership gives no use back", () => {
    const state = emptyState();
    const renew = { when: [], then: [put(true, once)], to: { kind: "next" } } as const;
    const outcomes = runAll([renew, spend], [PACKETS.syn, PACKETS.syn], state);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["drop", "pass"]);
  });

  test("to make it anew does", () => {
    const state = emptyState();
    const anew: Rule = {
      when: [],
      then: [{ kind: "forget", in: once }, put(true, once)],
      to: { kind: "next" },
    };
    const outcomes = runAll([anew, spend], [PACKETS.syn, PACKETS.syn], state);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["drop", "drop"]);
  });
});

describe("a strike", () => {
  const strike = (after: number): Action => ({ kind: "strike", in: set, seconds: 10, after });
  const outcomesAt = (after: number, times: readonly number[]) => {
    const state = emptyState();
    return times.map(
      (now) => runPacket(programOf(doing(strike(after))), state, PACKETS.syn, now).outcome,
    );
  };

  test("ends the rule until there were enough", () => {
    expect(outcomesAt(3, [0, 1, 2, 3])).toEqual(["pass", "pass", "drop", "drop"]);
  });

  test("counts in a window that begins with the first", () => {
    expect(outcomesAt(2, [0, 9.9])).toEqual(["pass", "drop"]);
    expect(outcomesAt(2, [0, 10])).toEqual(["pass", "pass"]);
    expect(outcomesAt(3, [0, 9, 11, 12])).toEqual(["pass", "pass", "pass", "pass"]);
  });

  test("counts each source for itself", () => {
    const packets = [1, 2, 1, 2].map(sourceNumber);
    const outcomes = runAll([doing(strike(2))], packets).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["pass", "pass", "drop", "drop"]);
  });

  test("in a full set is none", () => {
    const packets = [1, 2, 3, 4, 4].map(sourceNumber);
    const outcomes = runAll([doing(strike(2))], packets).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["pass", "pass", "pass", "pass", "pass"]);
  });
});

describe("what is noted", () => {
  test("a log line has its kind and its door, and changes nothing", () => {
    const run = runAll([doing({ kind: "log", line: "refused", door: "ssh" })], [PACKETS.syn])[0];
    expect(run).toEqual({
      outcome: "drop",
      logged: [{ line: "refused", door: "ssh" }],
      handedOver: [],
    });
  });

  test("a count changes nothing", () => {
    const counter = { name: "ssh_refused", door: "ssh", counts: "refused" } as const;
    const run = runAll([doing({ kind: "count", in: counter })], [PACKETS.syn])[0];
    expect(run).toEqual({ outcome: "drop", logged: [], handedOver: [] });
  });

  test("what is handed over goes on, and is told by what carried it", () => {
    const state = emptyState();
    const rule = {
      ...doing({ kind: "hand-over", carrier: "ping" }),
      to: { kind: "next" },
    } as const;
    const run = runPacket(programOf(rule, rule), state, PACKETS.ping, 0);
    expect(run).toEqual({ outcome: "pass", logged: [], handedOver: ["ping", "ping"] });
    expect(state).toEqual(emptyState());
  });

  test("nothing is noted after an action that ended the rule", () => {
    const rule = doing(put(true, others), { kind: "log", line: "open", door: "ssh" });
    const runs = runAll([rule], [1, 2, 3, 4].map(sourceNumber));
    expect(runs.map(({ logged }) => logged.length)).toEqual([1, 1, 1, 0]);
  });
});

test("actions are done in their order", () => {
  const state = emptyState();
  const then = [put(true), { kind: "forget", in: set } as const];
  runPacket(programOf(doing(...then)), state, PACKETS.syn, 0);
  expect(membersAt(state, set, 0)).toEqual([]);
  runPacket(programOf(doing(...then.toReversed())), state, PACKETS.syn, 0);
  expect(membersAt(state, set, 0)).toEqual([KEY]);
});

test("nothing is done for a packet that does not match", () => {
  const state = emptyState();
  const rule: Rule = { when: [{ kind: "protocol", is: "udp" }], then: [put(true)], to: DROP };
  runPacket(programOf(rule), state, PACKETS.syn, 0);
  expect(membersAt(state, set, 0)).toEqual([]);
});
