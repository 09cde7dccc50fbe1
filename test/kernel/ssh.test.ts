/**
 * `ssh HOST` just works with what `postern ssh-config HOST` prints: OpenSSH's own client and
 * server, with a gate in between. Who jumps goes on from the server:
 *
 *     client ── eth0 ── eth0 server eth1 ── eth0 inner (10.91.9.2, fd91:0:0:9::2)
 */
import { chmodSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readStatus } from "../../src/gate/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { sure } from "../setup/sure.ts";
import { countMembers, untilNone } from "./gate.ts";
import { type Host, untilListening } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { canConnect, connect, listen, startSshd } from "./services.ts";
import { connectsOn, untilNoneConnects } from "./ssh-account.ts";
import {
  GATE,
  HALF_DEAD,
  makeSshScene,
  OPEN_PORT,
  POLICY,
  SIX,
  type SshScene,
} from "./ssh-scene.ts";
import { until } from "./until.ts";

const INNER = { ipv4: "10.91.9.2", ipv6: "fd91:0:0:9::2" };
const SERVER = { ipv4: "10.91.0.2", ipv6: "fd91::2" };

let scene: SshScene;
let client: Host;
let inner: Host;
/** What nobody shall make. */
let made: string;
beforeAll(async () => {
  scene = await makeSshScene();
  const { network, account } = scene;
  client = network.client;
  made = client.newPath("made");
  inner = await network.addHost("inner");
  await network.join(network.server, inner, 9);
  const { settings } = await startSshd(inner);
  account.configure([
    ...["Host work", `HostName ${GATE}`],
    ...["Host crafted", `HostName ${SIX};>${made}`],
    ...["Host inner", `HostName ${INNER.ipv6}`, ...settings],
    ...["Host behind", `HostName ${INNER.ipv4}`, `ProxyJump ${SIX}`, ...settings],
  ]);
  await account.learn(GATE, POLICY);
  await account.learn(SIX, POLICY, ["ssh", "once"]);
  await account.learn(HALF_DEAD, POLICY);
  await account.learn(SERVER.ipv6, POLICY);
});
afterAll(() => scene.remove());
beforeEach(() => scene.shutGate());

/** What a session says that is asked where it is: `in ADDRESS PORT`. */
async function arrival(how: string): Promise<string> {
  const { stdout } = await scene.account.shell(`$ssh ${how} 'echo "$SSH_CONNECTION"'`);
  return stdout.replace(/^\S+ \S+/, "in").trim();
}

async function grants(): Promise<number> {
  const { server } = scene.network;
  const counts = FAMILIES.map((family) => countMembers(server, family, "grants"));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count);
}

async function untilShut(): Promise<void> {
  for (const family of FAMILIES) await untilNone(scene.network.server, family, "grants");
}

/** How often a door has been opened. */
async function openings(door: string): Promise<number | undefined> {
  const { doors } = sure(await readStatus(liveHost(scene.network.server)));
  return doors.find(({ name }) => name === door)?.counters["open"];
}

describe("`ssh HOST` logs in through a door that is shut before, and shut again after", () => {
  const [four, six] = [`in ${SERVER.ipv4} 22`, `in ${SERVER.ipv6} 22`];
  test.each([
    ["where the name has both families", GATE, [four, six]],
    ["where it has IPv6 alone", SIX, [six]],
    ["where IPv6 is advertised and dead", HALF_DEAD, [four]],
    ["where it is an address of IPv6", SERVER.ipv6, [six]],
    ["by another name of the config", "work", [four, six]],
  ])("%s", async (_, host, ways) => {
    expect(await grants()).toBe(0);
    expect(ways).toContain(await arrival(host));
    expect(await openings("ssh")).toBeGreaterThan(0);
    await untilShut();
  });

  test("and without the knock it is shut", async () => {
    expect(await canConnect(client, SERVER.ipv4, 22)).toBe(false);
    await arrival(HALF_DEAD);
    await untilShut();
    expect(await canConnect(client, SERVER.ipv4, 22)).toBe(false);
  });
});

test("a door for one connection lets ssh in by one knock: nothing else uses it up", async () => {
  expect(await arrival(`-p 2022 ${SIX}`)).toBe(`in ${SERVER.ipv6} 2022`);
  expect(await openings("once")).toBe(1);
  expect(await grants()).toBe(0);
});

test("a port that no door protects is called without a knock", async () => {
  expect(await arrival(`-p ${OPEN_PORT} ${SIX}`)).toBe(`in ${SERVER.ipv6} ${OPEN_PORT}`);
  expect(await openings("ssh")).toBe(0);
});

describe("with a master connection", () => {
  test("the first session knocks, and those after it need none, until the master is told to go", async () => {
    const path = client.newPath("master");
    const master = `-o ControlMaster=auto -o ControlPersist=yes -o ControlPath=${path} ${SIX}`;
    await arrival(master);
    await untilShut();
    const before = await openings("ssh");
    expect(await arrival(master)).toBe(`in ${SERVER.ipv6} 22`);
    expect(await openings("ssh")).toBe(before);
    expect(connectsOn(client)).toHaveLength(1);
    await scene.account.shell(`$ssh -O exit -o ControlPath=${path} ${SIX}`);
    await untilNoneConnects(client);
  });
});

describe("a host behind the door is reached", () => {
  test("by a jump that the command line names", async () => {
    expect(await arrival(`-J ${SIX} inner`)).toBe(`in ${INNER.ipv6} 22`);
    await untilNoneConnects(client);
  });

  test("by a jump that stands in the config", async () => {
    expect(await arrival("behind")).toBe(`in ${INNER.ipv4} 22`);
  });

  test("through a forwarded port, also by a jump", async () => {
    const listener = await listen(inner, { protocol: "tcp", port: 7000 }, "ipv4");
    const ssh = ["ssh", "-F", scene.account.config, "-N", "-L", `7001:${INNER.ipv4}:7000`];
    const forward = scene.account.start([...ssh, "-J", SIX, "inner"]);
    await untilListening(forward, { protocol: "tcp", port: 7001 }, "ipv4");
    const caller = connect(client, "127.0.0.1", 7001);
    caller.write("through\n");
    await until("what was sent to arrive", () => listener.stdout() === "through\n");
    listener.write("and back\n");
    await until("the answer", () => caller.stdout() === "and back\n");
    for (const one of [caller, forward, listener]) await one.stop();
    await untilNoneConnects(client);
  });
});

describe("what is no name of the host does not come to the command", () => {
  test.each([
    ["a name in its domain", () => `other.${SIX}`],
    ["a command after it", () => `${SIX};>${made}`],
    ["a command in it", () => `$(>${made}).${SIX}`],
    ["another line", () => `${SIX}\n>${made}`],
    ["a command after it, by another name of the config", () => "crafted"],
  ])("%s", async (_, name) => {
    const { config, start } = scene.account;
    const ssh = start(["ssh", "-F", config, "-v", name(), "true"]);
    expect(await ssh.ended).toBe(255);
    expect(ssh.stderr()).not.toContain("Executing proxy command");
    expect(existsSync(made)).toBe(false);
  });
});

describe("the program may lie in a folder of an odd name", () => {
  test.each([
    ["as a script of node", "postern.mjs", (file: string) => [process.execPath, file]],
    ["installed", "postern", (file: string) => [file]],
  ])("%s", async (_, name, program) => {
    const folder = client.newPath(`it's 100%h "odd"; $HOME & \`x\` \\# é`);
    mkdirSync(folder);
    symlinkSync(scene.bundle.file, `${folder}/${name}`);
    chmodSync(scene.bundle.file, 0o755);
    const stanza = scene.account.start([...program(`${folder}/${name}`), "ssh-config", SIX]);
    expect(await stanza.ended).toBe(0);
    const config = client.newPath("odd_config");
    await scene.account.shell(
      `sed '/^# .ssh/,$d' ${scene.account.config} >${config}; cat >>${config}`,
      {
        stdin: stanza.stdout(),
      },
    );
    expect(stanza.stdout()).toContain("odd");
    expect(await arrival(`-F ${config} ${SIX}`)).toBe(`in ${SERVER.ipv6} 22`);
  });
});
