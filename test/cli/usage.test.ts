/** How commands are asked for, and what is said when it is not understood. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { postern, posternWith } from "./run.ts";

/** What the top of the help lists, and the help of a group of commands. */
const { stdout: HELP } = await postern("--help");
const { stdout: GROUP_HELP } = await postern("profile --help");
const { stdout: KEY_HELP } = await postern("key --help");
const FIRST_WORDS = wordsIn(HELP);
const OF_PROFILES = wordsIn(GROUP_HELP).map((word) => `profile ${word}`);
const OF_KEYS = wordsIn(KEY_HELP).map((word) => `key ${word}`);

function wordsIn(help: string): string[] {
  const words = [...help.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name ?? "");
  return words.filter((word) => word !== "help");
}

test("the help names the commands of a gate", () => {
  for (const name of ["compile", "apply", "remove", "status", "open", "close", "ban", "unban"]) {
    expect(FIRST_WORDS).toContain(name);
  }
});

test("the help names the commands of those who knock", () => {
  for (const name of ["knock", "connect", "profile", "ssh-config"]) {
    expect(FIRST_WORDS).toContain(name);
  }
  for (const name of ["add", "export", "list", "remove", "recipe"]) {
    expect(OF_PROFILES).toContain(`profile ${name}`);
  }
  for (const name of ["add", "list", "show", "rotate", "revoke", "script", "page"]) {
    expect(OF_KEYS).toContain(`key ${name}`);
  }
});

const GROUPS = ["profile", "key"];
const COMMANDS = [
  ...FIRST_WORDS.filter((word) => !GROUPS.includes(word)),
  ...OF_PROFILES,
  ...OF_KEYS,
];

/** Of a command of two words also in the way of the group. */
function waysToHelp(name: string): string[] {
  const [group, second] = name.split(" ");
  const ways = [`${name} --help`, `${name} -h`, `help ${name}`];
  return second === undefined ? ways : [...ways, `${group} help ${second}`];
}

describe.each(COMMANDS)("%s", (name) => {
  test.each(waysToHelp(name))("is explained by %s", async (line) => {
    const { exit, stdout, stderr } = await postern(line);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: postern ${name} `));
    expect(stdout).toContain("-h, --help");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("takes no more arguments than it says", async () => {
    const { exit, stdout, stderr } = await postern(`${name} a b c d`);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^postern: too many arguments for /);
    expect(stderr).toContain(`see \`postern ${name} --help\`\n`);
  });

  test("takes no option that it does not know", async () => {
    const { exit, stdout, stderr } = await postern(`${name} --nonsense`);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^postern: unknown option '--nonsense'\n/);
  });
});

describe("wrong usage", () => {
  test.each([
    ["stat", "postern: unknown command 'stat'\n(Did you mean status?)\nsee `postern --help`\n"],
    [
      "opne ssh 192.0.2.7",
      "postern: unknown command 'opne'\n(Did you mean open?)\nsee `postern --help`\n",
    ],
    ["xyzzy", "postern: unknown command 'xyzzy'\nsee `postern --help`\n"],
    [
      "profile lst",
      "postern: unknown command 'lst'\n(Did you mean list?)\nsee `postern profile --help`\n",
    ],
    ["profile xyzzy a", "postern: unknown command 'xyzzy'\nsee `postern profile --help`\n"],
    ["profile --xyzzy", "postern: unknown option '--xyzzy'\nsee `postern profile --help`\n"],
    [
      "porfile list",
      "postern: unknown command 'porfile'\n(Did you mean profile?)\nsee `postern --help`\n",
    ],
    [
      "profile add",
      "postern: missing required argument 'host'\nsee `postern profile add --help`\n",
    ],
    [
      "profile add gate --fro x",
      "postern: unknown option '--fro'\n(Did you mean --from?)\nsee `postern profile add --help`\n",
    ],
    ["knock", "postern: missing required argument 'target'\nsee `postern knock --help`\n"],
    ["--xyzzy", "postern: unknown option '--xyzzy'\nsee `postern --help`\n"],
    [
      "status --jsn",
      "postern: unknown option '--jsn'\n(Did you mean --json?)\nsee `postern status --help`\n",
    ],
    ["open", "postern: missing required argument 'door'\nsee `postern open --help`\n"],
    ["open ssh", "postern: missing required argument 'address'\nsee `postern open --help`\n"],
    ["close", "postern: missing required argument 'door'\nsee `postern close --help`\n"],
    ["ban", "postern: missing required argument 'address'\nsee `postern ban --help`\n"],
    [
      "ban 192.0.2.7 --for",
      "postern: option '--for <time>' argument missing\nsee `postern ban --help`\n",
    ],
    [
      "apply --confirm 60s --no-confirm",
      "postern: --confirm and --no-confirm exclude each other\nsee `postern apply --help`\n",
    ],
    [
      "apply --no-confirm --confirm=60s",
      "postern: --confirm and --no-confirm exclude each other\nsee `postern apply --help`\n",
    ],
  ])("%s: status 2, one line and where to look", async (line, said) => {
    expect(await postern(line)).toEqual({ exit: 2, stdout: "", stderr: said });
  });

  test("no command at all: the help, on stderr", async () => {
    expect(await postern("")).toEqual({ exit: 2, stdout: "", stderr: HELP });
  });

  test("the first word of a group alone: its help, on stderr", async () => {
    expect(await postern("profile")).toEqual({ exit: 2, stdout: "", stderr: GROUP_HELP });
  });

  test("what was typed cannot move the cursor", async () => {
    for (const argv of [
      ["\u001b[31mx"],
      ["--\u009b1m"],
      ["status", "--\u202ex"],
      ["ban", "a", "\u0007"],
      ["profile", "\u001b[31mx"],
      ["profile", "list", "--\u202ex"],
    ]) {
      const { exit, stderr } = await posternWith(argv);
      expect(exit).toBe(2);
      expect(stderr).toMatch(/^[\x20-\x7e\n]+$/);
    }
  });
});

test.each(["profile --help", "profile -h", "help profile", "profile help"])(
  "a group is explained by %s",
  async (line) => {
    expect(await postern(line)).toEqual({ exit: 0, stdout: GROUP_HELP, stderr: "" });
    expect(GROUP_HELP).toMatch(/^Usage: postern profile /);
  },
);

test("the version is that of the package", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(await postern("--version")).toEqual({ exit: 0, stdout: `${version}\n`, stderr: "" });
});
