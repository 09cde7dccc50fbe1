/** What a check has found, as people and as scripts read it. */
import { describe, expect, test } from "vitest";
import type { DoorReport } from "../../src/check/index.ts";
import type { GateCheck } from "../../src/gate/index.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { printCheck, renderCheck, reportOf } from "../../src/view/check.ts";

const STRONG: DoorReport = {
  door: "ssh",
  openedBy: undefined,
  predictable: undefined,
  remedy: undefined,
  scansTried: 312,
  chancePerThousand: 1.06e-8,
  overheardPackets: 3,
  token: undefined,
  signed: undefined,
};
const WEAK: DoorReport = {
  ...STRONG,
  door: "web",
  openedBy: { scan: "a scan of all ports upwards over TCP", command: "nmap -r HOST", chance: 1 },
  scansTried: 1,
  chancePerThousand: 0.98,
};
const BY_HAND: DoorReport = {
  ...STRONG,
  door: "hand",
  scansTried: 0,
  chancePerThousand: 0,
  overheardPackets: undefined,
  token: undefined,
};

const TOKENS: DoorReport = {
  ...BY_HAND,
  door: "token",
  token: {
    tokens: 46_592,
    carriers: [
      { carrier: "ping", bits: 128, chancePerThousand: 1.369e-31 },
      { carrier: "dns/53", bits: 80, chancePerThousand: 3.854e-17 },
    ],
  },
};

const SIGNED: DoorReport = { ...BY_HAND, door: "signed", signed: ["ping", "udp/62201"] };

const problem = (severity: Problem["severity"], what: string, line: number): Problem => ({
  code: "nothing-listens",
  severity,
  what,
  fix: "do something",
  place: { file: "policy.yaml", line, column: 1, length: 5, text: "doors" },
});
const LATE = problem("warning", "the second is wrong", 2);
const EARLY = problem("error", "the first is wrong", 1);

const CLEAN: GateCheck = { doors: [STRONG], problems: [], notLookedAt: [] };
const plain = (over: Partial<GateCheck>) =>
  renderCheck(reportOf({ ...CLEAN, ...over }), { colour: false });

describe("for people", () => {
  test("a good policy is a line for each door and a line with the counts", () => {
    expect(plain({})).toBe(
      "ssh: none of 312 scans opens it; 1,000 packets to random ports of its watch range open it once in 94 million tries; anybody who sees one knock (3 packets) can repeat it\nthe figure for random ports says nothing about a scanner with a list of well-known ports, or about anybody who has seen a knock\n\n1 door, no problems\n",
    );
  });

  test("a door that signed knocks alone open is told that nothing else does", () => {
    expect(plain({ doors: [SIGNED] })).toContain(
      "signed: no scan opens it; nobody guesses a signature; nobody can repeat a signed knock that was seen\n",
    );
  });

  test("of a door with signed knocks and another way the weaker way is told", () => {
    const signed = SIGNED.signed;
    expect(plain({ doors: [{ ...STRONG, signed }] })).toContain(
      "can repeat it; a signed knock opens it as well: it is as weak as its sequence\n",
    );
    expect(plain({ doors: [{ ...TOKENS, signed }] })).toMatch(
      /1,000 guesses by dns\/53 .*; nobody can repeat a token that was seen; a signed knock opens it as well\n/,
    );
  });

  test("a door with tokens is told how likely the easiest of them is guessed", () => {
    expect(plain({ doors: [TOKENS] })).toContain(
      "token: no scan opens it; 1,000 guesses by dns/53 (80 bits, of which 46,592 tokens at most are right) open it once in 2.6e+16 tries; nobody can repeat a token that was seen\n",
    );
  });

  test("a door with a sequence besides is as weak as that", () => {
    expect(plain({ doors: [{ ...STRONG, token: TOKENS.token }] })).toContain(
      "can repeat it; a token opens it as well: it is as weak as its sequence\n",
    );
  });

  test("problems come first, in the order of the file, then doors, then what was not seen", () => {
    const notLookedAt = ["nmap's own order of ports was not tried: no\u001b[31m"];
    expect(
      plain({ doors: [WEAK, BY_HAND], problems: [LATE, EARLY], notLookedAt }),
    ).toBe(`policy.yaml:1:1: error: the first is wrong [nothing-listens]
1 | doors
  | ^^^^^
  = fix: do something

policy.yaml:2:1: warning: the second is wrong [nothing-listens]
2 | doors
  | ^^^^^
  = fix: do something

web: a scan of all ports upwards over TCP opens it; 1,000 packets to random ports of its watch range open it nearly always; anybody who sees one knock (3 packets) can repeat it
hand: nothing that is sent opens it
the figure for random ports says nothing about a scanner with a list of well-known ports, or about anybody who has seen a knock
nmap's own order of ports was not tried: no\\x1b[31m

2 doors, 1 problem, 1 warning
`);
  });

  test("a policy that cannot be read has problems and no doors", () => {
    expect(plain({ doors: [], problems: [EARLY, EARLY] })).toMatch(
      /\n {2}= fix: [^\n]*\n\n2 problems\n$/,
    );
  });

  test.each([
    [1 / 1.234, "once in 1.2 tries"],
    [1 / 1250, "once in 1,300 tries"],
    [1 / 999_999, "once in 1 million tries"],
    [1 / 1.5e9, "once in 1.5 billion tries"],
    [1 / 3e12, "once in 3 trillion tries"],
    [1 / 2.1e17, "once in 2.1e+17 tries"],
    [1, "open it nearly always"],
    [0, "no packets to random ports of its watch range open it"],
  ])("a chance of %d is two figures that can be read: %s", (chancePerThousand, words) => {
    expect(plain({ doors: [{ ...STRONG, chancePerThousand }] })).toContain(words);
  });

  test("a scan that opens the door by chance is told with how often", () => {
    const openedBy = { scan: "a scan of two ports", command: "nmap HOST", chance: 1 / 6 };
    expect(plain({ doors: [{ ...STRONG, openedBy }] })).toContain(
      "ssh: a scan of two ports opens it once in 6 runs; 1,000 packets",
    );
  });

  test("steps that somebody guesses are told in the line of the door", () => {
    const predictable = { why: "are ports in a row", isObvious: true };
    expect(plain({ doors: [{ ...STRONG, predictable }] })).toContain(
      "opens it; its steps are ports in a row; 1,000 packets",
    );
  });

  test("the figure for random ports says what it leaves out, where there is one", () => {
    const words = "says nothing about a scanner with a list of well-known ports";
    expect(plain({ doors: [STRONG, STRONG] }).split(words)).toHaveLength(2);
    expect(plain({ doors: [TOKENS, SIGNED, BY_HAND] })).not.toContain(words);
  });

  test("one step is one packet", () => {
    expect(plain({ doors: [{ ...STRONG, overheardPackets: 1 }] })).toContain("(1 packet)");
  });

  test("colour says what is good and what is not", () => {
    const report = reportOf({ ...CLEAN, doors: [STRONG, WEAK], problems: [EARLY, LATE] });
    const text = renderCheck(report, { colour: true });
    expect(text).toContain("\u001b[32mnone of 312 scans opens it\u001b[0m");
    expect(text).toContain("\u001b[31ma scan of all ports upwards over TCP opens it\u001b[0m");
    expect(text).toContain("\u001b[31m1 problem\u001b[0m, \u001b[33m1 warning\u001b[0m\n");
  });
});

describe("for scripts", () => {
  const parsed = (over: Partial<GateCheck>) =>
    JSON.parse(printCheck(reportOf({ ...CLEAN, ...over }))) as Record<string, unknown>;

  test("every fact is there, also what is not known", () => {
    expect(parsed({ problems: [LATE, EARLY], notLookedAt: ["that"] })).toEqual({
      ok: false,
      problems: [EARLY, LATE],
      doors: [
        { ...STRONG, openedBy: null, predictable: null, remedy: null, token: null, signed: null },
      ],
      notLookedAt: ["that"],
    });
    expect(Object.keys(parsed({}))).toEqual(["ok", "problems", "doors", "notLookedAt"]);
  });

  test("warnings alone are no refusal", () => {
    expect(parsed({ problems: [LATE] })["ok"]).toBe(true);
    expect(parsed({ problems: [LATE, EARLY] })["ok"]).toBe(false);
  });

  test("nothing in it moves a cursor or turns the direction of writing", () => {
    const hostile = '\u001b[31m \u009b31m \u202e \u2028 \u{e0001} " \\ \ud800';
    const text = printCheck(reportOf({ ...CLEAN, notLookedAt: [hostile] }));
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect((JSON.parse(text) as GateCheck).notLookedAt).toEqual([hostile]);
  });
});
