/** What `apply` does by default in an SSH session that has no terminal: nobody is locked out. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

const POLICY =
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [21001, udp/24040, tcp/22777, tcp/26010] } } }\n";
const TRUSTING = `trusted: [10.91.0.1, "fd91::1"]\n${POLICY}`;
const KNOCK = ["21001", "24040:udp", "22777", "26010"];
const CLEARED = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin";

let bundle: Bundle;
let network: Network;
let host: Host;
let sshd: SshServer;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  host = network.server;
  sshd = await startSshd(host);
  for (const [name, text] of Object.entries({ POLICY, TRUSTING })) {
    writeFileSync(`${bundle.folder}/${name}`, text);
  }
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await host.run(["nft", "flush", "ruleset"]);
  // The one that has brought a gate back may still write what it has done.
  await until("what was kept to be gone", async () => {
    const { status } = await host.run(["rm", "-rf", host.runFolder], { mayFail: true });
    return status === 0;
  });
});

function lineOf(line: string): string {
  const command = `POSTERN_RUN_DIR=${host.runFolder} ${process.execPath} ${bundle.file}`;
  return `cd ${bundle.folder}; ${line.replaceAll("$postern", command)}`;
}

/** A line of shell at the host's console in which `$postern` starts the command. */
async function atConsole(line: string): Promise<string> {
  return (await host.run(["sh", "-c", lineOf(line)], { mayFail: true })).stdout;
}

/** A session, and in it a shell that reads its commands from a pipe, as Ansible's do. */
function openShell(family: Family = "ipv4", shell = "sh"): Running {
  return sshd.session(network.client, network.link.server[family], shell);
}

/** What a session prints after a line that was written to it, up to and with its exit status. */
async function say(session: Running, line: string): Promise<string> {
  const seen = session.stdout().length;
  session.write(`${lineOf(line)} 2>&1; echo "status $?"\n`);
  await until(`the end of ${line}`, () => /status \d+\n/.test(session.stdout().slice(seen)));
  return session.stdout().slice(seen);
}

async function knock(family: Family): Promise<void> {
  const flags = family === "ipv6" ? ["-6"] : [];
  await network.client.run(["knock", ...flags, "-d", "20", network.link.server[family], ...KNOCK]);
}

test.each(FAMILIES)(
  "over %s a script is not locked out, and reads in one line that it has to confirm",
  async (family) => {
    const old = openShell(family);
    const applied = await say(old, "$postern apply POLICY");
    expect(applied).toMatch(
      /^awaiting confirmation \(60 s left\): run "postern confirm" over a new connection$/m,
    );
    expect(applied).toMatch(/^prove it from outside: postern probe HOST$/m);
    expect(await atConsole("$postern status")).toMatch(/^not confirmed: in \d\d s /);
    expect(await say(old, "$postern apply TRUSTING")).toContain("[unconfirmed]");
    await knock(family);
    const fresh = openShell(family);
    expect(await say(fresh, "$postern confirm")).toContain("confirmed: loaded for good\nstatus 0");
    for (const session of [old, fresh]) await session.stop();
  },
);

test.each([
  ["its environment", "$postern apply POLICY"],
  ["its environment, in a session of its own", "setsid -w sh -c '$postern apply POLICY'"],
])("a command that has lost %s is still one of SSH", async (_, line) => {
  const cleared = openShell("ipv4", `${CLEARED} sh`);
  expect(await say(cleared, line)).toContain("awaiting confirmation (60 s left)");
  await cleared.stop();
});

test("a gate that is the same needs no confirmation, and rollback goes where it went", async () => {
  await atConsole("$postern apply TRUSTING --no-confirm; $postern apply POLICY --no-confirm");
  await knock("ipv4");
  const session = openShell();
  const again = await say(session, "$postern apply POLICY --json");
  expect(again).toMatch(/"state": "confirmed",\s+"secondsLeft": null,\s+"changed": false/);
  expect(await say(session, "$postern confirm")).toContain("[nothing-waits]");
  expect(await say(session, "$postern rollback")).toContain("status 0");
  expect((await host.run(["nft", "list", "table", "inet", "postern"])).stdout).toContain(
    "10.91.0.1",
  );
  await session.stop();
});

test("a gate that somebody has changed waits, and the change comes back", async () => {
  await atConsole("$postern apply POLICY --no-confirm");
  const opened = ["tcp", "dport", "22", "accept"];
  await host.run(["nft", "insert", "rule", "inet", "postern", "prerouting", ...opened]);
  const session = openShell();
  const again = await say(session, "$postern apply POLICY --json");
  expect(again).toMatch(/"state": "awaiting confirmation",\s+"secondsLeft": 60,\s+"changed": true/);
  const prerouting = ["nft", "list", "chain", "inet", "postern", "prerouting"];
  expect((await host.run(prerouting)).stdout).not.toContain("tcp dport 22 accept");
  await atConsole("$postern rollback");
  expect((await host.run(prerouting)).stdout).toContain("tcp dport 22 accept");
  await session.stop();
});

test("a script that says so loads for good", async () => {
  const session = openShell();
  expect(await say(session, "$postern apply POLICY --no-confirm")).toMatch(
    /^confirmed: loaded for good$/m,
  );
  expect(await atConsole("$postern status")).not.toContain("not confirmed");
  await session.stop();
});
