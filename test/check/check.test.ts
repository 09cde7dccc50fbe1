import { describe, expect, test } from "vitest";
import { CHECK_CODES, checkPolicy, judgeDoor } from "../../src/check/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { renderProblem } from "../../src/problem/render.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { OPENINGS } from "./openings.ts";
import { KNOWN } from "./scanners.ts";

function problemsIn(text: string) {
  return checkPolicy(sure(parsePlacedPolicy(text, "policy.yaml")), KNOWN).problems;
}

function rendered(text: string): string[] {
  return problemsIn(text).map((problem) => renderProblem(problem, { colour: false }));
}

const ARTICLE = `doors:
  ssh:
    protects: tcp/22
    sequence:
      steps: [51001, 51002, 51003]
`;

describe("problems", () => {
  test("the article's sequence: the scan, its command and fresh steps to paste", () => {
    const [text = "", ...others] = rendered(ARTICLE);
    expect(others).toEqual([]);
    const [fix = "", ...said] = text.split("\n").toReversed();
    expect(said.toReversed().join("\n")).toBe(
      `policy.yaml:5:15: error: door ssh is opened by a scan of all ports upwards over TCP: nmap -r -Pn -n --max-retries 0 -p 51001-51003 HOST [opened-by-scan]
5 |       steps: [51001, 51002, 51003]
  |               ^^^^^^^^^^^^^^^^^^^`,
    );
    expect(fix).toMatch(
      /^ {2}= fix: write `steps: \[((tcp|udp)\/\d+(, )?){3}\]` and `watch: \d+-\d+`, drawn at random just now$/,
    );
  });

  test("steps on lines of their own are pointed at by the first", () => {
    const [problem] = problemsIn(
      ARTICLE.replace(" [51001, 51002, 51003]", "\n        - 51001\n        - 51002"),
    );
    expect(problem?.place).toMatchObject({ line: 6, column: 11, length: 5 });
  });

  test("a door that is easily guessed is a warning, or an error where it is hardly shut", () => {
    const sequence = (steps: string, watch: string) =>
      `doors: { ssh: { protects: tcp/22, sequence: { steps: [${steps}], watch: ${watch} } } }`;
    const guessed = problemsIn(sequence("51300, 51100, 51210", "51001-51400"));
    expect(guessed).toMatchObject([{ code: "easily-guessed", severity: "warning" }]);
    expect(guessed[0]?.what).toMatch(
      /^1,000 packets to random ports of its watch range open door ssh with a chance of one in 6\d,\d{3}$/,
    );
    const open = problemsIn(sequence("51030, 51010, 51021", "51001-51040"));
    expect(open).toMatchObject([{ code: "easily-guessed", severity: "error" }]);
    expect(open[0]?.what).toMatch(/one in 6\d$/);
    expect(open[0]?.fix).toMatch(/^write `steps: \[51030, 51010, 51021\]` and `watch: /);
    expect(problemsIn(sequence("53000, 51100, 52200", "50000-55000"))).toEqual([]);
  });

  test("a door that a scan opens is not said to be easily guessed as well", () => {
    expect(problemsIn(ARTICLE).map(({ code }) => code)).toEqual(["opened-by-scan"]);
  });

  test("a door without a sequence is a warning where nobody is trusted", () => {
    const text = "doors: { ssh: { protects: tcp/22 } }\n";
    expect(problemsIn(text)).toMatchObject([
      { code: "no-way-in", severity: "warning", place: { line: 1, column: 10, length: 3 } },
    ]);
    expect(problemsIn(`trusted: [10.0.0.0/8]\n${text}`)).toEqual([]);
  });

  test("each weak door is told, at its own steps", () => {
    const text = `doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, 51002, 51003] } }
  web: { protects: tcp/80, sequence: { steps: [41001, udp/44040, tcp/42777] } }
  irc: { protects: tcp/6667, sequence: { steps: [ping/63] } }
`;
    expect(problemsIn(text).map(({ code, place }) => `${code} ${place?.line}`)).toEqual([
      "opened-by-scan 2",
      "opened-by-scan 4",
    ]);
  });

  test("every code is used, and no other", () => {
    const texts = [
      ARTICLE,
      "doors: { ssh: { protects: tcp/22, sequence: { steps: [8881, 7777, 9991] } } }",
      "doors: { ssh: { protects: tcp/22 } }",
      "doors: { ssh: { protects: tcp/22, token: { carriers: [ping], lookahead: 1m } } }",
      "doors: { ssh: { protects: tcp/22, sequence: { steps: [51030, 51010, 51021], watch: 51001-51040 } } }",
    ];
    const codes = texts.flatMap(problemsIn).map(({ code }) => code);
    expect(codes.toSorted()).toEqual(CHECK_CODES.toSorted());
  });
});

describe("what a report says", () => {
  const reportOf = (door: string) => {
    const policy = policyOf(`doors: { ssh: { protects: tcp/22${door} } }`);
    const [first] = policy.doors;
    if (first === undefined) throw new Error("no door");
    return judgeDoor(policy, first, KNOWN);
  };

  test("of a door that withstands all scans", () => {
    expect(reportOf(", sequence: { steps: [51001, udp/54040, tcp/52777] }")).toEqual({
      door: "ssh",
      openedBy: undefined,
      predictable: undefined,
      remedy: undefined,
      scansTried: 5196,
      chancePerThousand: expect.closeTo(8.885e-9, 12),
      overheardPackets: 3,
      token: undefined,
      signed: undefined,
    });
  });

  test("of a door that opens by hand alone", () => {
    expect(reportOf("")).toEqual({
      door: "ssh",
      openedBy: undefined,
      predictable: undefined,
      remedy: undefined,
      scansTried: 0,
      chancePerThousand: 0,
      overheardPackets: undefined,
      token: undefined,
      signed: undefined,
    });
  });

  test("bans, trust, addresses and interfaces do not hide what a scan can do", () => {
    const hidden = policyOf(`interfaces: [eth7]
trusted: [0.0.0.0/1, 128.0.0.0/1]
ban: { after: 1, within: 1m, for: 1h }
doors:
  ssh:
    protects: tcp/22
    destinations: [2001:db8::7]
    sequence: { steps: [51001, 51002, 51003], watch: 51000-51010 }
`);
    const [door] = hidden.doors;
    if (door === undefined) throw new Error("no door");
    expect(judgeDoor(hidden, door, KNOWN).openedBy?.scan).toBe(
      "a scan of all ports upwards over TCP",
    );
  });

  test.each(OPENINGS)("steps $steps are opened by $scan", ({ steps, watch, scan, command }) => {
    const range = watch === undefined ? "" : `, watch: ${watch}`;
    const report = reportOf(`, sequence: { steps: ${steps}${range} }`);
    expect(report.openedBy).toEqual({ scan, command, chance: 1 });
    expect(report.remedy).toBeDefined();
  });
});
