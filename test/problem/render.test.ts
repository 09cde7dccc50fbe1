import { describe, expect, test } from "vitest";
import type { Place, Problem } from "../../src/problem/problem.ts";
import { renderProblem, renderProblems } from "../../src/problem/render.ts";

/** A problem whose place stands between « and » in `line`. */
function problem(line: string, more: Partial<Problem> & Partial<Place> = {}): Problem {
  const { file = "policy.yaml", line: number = 4, ...rest } = more;
  const start = line.indexOf("«");
  const text = line.replaceAll(/[«»]/g, "");
  const length = line.indexOf("»") - start - 1;
  const place = { file, line: number, column: start + 1, length, text };
  return {
    code: "not-a-port",
    severity: "error",
    what: "port 80000 does not exist",
    fix: "write a number from 1 to 65535",
    place,
    ...rest,
  };
}

function plain(one: Problem): string[] {
  return renderProblem(one, { colour: false }).split("\n");
}

/** The line and the mark, without the margin. */
function excerpt(one: Problem): string[] {
  return plain(one)
    .slice(1, 3)
    .map((line) => line.replace(/^[ \d]+\| ?/, ""));
}

test("a problem shows what, where, the line, a mark under the place, and the remedy", () => {
  expect(renderProblem(problem("    steps: [«80000», udp/54040]"), { colour: false })).toBe(
    `policy.yaml:4:13: error: port 80000 does not exist [not-a-port]
4 |     steps: [80000, udp/54040]
  |             ^^^^^
  = fix: write a number from 1 to 65535`,
  );
});

test("the margin is as wide as the number of the line", () => {
  expect(plain(problem("«x»", { line: 1234 }))).toEqual([
    "policy.yaml:1234:1: error: port 80000 does not exist [not-a-port]",
    "1234 | x",
    "     | ^",
    "     = fix: write a number from 1 to 65535",
  ]);
});

test("a problem without a place has neither line nor mark", () => {
  const nowhere: Problem = {
    code: "no-nft",
    severity: "error",
    what: "nft is not installed",
    fix: "install nftables",
  };
  expect(plain(nowhere)).toEqual([
    "error: nft is not installed [no-nft]",
    " = fix: install nftables",
  ]);
});

test("a warning says that it is one", () => {
  expect(plain(problem("«x»", { severity: "warning" }))[0]).toContain(": warning: ");
});

describe("the mark stands under its place", () => {
  test("behind tabs", () => {
    expect(excerpt(problem("\t\tsteps:\t«x»y"))).toEqual([
      "        steps:    xy",
      "                  ^",
    ]);
  });

  test("behind characters that take two columns or none", () => {
    expect(excerpt(problem("漢e\u0301«字»x"))).toEqual(["漢e\u0301字x", "   ^^"]);
  });

  test("behind what is shown as an escape", () => {
    expect(excerpt(problem("\u001b[31m«x»"))).toEqual(["\\x1b[31mx", "        ^"]);
  });

  test("where the place itself is shown as an escape", () => {
    expect(excerpt(problem("a«\u202e»b"))).toEqual(["a\\u{202e}b", " ^^^^^^^^"]);
  });

  test("right after the end of the line", () => {
    expect(excerpt(problem("steps:«»"))).toEqual(["steps:", "      ^"]);
  });

  test("on an empty line", () => {
    expect(plain(problem("«»")).slice(1, 3)).toEqual(["4 |", "  | ^"]);
  });
});

describe("a long line is cut around the mark", () => {
  test("on both sides", () => {
    const [line = "", mark = ""] = excerpt(problem(`${"a".repeat(5000)}«bad»${"c".repeat(5000)}`));
    expect(line).toBe(`…${"a".repeat(40)}bad${"c".repeat(18)}…`);
    expect(mark).toBe(`${" ".repeat(41)}^^^`);
  });

  test("within the mark", () => {
    const [line = "", mark = ""] = excerpt(problem(`a«${"b".repeat(5000)}»`));
    expect(line).toBe(`a${"b".repeat(40)}…`);
    expect(mark).toBe(` ${"^".repeat(41)}`);
  });

  test("but not one that fits", () => {
    const text = `${"a".repeat(60)}«b»${"c".repeat(39)}`;
    expect(excerpt(problem(text))[0]).toBe(text.replaceAll(/[«»]/g, ""));
  });
});

describe("outside text is escaped", () => {
  const nasty = "\u001b[2J\u009b\u202e\n";
  const shown = "\\x1b[2J\\x9b\\u{202e}\\n";

  test("in the name of the file, the words, and the remedy", () => {
    const lines = plain(problem("«x»", { file: nasty, what: nasty, fix: nasty }));
    expect(lines[0]).toBe(`${shown}:4:1: error: ${shown} [not-a-port]`);
    expect(lines[3]).toBe(`  = fix: ${shown}`);
    expect(lines).toHaveLength(4);
  });
});

describe("colour", () => {
  test("changes nothing but colours", () => {
    const one = problem("    steps: [«80000», udp/54040]");
    const coloured = renderProblem(one, { colour: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(renderProblem(one, { colour: false }));
  });

  test("is red for an error and yellow for a warning", () => {
    const marks = (severity: Problem["severity"]) =>
      renderProblem(problem("«x»", { severity }), { colour: true });
    expect(marks("error")).toContain("\u001b[31m^");
    expect(marks("warning")).toContain("\u001b[33m^");
  });
});

describe("several problems", () => {
  const first = problem("«x»", { line: 2 });
  const second = problem("ab«x»", { line: 10 });
  const later = problem("abc«x»", { line: 10 });
  const nowhere: Problem = { code: "c", severity: "warning", what: "w", fix: "f" };

  test("come in the order of their places, and then their number", () => {
    const text = renderProblems([nowhere, later, second, first], { colour: false });
    const blocks = text.split("\n\n");
    const expected = [first, second, later, nowhere].map((one) => plain(one).join("\n"));
    expect(blocks).toEqual([...expected, "3 problems, 1 warning"]);
  });

  test("of several files stay together by file", () => {
    const other = problem("«x»", { file: "a.yaml", line: 99 });
    const text = renderProblems([first, other], { colour: false });
    expect(text.indexOf("a.yaml:99")).toBeLessThan(text.indexOf("policy.yaml:2"));
  });

  test("are counted in words that fit", () => {
    const count = (...problems: Problem[]) =>
      renderProblems(problems, { colour: false }).split("\n").at(-1);
    expect(count(first)).toBe("1 problem");
    expect(count(first, second)).toBe("2 problems");
    expect(count(nowhere, nowhere)).toBe("2 warnings");
    expect(count()).toBe("no problems");
  });
});
