/**
 * The README's first door, followed to the letter: what is typed here is what stands there, at two
 * terminals of the client, by somebody who has nothing but `knock` and `ssh`.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Family } from "../../src/policy/address.ts";
import type { Host, Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { blocksOf, linesOf } from "./page.ts";
import { scan } from "./scanner.ts";
import { type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

const [POLICY = ""] = blocksOf("README.md", "# Postern", "yaml");
const FIRST_DOOR = linesOf("README.md", "## A first door");
const [INIT = "", CHECK = "", APPLY = "", KNOCK = "", CONFIRM = ""] = FIRST_DOOR;
const [, , , , , STATUS = "", ROLLBACK = "", REMOVE = ""] = FIRST_DOOR;
const FOR_GOOD = linesOf("README.md", "## For good");
const KNOCKING = linesOf("README.md", "## Knocking");

let network: Network;
let sshd: SshServer;
beforeAll(async () => {
  // Builds where that is due, which nobody waits for at a terminal below.
  execFileSync("./dev", ["run", "--version"]);
  network = await makeNetwork();
  sshd = await startSshd(network.server);
});
afterAll(() => network.remove());

/** Somebody's account, and what each shell there has to be told first. */
interface Account {
  readonly home: string;
  /** A file that a shell reads: where the checkout is, and what the settings are. */
  readonly settings: string;
}

let here: Account;
let there: Account;
beforeEach(() => {
  here = makeAccount(network.client);
  there = makeAccount(network.server);
});
afterEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
  await network.server.run(["rm", "-rf", network.server.runFolder]);
});

/** With a `./dev` that is the checkout's, a sudo that asks for nothing, and an ssh that asks for no key. */
function makeAccount(host: Host): Account {
  const home = host.newPath("home");
  const bin = join(home, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(home, ".ssh"));
  writeFileSync(join(home, ".ssh/config"), sshd.settings.map((line) => `${line}\n`).join(""));
  const programs = {
    [join(bin, "sudo")]: 'exec "$@"',
    [join(bin, "ssh")]: `exec /usr/bin/ssh -F ${home}/.ssh/config "$@"`,
    [join(home, "dev")]: `exec ${process.cwd()}/dev "$@"`,
  };
  for (const [file, line] of Object.entries(programs)) {
    writeFileSync(file, `#!/bin/sh\n${line}\n`);
    chmodSync(file, 0o755);
  }
  const settings = join(home, "settings");
  writeFileSync(
    settings,
    `unset XDG_CONFIG_HOME SSH_AUTH_SOCK
export HOME=${home} PATH=${bin}:$PATH POSTERN_DIR=${home}/etc POSTERN_RUN_DIR=${host.runFolder}
cd ${home}
`,
  );
  return { home, settings };
}

/** A shell at a terminal of the client. */
function openTerminal(): Running {
  const line = `stty cols 80 rows 40; exec script -qec 'stty cols 80 rows 40; exec sh' /dev/null`;
  const start = `unset SSH_CONNECTION; . ${here.settings}; ${line}`;
  return network.client.start(["sh", "-c", start]);
}

/** What it shows, without colours and moves of the cursor. */
function seen(terminal: Running): string {
  return stripVTControlCharacters(terminal.stdout()).replaceAll("\r", "");
}

/** What the terminal shows after a line that was typed there, up to and with its exit status. */
async function type(terminal: Running, line: string): Promise<string> {
  const before = seen(terminal).length;
  terminal.write(`${line}; echo "status $?"\n`);
  return untilStatus(terminal, line, before);
}

async function untilStatus(terminal: Running, line: string, before: number): Promise<string> {
  const shown = () => seen(terminal).slice(before);
  try {
    await until(`the end of ${line}`, () => /status \d+\n/.test(shown()), 60);
  } catch (cause) {
    throw new Error(`untilStatus: ${shown()}`, { cause });
  }
  return shown();
}

/** Types the line, which ends in an ssh to the host, and is there. */
async function logIn(terminal: Running, line: string): Promise<void> {
  terminal.write(`${line}\n`);
  // Typed ahead: whoever reads it first is the shell of the session.
  expect(await type(terminal, `. ${there.settings} && test "$SSH_CONNECTION"`)).toContain(
    "status 0",
  );
}

/** The questions of `init`, each answered as it is offered. */
async function answerAll(terminal: Running, line: string): Promise<string> {
  const before = seen(terminal).length;
  terminal.write(`${line}; echo "status $?"\n`);
  const questions = [
    "Which service shall nobody see?",
    "What is the door called?",
    "How many packets?",
    "How long does a knock open it?",
    "Shut it again",
    "to knock?",
  ];
  for (const question of questions) {
    await until(`"${question}"`, () => seen(terminal).slice(before).includes(question));
    terminal.write("\r");
  }
  return untilStatus(terminal, line, before);
}

const seenBy = async (address: string) =>
  (await scan(network.client, address, [22], "-sS")).get(22)?.state;

test("the page has these lines, and no others", () => {
  expect(FIRST_DOOR.map((line) => line.replace(/^sudo \.\/dev run (\w+)$/, "$1"))).toEqual([
    "init",
    "check",
    "apply",
    KNOCK,
    "confirm",
    "status",
    "rollback",
    "remove",
  ]);
  expect(KNOCK).toMatch(/^knock HOST .* && ssh HOST$/);
});

interface Way {
  readonly name: string;
  readonly family: Family;
  /** Makes the policy at the terminal, and returns the line that knocks and logs in. */
  readonly begin: (terminal: Running, address: string) => Promise<string>;
  /** "Go back one step, or take it all away." */
  readonly end: string;
  readonly says: string;
}

const WAYS: readonly Way[] = [
  {
    name: "the policy that init writes",
    family: "ipv6",
    begin: async (terminal, address) => {
      const said = await answerAll(terminal, INIT);
      expect(said).toContain("status 0");
      const [, knock = ""] = /^ {2}knock +(knock .*?) *$/m.exec(said) ?? [];
      expect(knock).toContain(address);
      return `${knock} && ${KNOCK.split(" && ")[1]?.replace("HOST", address)}`;
    },
    end: ROLLBACK,
    says: "there is no gate any more, as before",
  },
  {
    name: "the six lines of the page",
    family: "ipv4",
    begin: (_, address) => {
      mkdirSync(join(there.home, "etc"));
      writeFileSync(join(there.home, "etc/policy.yaml"), POLICY, { mode: 0o600 });
      return Promise.resolve(KNOCK.replaceAll("HOST", address));
    },
    end: REMOVE,
    says: "the gate is gone",
  },
];

describe.each(WAYS)("with $name, over $family", ({ family, begin, end, says }) => {
  test("the door is hidden, opens to the knock of the page, is kept by who came in, and goes", async () => {
    const address = network.link.server[family];
    const first = openTerminal();
    await logIn(first, `ssh ${address}`);
    expect(await seenBy(address)).toBe("open");
    const knock = await begin(first, address);
    expect(await type(first, CHECK)).toContain("status 0");

    first.write(`${APPLY}; echo "status $?"\n`);
    const beforeApply = seen(first).length;
    await until("the countdown", () => /\b\d+ s left/.test(seen(first)), 60);
    expect(await seenBy(address)).toBe("filtered");

    const second = openTerminal();
    await logIn(second, knock);
    expect(await type(second, CONFIRM)).toContain("confirmed: loaded for good");
    const applied = await untilStatus(first, APPLY, beforeApply);
    expect(applied).toContain("the gate is up on nftables");
    expect(applied).toContain("status 0");

    expect(await type(second, STATUS)).toMatch(/^ssh {2}(open|shut)$/m);
    expect(await type(second, end)).toContain(says);
    expect(await seenBy(address)).toBe("open");
    for (const terminal of [first, second]) await terminal.stop();
  });
});

describe("further down", () => {
  beforeEach(() => {
    mkdirSync(join(there.home, "etc"));
    writeFileSync(join(there.home, "etc/policy.yaml"), POLICY, { mode: 0o600 });
  });

  test("the rules that compile prints hide the door where there is nothing else", async () => {
    const lines = FOR_GOOD.filter((line) => /compile|nft -f/.test(line));
    expect(lines).toHaveLength(2);
    const file = network.server.newPath("postern.nft");
    const script = lines.map((line) => line.replaceAll("/etc/postern.nft", file)).join("\n");
    await network.server.run(["sh", "-ec", `. ${there.settings}\n${script}`]);
    expect(readFileSync(file, "utf8")).toContain("table inet postern");
    const { ipv4 } = network.link.server;
    expect(await seenBy(ipv4)).toBe("filtered");
    const terminal = openTerminal();
    await logIn(terminal, KNOCK.replaceAll("HOST", ipv4));
    await terminal.stop();
  });

  test("with a profile ssh knocks by itself", async () => {
    const { ipv4 } = network.link.server;
    const [add = "", knock = "", config = "", ssh = ""] = KNOCKING.map((line) =>
      line.replaceAll("HOST", ipv4),
    );
    const [, given = ""] = /`(sudo \.\/dev run profile export [^`]*)`/.exec(
      readFileSync("README.md", "utf8"),
    ) ?? [""];
    const profile = given.split(" > ")[1] ?? "";
    await network.server.run(["sh", "-ec", `. ${there.settings}; ${APPLY} --no-confirm; ${given}`]);
    writeFileSync(join(here.home, profile), readFileSync(join(there.home, profile)));
    const terminal = openTerminal();
    expect(await type(terminal, add)).toContain("status 0");
    expect(await type(terminal, knock)).toMatch(/open[\s\S]*status 0/);
    expect(await type(terminal, config)).toContain("status 0");
    await network.server.run(["sh", "-ec", `. ${there.settings}; sudo ./dev run close ssh`]);
    await logIn(terminal, ssh);
    await terminal.stop();
  });
});
