/**
 * However ssh ends, what connects for it ends, too; and when there is no way in, ssh says so, with
 * what to try.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Host, Running } from "./host.ts";
import { connectsOn, processesOn, untilNoneConnects } from "./ssh-account.ts";
import { GATE, makeSshScene, OUTDATED, POLICY, SIX, type SshScene } from "./ssh-scene.ts";
import { until } from "./until.ts";

let scene: SshScene;
let client: Host;
beforeAll(async () => {
  scene = await makeSshScene();
  client = scene.network.client;
  await scene.account.learn(GATE, POLICY);
  await scene.account.learn(SIX, POLICY);
  await scene.account.learn(OUTDATED, POLICY.replace("21001", "21002"));
});
afterAll(() => scene.remove());
beforeEach(() => scene.shutGate());

type Wrap = (argv: readonly string[]) => readonly string[];

const AT_TERMINAL: Wrap = (argv) => ["script", "-qec", argv.join(" "), "/dev/null"];
const WITHOUT_HANG_UP: Wrap = (argv) => ["nohup", ...argv];

function start(argv: readonly string[], wrap: Wrap = (words) => words): Running {
  return scene.account.start(wrap(["ssh", "-F", scene.account.config, ...argv]));
}

/** What is written comes back with a sign before it, which no terminal would write. */
const ECHO = "sed -u s/^/=/";

async function echoes(session: Running, word: string): Promise<void> {
  session.write(`${word}\n`);
  await until(`${word} to come back: ${session.stderr()}`, () =>
    session.stdout().includes(`=${word}`),
  );
}

async function inSession(wrap?: Wrap): Promise<Running> {
  const session = start([GATE, ECHO], wrap);
  await echoes(session, "hello");
  return session;
}

/** One that knocks, and will go on with it for some time. */
async function inKnock(wrap?: Wrap): Promise<Running> {
  const session = start([OUTDATED, "true"], wrap);
  await until("the knock", () => connectsOn(client).length === 1);
  return session;
}

const PHASES = [
  ["in the session", inSession],
  ["in the knock", inKnock],
] as const;

describe("a door that does not open", () => {
  test("ends ssh, which says what to try", async () => {
    const ssh = start([OUTDATED, "true"]);
    expect(await ssh.ended).toBe(255);
    expect(ssh.stderr()).toMatch(
      /^postern: ssh of outdated\.test is not open: .*10\.91\.0\.2 does not answer \(\d/,
    );
    expect(ssh.stderr()).toContain("`postern explain ADDRESS ssh` says what the gate makes of you");
    expect(connectsOn(client)).toEqual([]);
  });
});

describe.each(PHASES)("%s", (_, begin) => {
  test.each(["SIGKILL", "SIGHUP"] as const)(
    "the end of ssh by %s ends what connects for it",
    async (signal) => {
      const ssh = await begin();
      ssh.signal(signal);
      await ssh.ended;
      await untilNoneConnects(client);
    },
  );

  test("Ctrl-C ends both", async () => {
    const terminal = await begin(AT_TERMINAL);
    terminal.write("\u0003");
    await terminal.ended;
    await untilNoneConnects(client);
  });
});

describe("the server goes away in the session", () => {
  test("and closes the connection: ssh ends, and what connects for it", async () => {
    const session = await inSession();
    const [theirs] = processesOn(scene.network.server, /^sshd: root@/);
    process.kill(theirs ?? 0, "SIGKILL");
    expect(await session.ended).toBe(255);
    await untilNoneConnects(client);
  });

  test("without a word: what connects ends as soon as ssh gives up, even if it has more to send", async () => {
    const impatient = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"];
    const session = start([...impatient, GATE, ECHO]);
    await echoes(session, "hello");
    await client.run(["nft", "-f", "-"], { stdin: DROPS });
    session.write("x".repeat(8 << 20));
    expect(await session.ended).toBe(255);
    await untilNoneConnects(client);
    await client.run(["nft", "flush", "ruleset"]);
  });
});

const DROPS =
  "table inet other { chain out { type filter hook output priority 0; policy drop; }; }\n";

test("a session that is to outlive its terminal does", async () => {
  const session = await inSession(WITHOUT_HANG_UP);
  const connects = connectsOn(client);
  expect(connects).toHaveLength(1);
  for (const pid of [session.pid, ...connects]) process.kill(pid, "SIGHUP");
  await echoes(session, "still here");
  session.closeInput();
  expect(await session.ended).toBe(0);
  await untilNoneConnects(client);
});

test("what writes after ssh to the same pipe finds it as it was before", async () => {
  const isNonblocking = "[ $(( $(sed -n 's/^flags://p' /proc/self/fdinfo/2) & 04000 )) != 0 ]";
  await scene.account.shell(
    `exec 2>&1; $ssh ${GATE} true; while ${isNonblocking}; do sleep 0.1; done`,
    { timeoutSeconds: 20 },
  );
});
