/** `postern knock` with SSH keys, as somebody who is not root types it, at a real gate with an agent. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Client, clientOn } from "./client.ts";
import type { Output, Running } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { canConnect, startSshd } from "./services.ts";
import { accountOn } from "./ssh-account.ts";
import { until } from "./until.ts";

const POLICY = `backend: nftables
doors:
  ssh: { protects: tcp/22, open-for: 1s, signed: { carriers: [ping, udp/62201] } }
  once: { protects: tcp/2022, single-use: true, signed: { carriers: [udp/62201] } }
  bound: { protects: tcp/2023, open-for: 1s, signed: { carriers: [udp/62201], bound: true } }
`;
const GATE = "gate.test";
const NOBODY = 65_534;

let bundle: Bundle;
let network: Network;
let agent: Running;
let folder: string;
/** What the gate's host tells its clients. */
let enrolment: string;
/** A key of nobody, without a passphrase, and one with; each is of somebody in the file of signers. */
let plain: string;
let locked: string;
let client: Client;
let settings: readonly string[];

beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  const { server, link } = network;
  ({ settings } = await startSshd(server, [22, 2022, 2023]));
  nameHosts(network.client, { [GATE]: [link.server.ipv6, link.server.ipv4] });
  client = clientOn(network.client, bundle);
  [plain, locked] = [newKey("ed25519", ""), newKey("ecdsa", "sesame")];
  folder = server.newPath("etc");
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  const signers = [plain, locked].map((key, n) => `user${n} ${readFileSync(`${key}.pub`, "utf8")}`);
  writeFileSync(join(folder, "allowed_signers"), signers.join(""));
  await server.run(gate("apply --anyway --no-confirm"));
  agent = server.start(gate("agent"));
  await until("the agent is ready", () => {
    if (agent.hasEnded()) throw new Error(`the agent has ended: ${agent.stderr()}`);
    return agent.stdout().includes("ready: sealing key");
  });
  enrolment = network.client.newPath("enrolment");
  writeFileSync(enrolment, (await server.run(gate("agent key"))).stdout);
  expect(await client.postern(`profile add ${GATE} --from ${enrolment}`)).toMatchObject({
    status: 0,
  });
});
afterAll(async () => {
  await agent.stop();
  network.remove();
  bundle.remove();
});

function gate(line: string): string[] {
  return ["env", `POSTERN_DIR=${folder}`, process.execPath, bundle.file, ...line.split(" ")];
}

function newKey(type: string, passphrase: string): string {
  const path = network.client.newPath("key");
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-f", path]);
  for (const file of [path, `${path}.pub`]) chownSync(file, NOBODY, NOBODY);
  return path;
}

/** Whether nobody but root may send echo requests, as in a new namespace. */
async function allowEcho(groups: string): Promise<void> {
  await network.client.run(["sysctl", "-qw", `net.ipv4.ping_group_range=${groups}`]);
}

async function knock(line: string): Promise<Output> {
  await untilShut();
  return await client.postern(`knock ${line}`);
}

async function untilShut(): Promise<void> {
  const { ipv4, ipv6 } = network.link.server;
  for (const address of [ipv4, ipv6]) {
    await until("the door is shut", async () => !(await canConnect(network.client, address, 22)));
  }
}

describe("an ordinary user", () => {
  test("opens the door over both families, each for the address that they come from", async () => {
    await allowEcho("0 65534");
    const { ipv4, ipv6 } = network.link.server;
    // It waits for the second family only a while longer than for the first: on a busy machine,
    // that may be too short.
    await until("both are open", async () => {
      const { status, stdout, stderr } = await knock(`${GATE}:ssh -i ${plain}`);
      expect([status, stderr]).toEqual([0, ""]);
      return [ipv4, ipv6].every((address) => stdout.includes(`${address} by signed:ping`));
    });
    for (const address of [network.link.client.ipv4, network.link.client.ipv6]) {
      // It opens first, and says so then.
      await until(`a line about ${address}`, () =>
        agent.stdout().includes(`open door=ssh SRC=${address} via=ping client=user0`),
      );
    }
  });

  test("who may send no echo requests opens it by datagram, and is told what is to be set", async () => {
    await allowEcho("1 0");
    expect((await knock(`${GATE}:ssh -i ${plain} -4`)).stdout).toContain("by signed:udp/62201");
    const { status, stderr } = await knock(`${GATE}:ssh -i ${plain} -4 --via signed:ping`);
    expect(status).toBe(4);
    expect(stderr).toMatch(
      /did not get there: this user may send no echo requests: E\w+; the sysctl net\.ipv4\.ping_group_range="0 2147483647" lets everybody/,
    );
  });

  test("opens a door that takes none but knocks that are bound", async () => {
    expect(await knock(`${GATE}:bound -i ${plain} --json`)).toMatchObject({ status: 0 });
  });

  test("with a passphrase types it at a terminal, once for both families, or again", async () => {
    const line = `exec ${asNobody()} knock ${GATE}:ssh -i ${locked} --via signed:udp`;
    for (const words of [["sesame"], ["sesam", "sesame"]]) {
      await untilShut();
      const terminal = network.client.start(["script", "-qec", line, "/dev/null"]);
      const prompts = () => terminal.stdout().match(/nter passphrase/g)?.length ?? 0;
      for (const [n, word] of words.entries()) {
        await until("the passphrase is asked for", () => prompts() > n);
        terminal.write(`${word}\n`);
      }
      expect(await terminal.ended).toBe(0);
      expect(prompts()).toBe(words.length);
      expect(terminal.stdout()).toContain(`signing with ${locked}, which has a passphrase`);
      expect(terminal.stdout()).toContain(`ssh of ${GATE} is open for 1s: `);
    }
  });

  test("and where there is no terminal is told what to do", async () => {
    const { status, stderr } = await knock(`${GATE}:ssh -i ${locked}`);
    expect([status, stderr]).toEqual([
      4,
      expect.stringContaining(`give it to the agent with \`ssh-add ${locked}\``),
    ]);
  });
});

function asNobody(): string {
  return [
    ...["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"],
    ...["env", "-u", "XDG_CONFIG_HOME", `HOME=${join(client.profiles, "../../..")}`],
    ...[process.execPath, bundle.file],
  ].join(" ");
}

describe("ssh", () => {
  test("goes in by what `postern ssh-config` prints, with its own keys, and asks nothing", async () => {
    const account = accountOn(network.client, bundle, settings);
    await account.shell(`$postern profile add ${GATE} --from ${enrolment}`);
    await account.shell(`$postern ssh-config ${GATE} >>$config`);
    // The key that the profile names, since this ssh has settings of its own.
    const hosts = (await account.shell('cat "$HOME/.config/postern/hosts.yaml"')).stdout;
    const file = network.client.newPath("hosts");
    writeFileSync(file, hosts.replace("sealing-key:", `identity: ${plain}\n    sealing-key:`));
    chmodSync(file, 0o600);
    await account.shell(`cp ${file} "$HOME/.config/postern/hosts.yaml"`);
    for (const port of [22, 2022]) {
      await untilShut();
      const { stdout } = await account.shell(`$ssh -p ${port} ${GATE} 'echo "$SSH_CONNECTION"'`);
      expect(stdout).toMatch(new RegExp(` ${port}\\n$`));
    }
  });
});
