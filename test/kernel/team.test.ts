/** docs/team.md: its blocks of shell, in order, against two booted hosts with a real ssh.service. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type BootedHost, bootHost, bootObstacle, CHECKOUT } from "./booted.ts";
import type { Output } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { blocksOf } from "./page.ts";

const PAGE = "docs/team.md";
const [FIRST = ""] = blocksOf(PAGE, "## The policy", "sh");
const [PROFILES = "", ROLL_OUT = "", BACK = ""] = blocksOf(PAGE, "## To all hosts", "sh");
const [TOKENS = "", SIGNED = "", BOB_LEAVES = ""] = blocksOf(PAGE, "## People", "sh");
const [POLICY = ""] = blocksOf(PAGE, "## People", "yaml");
const [WATCH = ""] = blocksOf(PAGE, "## What to watch", "sh");

test("these are all blocks of the page", () => {
  const all = [FIRST, PROFILES, ROLL_OUT, BACK, TOKENS, SIGNED, BOB_LEAVES, WATCH];
  expect(blocksOf(PAGE, "# Running it for a team", "sh")).toEqual(all);
});

const obstacle = bootObstacle();

let bundle: Bundle;
let network: Network;
let hosts: Readonly<Record<"web1" | "web2", BootedHost>>;
/** Of the administrator, on the client. */
let home: string;
beforeAll(async () => {
  if (obstacle !== undefined) return;
  bundle = makeBundle();
  network = await makeNetwork();
  const { client, server, link } = network;
  const second = await network.addHost("web2");
  const [, end] = await network.join(client, second, 7);
  nameHosts(client, { web1: [link.server.ipv6, link.server.ipv4], web2: [end.ipv6, end.ipv4] });
  home = makeHome();
  hosts = { web1: await bootHost(server), web2: await bootHost(second) };
  const publicKey = readFileSync(join(home, "key.pub"), "utf8");
  for (const host of Object.values(hosts)) {
    await host.shell(`set -e
      cd ${CHECKOUT} && ./dev install
      mkdir -p -m 700 /root/.ssh && echo '${publicKey.trim()}' > /root/.ssh/authorized_keys
      ssh-keygen -A && systemctl start ssh.service`);
  }
});
afterAll(async () => {
  for (const host of Object.values(hosts ?? {})) await host.remove();
  network?.remove();
  bundle?.remove();
});

/** With the command, a key for ssh, an ssh that reads the settings of here, and what the page names. */
function makeHome(): string {
  const folder = network.client.newPath("home");
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(folder, ".ssh"));
  for (const key of ["key", "bob"]) {
    const argv = ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", join(folder, key)];
    execFileSync("ssh-keygen", argv);
  }
  const settings = ["User root", `IdentityFile ${folder}/key`, "BatchMode yes"];
  settings.push("StrictHostKeyChecking no", "UserKnownHostsFile /dev/null", "LogLevel ERROR");
  writeFileSync(join(folder, ".ssh/config"), `${settings.join("\n")}\n`);
  const programs = {
    postern: `exec ${process.execPath} ${bundle.file} "$@"`,
    ssh: `exec /usr/bin/ssh -F ${folder}/.ssh/config "$@"`,
    scp: `exec /usr/bin/scp -F ${folder}/.ssh/config "$@"`,
  };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  copyFileSync("examples/team.yaml", join(folder, "team.yaml"));
  return folder;
}

/** Types a block into a shell of the administrator, in the repository once there is one. */
function type(block: string, { where = "gates", mayFail = false } = {}): Promise<Output> {
  const names = ["GIT_AUTHOR", "GIT_COMMITTER"].flatMap((who) => [
    `${who}_NAME=ada`,
    `${who}_EMAIL=ada@example.org`,
  ]);
  const argv = [
    ...["env", "-u", "XDG_CONFIG_HOME", "-u", "SSH_AUTH_SOCK", "-u", "SSH_CONNECTION"],
    ...[`HOME=${home}`, `PATH=${home}/bin:${process.env["PATH"]}`, ...names],
    ...["sh", "-ec", `cd ${join(home, where)}\n${block}`],
  ];
  return network.client.run(argv, { mayFail, timeoutSeconds: 120 });
}

const onBoth = async (line: string) => {
  const said: string[] = [];
  for (const host of Object.values(hosts)) said.push((await host.shell(line)).stdout);
  return said;
};

/** Which policy the gates of both are made of. */
const madeOf = () => onBoth("nft list chain inet postern made_of | grep policy=");

/** Whether ssh gets in without a knock. */
async function walksIn(name: string): Promise<boolean> {
  const line = `ssh -o ProxyCommand=none -o ConnectTimeout=1 ${name} true`;
  return (await type(line, { mayFail: true })).status === 0;
}

describe.skipIf(obstacle !== undefined)(
  `a team${obstacle === undefined ? "" : `: ${obstacle}`}`,
  () => {
    test("the policy of the examples passes, and is the first commit", async () => {
      await type(FIRST, { where: "." });
      expect((await type("git log --oneline")).stdout.split("\n")).toHaveLength(2);
    });

    test("is rolled out to hosts that have no gate yet, and kept by who logs in anew", async () => {
      await type(PROFILES);
      const { stdout } = await type(ROLL_OUT);
      expect(stdout.match(/confirmed: loaded for good/g)).toHaveLength(2);
      const waits = await onBoth("postern status --json | grep unconfirmed");
      expect(new Set(waits)).toEqual(new Set(['  "unconfirmed": null,\n']));
      await onBoth("postern close ssh");
      expect([await walksIn("web1"), await walksIn("web2")]).toEqual([false, false]);
    });

    test("a policy that is refused changes nothing, and is told of each host", async () => {
      const before = await madeOf();
      await type("cp policy.yaml ../good.yaml; sed -i 's/tcp\\/22$/tcp\\/99999/' policy.yaml");
      const { stdout } = await type(ROLL_OUT, { mayFail: true });
      expect(stdout).toContain("web1: nothing was changed\nweb2: nothing was changed\n");
      expect(await madeOf()).toEqual(before);
      await type("cp ../good.yaml policy.yaml");
    });

    test("goes one step back on all hosts, and in the repository", async () => {
      const before = await madeOf();
      await type("sed -i 's/open-for: 20s/open-for: 40s/' policy.yaml; git commit -qam Longer");
      await type(ROLL_OUT);
      expect(await madeOf()).not.toEqual(before);
      await type(BACK);
      expect(await madeOf()).toEqual(before);
      await type("diff policy.yaml ../team.yaml");
    });

    test("whose key is made, renewed and revoked is known host by host", async () => {
      writeFileSync(join(home, "gates/policy.yaml"), POLICY);
      await type(ROLL_OUT);
      const { stdout } = await type(TOKENS);
      expect(stdout).toMatch(/ana/);
      expect((await hosts.web1.shell("postern key list")).stdout).not.toContain("ana");
    });

    test("who signs comes and goes with a line in the repository", async () => {
      await onBoth("systemctl start postern-agent.service");
      const { stdout } = await type(SIGNED);
      await type(
        `cat > ../sealing <<'END'\n${stdout}END\npostern profile add web2 --from ../sealing`,
      );
      const [one = "", other] = await onBoth("cat /etc/postern/allowed_signers");
      expect(one).toMatch(/^bob ssh-ed25519 \S+ bob\n$/);
      expect(other).toBe(one);
      await type(BOB_LEAVES);
      expect(await onBoth("cat /etc/postern/allowed_signers")).toEqual(["", ""]);
    });

    test("what is to be watched is in what status says", async () => {
      await type(WATCH);
      const status = JSON.parse(readFileSync(join(home, "gates/web1.json"), "utf8")) as object;
      const page = readFileSync(PAGE, "utf8");
      const [, table = ""] = page.split("| in `status --json` |");
      const keys = [...table.matchAll(/^\| `(\w+)/gm)].map(([, key = ""]) => key);
      expect(keys).toHaveLength(6);
      expect(Object.keys(status)).toEqual(expect.arrayContaining(keys));
      await hosts.web2.shell("postern remove");
      expect((await type(WATCH)).stdout).toBe("web2: no gate\n");
    });
  },
);
