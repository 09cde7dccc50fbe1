/** `postern init` on a host with a real sshd: from no policy to a session behind a door. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Output, Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

let bundle: Bundle;
let network: Network;
let host: Host;
let sshd: SshServer;
let folders = 0;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  host = network.server;
  sshd = await startSshd(host);
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
afterEach(async () => {
  await host.run(["nft", "flush", "ruleset"]);
});

/** A folder that nobody has made yet. */
function newFolder(): string {
  return join(bundle.folder, `etc-${folders++}`);
}

/** A line of shell on the host in which `$postern` starts the command. */
function shell(folder: string, line: string): Promise<Output> {
  return host.run(["sh", "-c", `${settings(folder)}; ${line}`], { mayFail: true });
}

function settings(folder: string): string {
  // Whoever runs the tests may do so over SSH, too.
  return `unset SSH_CONNECTION; export POSTERN_DIR=${folder} postern="${process.execPath} ${bundle.file}"`;
}

/** The line for a tool, as it was printed. */
function recipeIn(said: string, tool: string): string {
  const line = new RegExp(`^  ${tool} +(\\S.*?)\\s*$`, "m").exec(said)?.[1];
  if (line === undefined) throw new Error(`recipeIn: there is no ${tool} in ${said}`);
  return line;
}

async function connectsAfter(line: string): Promise<boolean> {
  await network.client.run(["sh", "-c", line], { mayFail: true });
  return canConnect(network.client, network.link.server.ipv4, 22);
}

describe("without questions", () => {
  test("a policy is made, checked, applied, and opened by what was printed", async () => {
    const folder = newFolder();
    const made = await shell(folder, "$postern init --yes");
    expect([made.status, made.stderr]).toEqual([0, ""]);
    expect((await shell(folder, "$postern check")).status).toBe(0);
    expect((await shell(folder, "$postern compile | nft -f -")).status).toBe(0);
    expect(await canConnect(network.client, network.link.server.ipv4, 22)).toBe(false);
    expect(await connectsAfter(recipeIn(made.stdout, "bash"))).toBe(true);
    const session = sshd.session(network.client, network.link.server.ipv4);
    session.write("hello\n");
    await until("an answer through the door", () => session.stdout().includes("hello"));
    await session.stop();
  });

  test("the policy and its folder are for their owner alone", async () => {
    const folder = newFolder();
    await shell(folder, "umask 0; $postern init --yes");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "policy.yaml")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["policy.yaml"]);
  });

  test("a policy that is there is not touched, nor is what a link would lead to", async () => {
    const folder = newFolder();
    await shell(folder, "$postern init --yes");
    const before = readFileSync(join(folder, "policy.yaml"), "utf8");
    const again = await shell(folder, "$postern init --yes");
    expect([again.status, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("exists already");
    expect(readFileSync(join(folder, "policy.yaml"), "utf8")).toBe(before);
    const led = await shell(
      folder,
      "cd $POSTERN_DIR; ln -s nowhere link; $postern init link --yes",
    );
    expect([led.status, existsSync(join(folder, "nowhere"))]).toEqual([1, false]);
  });

  test("of ten at once one writes, and the others leave it whole", async () => {
    const folder = newFolder();
    const line =
      "for n in 0 1 2 3 4 5 6 7 8 9; do $postern init --yes >/dev/null 2>&1 && echo wrote & done; wait";
    expect((await shell(folder, line)).stdout).toBe("wrote\n");
    expect(readdirSync(folder)).toEqual(["policy.yaml"]);
    expect((await shell(folder, "$postern check")).status).toBe(0);
  });

  test("on a full disk nothing is left behind", async () => {
    const folder = newFolder();
    const line =
      "mkdir $POSTERN_DIR; mount -t tmpfs -o size=8k none $POSTERN_DIR; cd $POSTERN_DIR; cat /dev/zero > full 2>/dev/null; $postern init --yes; echo $?; ls";
    const { stdout, stderr } = await shell(folder, `unshare --mount sh -c '${line}'`);
    expect(stderr).toContain("the disk is full");
    expect(stdout).toBe("1\nfull\n");
  });

  test("who may not write there is told so, before any question", async () => {
    const user = "chmod 755 $(dirname $POSTERN_DIR); setpriv --reuid=65534 --clear-groups";
    const { status, stderr } = await shell(newFolder(), `${user} $postern init --yes`);
    expect(status).toBe(1);
    expect(stderr).toContain("may not be written by you [file-unwritable]");
  });

  test("without a terminal it is wrong usage to leave out --yes", async () => {
    const folder = newFolder();
    const { status, stderr } = await shell(folder, "$postern init");
    expect([status, existsSync(folder)]).toEqual([2, false]);
    expect(stderr).toContain("--yes takes the defaults");
  });
});

describe("at a terminal", () => {
  const ENTER = "\r";
  const CTRL_C = "\u0003";
  const CTRL_D = "\u0004";
  const FIRST = "Which service shall nobody see?";

  /** The command at a terminal of its own, so wide or of no known size. */
  function atTerminal(folder: string, { columns = 80, before = "" } = {}): Running {
    const line = `stty cols ${columns} rows ${columns === 0 ? 0 : 40}; ${before}$postern init`;
    return host.start(["sh", "-c", `${settings(folder)}; script -qec '${line}' /dev/null`]);
  }

  /** What it shows, without colours and moves of the cursor. */
  const seen = (terminal: Running) =>
    stripVTControlCharacters(terminal.stdout()).replaceAll("\r", "");

  async function answer(terminal: Running, question: string, keys: string): Promise<void> {
    await until(`"${question}" on the terminal`, () => seen(terminal).includes(question));
    terminal.write(keys);
  }

  async function end(terminal: Running): Promise<number | NodeJS.Signals> {
    const status = await terminal.ended;
    terminal.closeInput();
    return status;
  }

  test.each([80, 0])("questions are answered at one %d columns wide", async (columns) => {
    const folder = newFolder();
    const terminal = atTerminal(folder, { columns });
    await answer(terminal, FIRST, ENTER);
    await answer(terminal, "What is the door called?", `front${ENTER}`);
    await answer(terminal, "How many packets?", `2${ENTER}`);
    await answer(terminal, "2 is outside the range", `\u007f5${ENTER}`);
    await answer(terminal, "How long does a knock open it?", ENTER);
    await answer(terminal, "Shut it again", `y${ENTER}`);
    expect(await end(terminal)).toBe(0);
    const said = seen(terminal);
    expect(said).toContain("tcp/22     sshd");
    expect(said).toContain("front  tcp/22  5 steps, one connection within 10s");
    expect(said).not.toContain("to knock?");
    expect(recipeIn(said, "knock").split(" ")).toHaveLength(4 + 5);
  });

  test("over SSH the address of the session is offered", async () => {
    const folder = newFolder();
    const before = 'export SSH_CONNECTION="198.51.100.7 5 203.0.113.5 22"; ';
    const terminal = atTerminal(folder, { before });
    await answer(terminal, FIRST, ENTER);
    await answer(terminal, "What is the door called?", ENTER);
    await answer(terminal, "How many packets?", ENTER);
    await answer(terminal, "How long does a knock open it?", ENTER);
    await answer(terminal, "Shut it again", ENTER);
    await answer(terminal, "Never ask 198.51.100.7 to knock?", `y${ENTER}`);
    expect(await end(terminal)).toBe(0);
    expect(readFileSync(join(folder, "policy.yaml"), "utf8")).toContain(
      '\ntrusted: ["198.51.100.7"]\n',
    );
    expect(seen(terminal)).toContain("knock -d 200 203.0.113.5 ");
  });

  test.each([
    ["Ctrl-C", CTRL_C],
    ["Ctrl-D", CTRL_D],
  ])("%s writes nothing, says so in a line, and gives the cursor back", async (_, key) => {
    for (const answers of [0, 1]) {
      const folder = newFolder();
      const terminal = atTerminal(folder);
      if (answers === 1) await answer(terminal, FIRST, ENTER);
      await answer(terminal, answers === 0 ? FIRST : "What is the door called?", key);
      expect(await end(terminal)).toBe(1);
      expect(seen(terminal)).toMatch(/\npostern: broken off; nothing was written\n$/);
      expect(terminal.stdout().lastIndexOf("\u001b[?25h")).toBeGreaterThan(
        terminal.stdout().lastIndexOf("\u001b[?25l"),
      );
      expect(existsSync(folder)).toBe(false);
    }
  });
});
