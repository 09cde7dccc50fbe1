/**
 * How long a connection is remembered that ends on no socket of this host, or the source that
 * began one. Real time is too slow for it, and random stories too short.
 */
import { describe, expect, test } from "vitest";
import type { Memory } from "../../src/compile/index.ts";
import type { TcpFlag } from "../../src/model/packet.ts";
import {
  emptyState,
  membersAt,
  type Outcome,
  remember,
  runAnswer,
  runPacket,
  sourceKey,
} from "../../src/program/index.ts";
import { segment } from "../kernel/packets.ts";
import { address, answerTo } from "../scenarios/arbitrary.ts";
import { programOf } from "../setup/policy.ts";

const POLICY =
  "doors: { ssh: { protects: tcp/22, destinations: [198.51.100.1], sequence: { steps: [51001] } } }\n";
const ENDS = { source: address("192.0.2.7"), destination: address("198.51.100.1"), port: 22 };

/** A connection from one port to another; `at` is what becomes of its segments. */
function connection(memory: Memory = "connections") {
  const program = programOf(POLICY, memory);
  const state = emptyState();
  for (const set of program.sets.filter(({ role }) => role.kind === "grants")) {
    remember(state, set, sourceKey(ENDS.source, 32), Number.POSITIVE_INFINITY);
  }
  const at = (now: number, ...flags: readonly TcpFlag[]): Outcome => {
    const packet = segment({ ...ENDS, flags, sequenceNumber: 1000 + now });
    return runPacket(program, state, packet, now).outcome;
  };
  const answer = (now: number) => {
    const packet = segment({ ...ENDS, flags: ["syn", "ack"] });
    runAnswer(program, state, answerTo(packet), now);
  };
  const isRemembered = (now: number) =>
    program.sets
      .filter(({ role }) => role.kind === "flows")
      .some((set) => membersAt(state, set, now).length > 0);
  return { at, answer, isRemembered };
}

const DAYS = 24 * 3600;

describe("a connection", () => {
  test("has two minutes to come about", () => {
    for (const [pause, outcome] of [
      [119, "pass"],
      [120, "drop"],
    ] as const) {
      const { at } = connection();
      expect(at(0, "syn")).toBe("pass");
      expect(at(pause, "ack")).toBe(outcome);
    }
  });

  test("of which no answer to its SYN was seen may be silent for two minutes at a time", () => {
    const { at, isRemembered } = connection();
    at(0, "syn");
    expect(at(1, "ack")).toBe("pass");
    expect(at(120, "ack")).toBe("pass");
    expect(at(239, "ack", "psh")).toBe("pass");
    expect(isRemembered(239 + 119)).toBe(true);
    expect(isRemembered(239 + 120)).toBe(false);
    expect(at(239 + 120, "ack")).toBe("drop");
  });

  test("that was answered may be silent for five days at a time", () => {
    const { at, answer } = connection();
    at(0, "syn");
    answer(0);
    expect(at(1, "ack")).toBe("pass");
    expect(at(5 * DAYS, "ack", "psh")).toBe("pass");
    expect(at(10 * DAYS - 1, "ack")).toBe("pass");
    expect(at(15 * DAYS - 1, "ack")).toBe("drop");
  });

  test.each([
    ["closed by whoever began it", ["fin", "ack"]],
    ["closed by the other end", ["ack"]],
    ["broken off", ["rst"]],
  ] as const)("%s is forgotten two minutes after its last segment", (_, flags) => {
    const { at, answer, isRemembered } = connection();
    at(0, "syn");
    answer(0);
    at(1, "ack");
    expect(at(100, ...flags)).toBe("pass");
    // The answer to a FIN of the other end, or a FIN after one.
    expect(at(101, ...(flags[0] === "ack" ? (["fin", "ack"] as const) : (["ack"] as const)))).toBe(
      "pass",
    );
    expect(isRemembered(101 + 119)).toBe(true);
    expect(isRemembered(101 + 120)).toBe(false);
  });

  test("that was closed on one side goes on while anything comes", () => {
    const { at } = connection();
    at(0, "syn");
    at(1, "ack");
    at(2, "fin", "ack");
    for (let now = 100; now < 2000; now += 100) expect(at(now, "ack")).toBe("pass");
  });

  test("begins anew from the same ports, with all the time there is", () => {
    const { at, answer } = connection();
    at(0, "syn");
    at(1, "ack");
    at(2, "fin", "ack");
    at(3, "ack");
    expect(at(10, "syn")).toBe("pass");
    answer(10);
    expect(at(11, "ack")).toBe("pass");
    expect(at(11 + 4 * DAYS, "ack")).toBe("pass");
  });
});

describe("a source that began a connection, where sources alone are remembered,", () => {
  test("may be silent for five days at a time, from the first segment on", () => {
    const { at } = connection("sources");
    expect(at(0, "syn")).toBe("pass");
    expect(at(5 * DAYS - 1, "ack")).toBe("pass");
    expect(at(10 * DAYS - 2, "rst")).toBe("pass");
    expect(at(15 * DAYS - 2, "ack")).toBe("drop");
  });

  test("is not forgotten by the end of a connection, for it may have others", () => {
    const { at } = connection("sources");
    at(0, "syn");
    expect(at(1, "fin", "ack")).toBe("pass");
    expect(at(2, "rst")).toBe("pass");
    expect(at(DAYS, "ack")).toBe("pass");
  });

  test("buys no time with segments that are refused", () => {
    const { at } = connection("sources");
    at(0, "syn");
    expect(at(4 * DAYS, "fin")).toBe("drop");
    expect(at(5 * DAYS, "ack")).toBe("drop");
  });
});
