/** What a check finds on a real host: listeners, sessions, routes, NAT and names that mislead. */
import { copyFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Host, type Output, type Running, untilListening } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { connect, listen, type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

const SEQUENCE = "sequence: { steps: [21001, udp/24040, tcp/22777] }";
const KNOCKED = `doors: { ssh: { protects: tcp/22, ${SEQUENCE} } }\n`;
const BY_HAND = "doors: { ssh: { protects: tcp/22 } }\n";

let bundle: Bundle;
let network: Network;
let client: Host;
let host: Host;
let sshd: SshServer;
const started: Running[] = [];
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork({ links: 2 });
  ({ client, server: host } = network);
  sshd = await startSshd(host);
});
afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
  await host.run(["nft", "flush", "ruleset"]);
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

/** Stops with the test. */
function untilTheEnd(running: Running): Running {
  started.push(running);
  return running;
}

interface Told {
  readonly code: string;
  readonly severity: string;
  readonly what: string;
  readonly fix: string;
}

/** The line of shell that checks a policy. */
function lineFor(policy: string, options: string): string {
  writeFileSync(join(bundle.folder, "policy.yaml"), policy);
  return `${process.execPath} ${bundle.file} check ${bundle.folder}/policy.yaml ${options}`;
}

function shell(line: string): Promise<Output> {
  return host.run(["sh", "-c", line], { mayFail: true });
}

function problemsIn({ stdout, stderr }: Output): readonly Told[] {
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as { problems: readonly Told[] }).problems;
}

/** The problems of one code, at a console unless a shell is given. */
async function find(code: string, policy: string, run = shell): Promise<string[]> {
  const problems = problemsIn(await run(lineFor(policy, "--json")));
  return problems.filter((problem) => problem.code === code).map(({ what }) => what);
}

/** Runs a line in an SSH session to an address of the host. */
function over(address: string): typeof shell {
  return async (line) => {
    const session = sshd.session(client, address, line);
    const status = await session.ended;
    const stderr = session.stderr().replace(/^Warning: Permanently added .*\r?\n/m, "");
    return { status: Number(status), stdout: session.stdout(), stderr };
  };
}

const addressesOf = (family: Family) => {
  const { client: from, server: to } = network.link;
  return { from: from[family], to: to[family] };
};

describe.each(FAMILIES)("an SSH session over %s", (family) => {
  test("through a door without a sequence is refused, with the line to trust it", async () => {
    const { from, to } = addressesOf(family);
    const ran = await over(to)(lineFor(BY_HAND, "--json"));
    expect(ran.status).toBe(1);
    expect(problemsIn(ran).filter(({ severity }) => severity === "error")).toEqual([
      expect.objectContaining({
        code: "locks-you-out",
        what: `your SSH session came from ${from} to tcp/22 of ${to}, where door ssh stands, which no knock opens: you could not come in again`,
        fix: `give the door a \`sequence\`, a \`token\` or \`signed\`, or trust yourself: \`trusted: [${from}]\``,
      }),
    ]);
    expect(await find("locks-you-out", `trusted: ["${from}"]\n${BY_HAND}`, over(to))).toEqual([]);
  });

  test("through a door with a sequence is told to knock, and is not one of the others", async () => {
    const { from, to } = addressesOf(family);
    const problems = problemsIn(await over(to)(lineFor(KNOCKED, "--json")));
    expect(problems.map(({ code }) => code)).toEqual(["you-must-knock"]);
    expect(problems[0]?.what).toContain(`from ${from} to tcp/22 of ${to},`);
  });

  test("is found when sudo has taken its name away", async () => {
    const { to } = addressesOf(family);
    const line = lineFor(BY_HAND, "--json");
    const found = await find("locks-you-out", BY_HAND, () =>
      over(to)(`env -u SSH_CONNECTION -u SSH_CLIENT ${line}; true`),
    );
    expect(found).toHaveLength(1);
  });

  test("is one of the others to somebody at the console", async () => {
    const { from, to } = addressesOf(family);
    const session = untilTheEnd(sshd.session(client, to));
    session.write("here\n");
    await until("the session", () => session.stdout().includes("here"));
    expect(await find("others-must-knock", KNOCKED)).toEqual([
      `one connection through door ssh from ${from}: it goes on, and a new one needs the knock`,
    ]);
    expect(await find("locks-you-out", BY_HAND)).toEqual([]);
  });

  test("came by the interface that it came by, whose address it came to", async () => {
    const { to } = addressesOf(family);
    const second = network.links[1]?.server[family] ?? "";
    const through = (name: string) => `interfaces: [${name}]\n${BY_HAND}`;
    expect(await find("locks-you-out", through("eth0"), over(to))).toHaveLength(1);
    expect(await find("locks-you-out", through("eth1"), over(to))).toEqual([]);
    // From now on to the address of the second interface by way of the first.
    const ip = ["ip", family === "ipv4" ? "-4" : "-6", "route"];
    const { from } = addressesOf(family);
    await client.run([...ip, "add", second, "via", to, "dev", "eth0", "src", from]);
    expect(await find("locks-you-out", through("eth0"), over(second))).toHaveLength(1);
    expect(await find("locks-you-out", through("eth1"), over(second))).toEqual([]);
    await client.run([...ip, "del", second]);
  });
});

test("a session from this host itself meets no door", async () => {
  const { to } = addressesOf("ipv4");
  const line = lineFor(BY_HAND, "--json");
  const session = sshd.session(host, to, line);
  await session.ended;
  expect(JSON.parse(session.stdout())).toMatchObject({ problems: [{ code: "no-way-in" }] });
});

describe("what listens", () => {
  test("on every address is no problem, and on none is one", async () => {
    expect(await find("nothing-listens", BY_HAND)).toEqual([]);
    expect(await find("nothing-listens", BY_HAND.replace("22", "23"))).toEqual([
      "nothing listens on tcp/23, which door ssh protects",
    ]);
  });

  test.each(FAMILIES)("on one address alone, over %s, is told with its process", async (family) => {
    const { to } = addressesOf(family);
    const nc = untilTheEnd(host.start(["nc", "-lk", to, "2222"]));
    await untilListening(nc, { protocol: "tcp", port: 2222 }, family);
    const [what] = await find("bound-listener", BY_HAND.replace("22", "2222"));
    expect(what).toMatch(new RegExp(`^"nc[^"]*" is bound to tcp/2222 of ${to}: `));
    expect(await find("nothing-listens", BY_HAND.replace("22", "2222"))).toEqual([]);
  });

  test.each([
    ["127.0.0.1", "ipv4"],
    ["::1", "ipv6"],
  ] as const)("on %s alone is out of reach", async (address, family) => {
    const nc = untilTheEnd(host.start(["nc", "-lk", address, "2222"]));
    await untilListening(nc, { protocol: "tcp", port: 2222 }, family);
    const [what] = await find("nothing-listens", BY_HAND.replace("22", "2222"));
    expect(what).toContain("listens on loopback alone at tcp/2222");
  });

  test("is the kernel itself, too, as with VXLAN and WireGuard", async () => {
    const vxlan = ["type", "vxlan", "id", "1", "dstport", "4789"];
    await host.run(["ip", "link", "add", "vxlan1", ...vxlan]);
    await host.run(["ip", "link", "set", "vxlan1", "up"]);
    expect(await find("nothing-listens", BY_HAND.replace("tcp/22", "udp/4789"))).toEqual([]);
    await host.run(["ip", "link", "del", "vxlan1"]);
  });
});

describe("a port that NAT hands on", () => {
  const published = (port: number) => find("nothing-listens", BY_HAND.replace("22", `${port}`));
  const NAT = "table ip nat { chain p { type nat hook prerouting priority -100;";

  test.each([
    ["nft", "tcp dport 8080 dnat to 172.17.0.2:80"],
    ["nft, with a set", "tcp dport { 8080, 8090-8099 } dnat to 172.17.0.2:80"],
    ["nft, to this host", "tcp dport 8080 redirect to :22"],
  ])("by %s needs no listener", async (_, rule) => {
    await host.run(["nft", "-f", "-"], { stdin: `${NAT} ${rule}\n }\n}\n` });
    expect(await published(8080)).toEqual([]);
    expect(await published(8081)).toHaveLength(1);
  });

  test.each([
    ["iptables", "172.17.0.2:80"],
    ["ip6tables", "[fd00::2]:80"],
  ])("by %s needs no listener", async (program, to) => {
    const chain = ["-t", "nat", "-A", "PREROUTING"];
    const rule = ["-p", "tcp", "--dport", "8080", "-j", "DNAT", "--to-destination", to];
    await host.run([program, ...chain, ...rule]);
    expect(await published(8080)).toEqual([]);
    expect(await published(8081)).toHaveLength(1);
  });

  test("is the port that a connection came to", async () => {
    await host.run(["nft", "-f", "-"], { stdin: `${NAT} tcp dport 2200 redirect to :22\n }\n}\n` });
    const { from, to } = addressesOf("ipv4");
    const nc = untilTheEnd(connect(client, to, 2200));
    await until("the banner", () => nc.stdout().includes("SSH"));
    expect(await find("others-must-knock", BY_HAND.replace("22", "2200"))).toEqual([
      `one connection through door ssh from ${from}: it goes on, and a new one will be refused`,
    ]);
  });
});

test("the ports that the host asks from are those of the kernel at that moment", async () => {
  const set = (name: string, value: string) =>
    host.run(["sysctl", "-q", "-w", `net.ipv4.ip_local_${name}=${value}`]);
  expect(await find("watch-over-ephemeral", KNOCKED)).toEqual([]);
  await set("port_range", "22000 30000");
  const [what] = await find("watch-over-ephemeral", KNOCKED);
  expect(what).toContain(
    "the watch range 21001-24040 of door ssh meets the ports that this host asks from (22000-30000)",
  );
  const [problem] = problemsIn(await shell(lineFor(KNOCKED, "--json")));
  expect(problem?.fix).toContain("`steps: [18001, udp/21040, tcp/19777]`");
  await set("reserved_ports", "21000-24100");
  expect(await find("watch-over-ephemeral", KNOCKED)).toEqual([]);
  await set("reserved_ports", "");
  await set("port_range", "32768 60999");
});

describe("a process that calls itself something else", () => {
  const NAMES = ['\u001b[31m"\u001b]0;x', "a\ntcp LISTEN 1", '",pid=1,fd=1))', "\u202e\u009b31m"];

  test.each(NAMES)("as %j shows nothing but its name", async (name) => {
    const program = join(bundle.folder, name);
    copyFileSync(realpathSync("/usr/bin/nc"), program);
    const nc = untilTheEnd(host.start([program, "-4", "-u", "-lk", "24000"]));
    await untilListening(nc, { protocol: "udp", port: 24_000 }, "ipv4");
    const { stdout, status } = await shell(lineFor(KNOCKED, ""));
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(stdout).toContain("(udp/24000) listens in the watch range of door ssh");
    const problems = problemsIn(await shell(lineFor(KNOCKED, "--json")));
    expect(problems.map(({ code }) => code)).toEqual(["watch-over-service"]);
  });
});

describe("a host that tells little", () => {
  test("another user finds the same, without the names of processes", async () => {
    await listen(host, { protocol: "udp", port: 24_000 }, "ipv4").then(untilTheEnd);
    await shell(`chmod -R go+rX ${bundle.folder}`);
    const nobody = (line: string) => shell(`setpriv --reuid=65534 --clear-groups ${line}`);
    const [what] = await find("watch-over-service", KNOCKED, nobody);
    expect(what).toContain("a service (udp/24000) listens in the watch range");
  });

  const withSs = (script: string | undefined) => {
    const folder = host.newPath("programs");
    const make =
      script === undefined ? "" : `printf '${script}' > ${folder}/ss; chmod 755 ${folder}/ss; `;
    return (line: string) =>
      shell(
        `mkdir ${folder}; ${make}PATH=${script === undefined ? folder : `${folder}:$PATH`} ${line}`,
      );
  };

  test.each([
    ["there is no ss", undefined],
    ["ss prints nonsense", "#!/bin/sh\\nhead -c 100000 /dev/urandom\\n"],
    ["ss fails", "#!/bin/sh\\necho tcp LISTEN 0 1 0.0.0.0:9 0.0.0.0:*\\nexit 1\\n"],
  ])("where %s it says so, and blames nobody", async (_, script) => {
    const { stdout, status, stderr } = await withSs(script)(lineFor(KNOCKED, ""));
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(
      "\nwho is connected and what listens was not looked at: `ss` does not tell\n\n1 door, no problems\n",
    );
  });

  const NMAP = "/usr/share/nmap/nmap-services";
  test.each([
    ["100 MB", "truncate -s 100M $file", `"${NMAP}" is larger than 1 MiB`],
    ["without an end", "file=/dev/zero", `"${NMAP}" is not a plain file`],
    ["garbage", "head -c 900000 /dev/urandom > $file", `"${NMAP}" is not UTF-8 text`],
    ["text that says nothing", "seq 100000 > $file", "it names no ports"],
  ])("an nmap-services that is %s is told", async (_, make, why) => {
    const file = host.newPath("services");
    const line = `file=${file}; ${make}; mount --bind $file ${NMAP} && ${lineFor(KNOCKED, "")}`;
    const { stdout, status } = await host.run(["unshare", "--mount", "sh", "-c", line], {
      mayFail: true,
    });
    expect(stdout).toContain(`nmap's own order of ports was not tried: ${why}\n`);
    expect(status).toBe(0);
  });

  test("without nmap it says so", async () => {
    const line = `mount -t tmpfs none /usr/share/nmap && ${lineFor(KNOCKED, "")}`;
    const { stdout } = await host.run(["unshare", "--mount", "sh", "-c", line]);
    expect(stdout).toContain(`nmap's own order of ports was not tried: "${NMAP}" does not exist\n`);
  });
});
