/** Where a packet goes after a rule. */
import { describe, expect, test } from "vitest";
import {
  emptyState,
  type Program,
  type Rule,
  runPacket,
  type Verdict,
} from "../../src/program/index.ts";
import { chains, PACKETS, programOf } from "./language.ts";

const to = (verdict: Verdict): Rule => ({ when: [], then: [], to: verdict });
const say = (door: string): Rule => ({
  when: [],
  then: [{ kind: "log", line: "refused", door }],
  to: { kind: "next" },
});
const goto = (chain: string) => to({ kind: "goto", chain });
const jump = (chain: string) => to({ kind: "jump", chain });
const RETURN = to({ kind: "return" });
const PASS = to({ kind: "pass" });
const DROP = to({ kind: "drop" });
const RESET = to({ kind: "reset" });

/** What becomes of a packet, and past which words it comes. */
function pathOf(program: Program): readonly string[] {
  const { outcome, logged } = runPacket(program, emptyState(), PACKETS.syn, 0);
  return [...logged.map(({ door }) => door), outcome];
}

describe("a verdict decides at once", () => {
  test.each([
    ["pass", PASS],
    ["drop", DROP],
    ["reset", RESET],
  ])("%s", (outcome, rule) => {
    expect(pathOf(programOf(say("a"), rule, say("b"), DROP))).toEqual(["a", outcome]);
  });

  test("also in a chain that was jumped to", () => {
    expect(pathOf(chains({ a: [jump("b"), DROP], b: [PASS] }))).toEqual(["pass"]);
  });
});

test("the end of the first chain passes", () => {
  expect(pathOf(programOf(say("a")))).toEqual(["a", "pass"]);
});

test("a return from the first chain passes", () => {
  expect(pathOf(programOf(RETURN, DROP))).toEqual(["pass"]);
});

test("after a jump the packet comes back to the next rule", () => {
  const program = chains({ a: [jump("b"), say("a"), DROP], b: [say("b")] });
  expect(pathOf(program)).toEqual(["b", "a", "drop"]);
});

test("a return comes back before the end of the chain", () => {
  const program = chains({ a: [jump("b"), say("a"), DROP], b: [RETURN, say("b"), PASS] });
  expect(pathOf(program)).toEqual(["a", "drop"]);
});

test("after a goto the packet comes back to where the chain was called, not to it", () => {
  const program = chains({
    a: [jump("b"), say("a"), DROP],
    b: [goto("c"), say("b"), PASS],
    c: [say("c")],
  });
  expect(pathOf(program)).toEqual(["c", "a", "drop"]);
});

test("a return after a goto comes back there, too", () => {
  const program = chains({ a: [jump("b"), DROP], b: [goto("c"), PASS], c: [RETURN, PASS] });
  expect(pathOf(program)).toEqual(["drop"]);
});

test("a goto from the first chain ends with it", () => {
  expect(pathOf(chains({ a: [goto("b"), DROP], b: [say("b")] }))).toEqual(["b", "pass"]);
});

test("a rule that says nothing leads to the next", () => {
  expect(pathOf(programOf(to({ kind: "next" }), RESET))).toEqual(["reset"]);
});

test("a program without chains is a fault of ours", () => {
  expect(() => pathOf(chains({}))).toThrow("runPacket: a program without chains");
});

test("so is a way to a chain that is not there", () => {
  expect(() => pathOf(programOf(goto("nowhere")))).toThrow("runPacket: no chain is called nowhere");
});
