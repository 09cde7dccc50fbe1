/** What a check asks of a host, and that it does without what the host does not have. */
import { describe, expect, test } from "vitest";
import { checkGate, type GateCheck } from "../../src/gate/check.ts";
import type { Finished, Host } from "../../src/host/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { fail } from "../../src/problem/problem.ts";
import { type Answers, type FakeHost, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";
import { KNOCKED, SSH } from "./around.ts";

const LISTENERS = "ss --no-header --numeric --listening --tcp --udp --processes";
const SOCKETS = "ss --no-header --numeric --tcp --all";
const ADDRESSES = "ip --json address show";
const WAYS = "ip --json -force -batch -";
const CONNTRACK = "conntrack -L -p tcp";
const LOCALS = "ip --json route show table all type local";
const RULESET = "nft --json --terse list ruleset";
const NAT4 = "iptables-save --table nat";
const NAT6 = "ip6tables-save --table nat";
const NFT = "nft --version";
const TRY = "nft --check -f -";
const LINKS = "ip --json --details link show";
const DEFAULT4 = "ip --json -4 route show default";
const DEFAULT6 = "ip --json -6 route show default";
const TC = "tc -json qdisc show";
const NMAP = "/usr/share/nmap/nmap-services";

type Programs = Readonly<Record<string, Finished>>;

/** The older kind of iptables, with a table `nat` of each family. */
const IPTABLES: Programs = {
  "iptables-restore --version": prints("iptables-restore v1.8.9 (legacy)\n"),
};
const WITH_NAT: Answers = {
  files: { "/proc/net/ip_tables_names": "nat\n", "/proc/net/ip6_tables_names": "nat\n" },
};

const LISTENING: Programs = {
  [LISTENERS]: prints("tcp LISTEN 0 128 *:22 *:*\ntcp LISTEN 0 128 0.0.0.0:2200 0.0.0.0:*\n"),
};

/** A host with these programs and no others. */
function hostWith(programs: Programs, answers: Answers = {}): FakeHost & { asked: string[] } {
  const host = fakeHost(answers);
  const asked: string[] = [];
  const run: Host["run"] = (argv, { stdin = "" } = {}) => {
    const line = argv.join(" ");
    asked.push(stdin === "" ? line : `${line} < ${`${stdin}`.trim().split("\n").join(" & ")}`);
    return Promise.resolve(programs[line] ?? fails("spawn ENOENT", 127));
  };
  return { ...host, run, asked };
}

function check(policy: string, host: Host): Promise<GateCheck> {
  return checkGate(host, sure(parsePlacedPolicy(policy, "policy.yaml")));
}

async function codesOf(policy: string, host: Host): Promise<string[]> {
  return (await check(policy, host)).problems.map(({ code }) => code);
}

const session = (text: string) => ({ environment: { SSH_CONNECTION: text } });
const FROM_192 = session("192.0.2.7 50000 198.51.100.1 22");

describe("a check", () => {
  test("asks with nothing but these questions", async () => {
    const host = hostWith(
      {
        ...LISTENING,
        [NFT]: prints("nftables v1.0.6\n"),
        [TRY]: prints(""),
      },
      FROM_192,
    );
    await check(SSH, host);
    expect(host.asked).toHaveLength(12);
    expect(new Set(host.asked.map((question) => question.split(" < ")[0]))).toEqual(
      new Set([
        ...[NFT, CONNTRACK, ADDRESSES, LISTENERS, SOCKETS, RULESET, LOCALS, TRY],
        ...[LINKS, DEFAULT4, DEFAULT6, TC],
      ]),
    );
  });

  test("asks which way answers go where only some interfaces have doors", async () => {
    const host = hostWith(LISTENING, FROM_192);
    await check(`interfaces: [eth0]\n${SSH}`, host);
    expect(host.asked).toContain(`${WAYS} < route get 192.0.2.7 from 198.51.100.1`);
  });

  test("asks for published ports", async () => {
    const host = hostWith(IPTABLES, WITH_NAT);
    await check(SSH, host);
    expect(host.asked).toEqual(expect.arrayContaining([RULESET, NAT4, NAT6]));
  });

  test("of a host with nothing to ask says what it did not look at, and is no error", async () => {
    const { problems, notLookedAt, doors } = await check(KNOCKED, hostWith({}));
    expect(problems).toEqual([]);
    expect(notLookedAt).toEqual([
      "nmap's own order of ports was not tried: it names no ports",
      "who is connected and what listens was not looked at: `ss` does not tell",
      "bridges and containers were not looked at: `ip` does not tell",
      "filters before the gate were not looked at: `tc` does not tell",
    ]);
    expect(doors).toMatchObject([{ door: "ssh", openedBy: undefined, overheardPackets: 3 }]);
  });

  test.each([
    ["prints what nobody can read", prints("Netid State\n\u0000")],
    ["fails", { ...fails("no"), stdout: "udp UNCONN 0 0 0.0.0.0:24000 0.0.0.0:*\n" }],
  ])("where ss %s blames nobody", async (_, answer) => {
    const { problems, notLookedAt } = await check(KNOCKED, hostWith({ [LISTENERS]: answer }));
    expect(problems).toEqual([]);
    expect(notLookedAt).toContain(
      "who is connected and what listens was not looked at: `ss` does not tell",
    );
  });

  test("finds what scanners could do", async () => {
    const policy = KNOCKED.replace("51001, udp/54040, tcp/52777", "51001, 51002, 51003");
    const { problems, doors } = await check(policy, hostWith(LISTENING));
    expect(problems).toMatchObject([{ code: "opened-by-scan", severity: "error" }]);
    expect(doors[0]?.remedy).toBeDefined();
  });

  const files = { "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n" };

  test("moves the remedy for a scan, not what the scan opens", async () => {
    // The steps lie outside the watch range, so that nothing comes between them.
    const policy = KNOCKED.replace(
      "steps: [51001, udp/54040, tcp/52777]",
      "steps: [51001, 51012, 51034], watch: 45001-45002",
    );
    const { problems, doors } = await check(policy, hostWith(LISTENING, { files }));
    expect(problems.map(({ code }) => code)).toEqual(["opened-by-scan", "watch-over-ephemeral"]);
    const moved = (doors[0]?.remedy?.steps ?? []).map((step) =>
      step.kind === "port" ? step.port - 19_000 : 0,
    );
    expect(problems[1]?.fix).toContain(`\`steps: [${moved.join(", ")}]\``);
  });

  test("does not move fresh steps that lie elsewhere already", async () => {
    const policy = KNOCKED.replace("51001, udp/54040, tcp/52777", "51001, 51002, 51003");
    const { problems, doors } = await check(policy, hostWith(LISTENING, { files }));
    expect(problems.map(({ code }) => code)).toEqual(["opened-by-scan", "watch-over-ephemeral"]);
    const lines = doors[0]?.remedy?.text.split("\n").map((line) => `\`${line}\``) ?? [];
    expect(problems[1]?.fix).toBe(`write ${lines.join(" and ")}`);
  });
});

describe("the order of nmap's ports", () => {
  const scansWith = async (host: Host) => {
    const { doors, notLookedAt } = await check(KNOCKED, host);
    return {
      scans: doors[0]?.scansTried ?? 0,
      missing: notLookedAt.find((line) => /^nmap/.test(line)),
    };
  };
  const GARBAGE = "\u0000\u001b[31m 1/2/3 ∞\n".repeat(1000);

  test("is tried where its file is, in either place", async () => {
    const without = await scansWith(hostWith({ ...LISTENING }));
    for (const path of [NMAP, "/usr/local/share/nmap/nmap-services"]) {
      const files = { [path]: "ssh\t22/tcp\t0.182286\ndns\t53/udp\t0.2\n" };
      const { scans, missing } = await scansWith(hostWith(LISTENING, { files }));
      expect(scans).toBeGreaterThan(without.scans);
      expect(missing).toBeUndefined();
    }
  });

  test.each([["", GARBAGE]])("is said not to be where the file is garbage", async (_, text) => {
    const { missing } = await scansWith(hostWith(LISTENING, { files: { [NMAP]: text } }));
    expect(missing).toBe("nmap's own order of ports was not tried: it names no ports");
  });

  test("is said not to be where the file cannot be read, and why", async () => {
    const host: Host = {
      ...hostWith(LISTENING),
      readText: (path) => {
        const what = `${JSON.stringify(path)} is larger than 1 MiB`;
        const problem = { code: "file-too-large", severity: "error", what, fix: "" } as const;
        return Promise.resolve(fail(problem));
      },
    };
    expect((await scansWith(host)).missing).toBe(
      `nmap's own order of ports was not tried: "${NMAP}" is larger than 1 MiB`,
    );
  });
});

describe("the session", () => {
  test("is the one over which the command was typed", async () => {
    expect(await codesOf(SSH, hostWith(LISTENING, FROM_192))).toContain("locks-you-out");
    expect(await codesOf(SSH, hostWith(LISTENING))).not.toContain("locks-you-out");
  });

  const ONE_WAY = '[{"dst":"192.0.2.7","from":"198.51.100.1","dev":"wg0","flags":[],"uid":0}]\n';
  const ADDRESS = '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"198.51.100.1"}]}]';

  test.each([
    ["[wg0]", true],
    ["[eth0]", false],
  ])("came by the interface by which answers go: doors at %s: %j", async (interfaces, found) => {
    const programs = { ...LISTENING, [WAYS]: prints(ONE_WAY), [ADDRESSES]: prints(ADDRESS) };
    const codes = await codesOf(`interfaces: ${interfaces}\n${SSH}`, hostWith(programs, FROM_192));
    expect(codes.includes("locks-you-out")).toBe(found);
  });

  test("came from this host where its address is this host's", async () => {
    const addresses = prints(`${ADDRESS}\n${ADDRESS.replace("198.51.100.1", "192.0.2.7")}`);
    const programs = { ...LISTENING, [ADDRESSES]: addresses };
    expect(await codesOf(SSH, hostWith(programs, FROM_192))).not.toContain("locks-you-out");
    const itself = session("198.51.100.1 50000 198.51.100.1 22");
    expect(await codesOf(SSH, hostWith(LISTENING, itself))).not.toContain("locks-you-out");
  });

  test("from a link-local address came by any interface", async () => {
    const host = hostWith(LISTENING, session("fe80::7%eth1 50000 fe80::1%eth1 22"));
    expect(await codesOf(`interfaces: [eth1]\n${SSH}`, host)).toContain("locks-you-out");
    expect(host.asked.some((line) => line.startsWith(WAYS))).toBe(false);
  });

  test("is judged by the port that its sender wrote, where this host's NAT changes it", async () => {
    const tracked =
      "tcp 6 431999 ESTABLISHED src=192.0.2.7 dst=198.51.100.1 sport=50000 dport=2222 src=10.0.0.2 dst=192.0.2.7 sport=22 dport=50000\n";
    const programs = { ...LISTENING, [CONNTRACK]: prints(tracked) };
    const { problems } = await check(
      SSH,
      hostWith(programs, session("192.0.2.7 50000 10.0.0.2 22")),
    );
    expect(problems.map(({ what }) => what)[1]).toContain("to tcp/2222 of 198.51.100.1");
  });
});

describe("the connections of others", () => {
  const sockets = (...lines: string[]) => ({
    ...LISTENING,
    [SOCKETS]: prints(`LISTEN 0 128 *:22 *:*\n${lines.join("\n")}\n`),
  });
  const othersIn = async (programs: Programs, answers: Answers = {}) => {
    const { problems } = await check(SSH, hostWith(programs, answers));
    return problems.filter(({ code }) => code === "others-must-knock").map(({ what }) => what);
  };

  test("are those that are established to a port on which something listens", async () => {
    const programs = sockets(
      "ESTAB 0 0 198.51.100.1:22 192.0.2.8:40000",
      "ESTAB 0 0 [2001:db8::1]:22 [2001:db8::8]:40000",
      "TIME-WAIT 0 0 198.51.100.1:22 192.0.2.9:40000",
      "ESTAB 0 0 198.51.100.1:2200 192.0.2.10:443",
      "ESTAB 0 0 198.51.100.1:40000 192.0.2.11:22",
      "ESTAB 0 0 127.0.0.1:22 127.0.0.1:40000",
    );
    expect(await othersIn(programs)).toEqual([
      "2 connections through door ssh from 192.0.2.8 and 2001:db8::8: they go on, and new ones will be refused",
    ]);
  });

  test("are not those of whoever asks", async () => {
    const mine = "ESTAB 0 0 198.51.100.1:22 192.0.2.7:40000";
    const theirs = "ESTAB 0 0 198.51.100.1:22 192.0.2.8:40000";
    expect(await othersIn(sockets(mine), FROM_192)).toEqual([]);
    expect(await othersIn(sockets(mine, theirs), FROM_192)).toEqual([
      "one connection through door ssh from 192.0.2.8: it goes on, and a new one will be refused",
    ]);
  });

  test("are counted once that connection tracking knows as well", async () => {
    const tracked =
      "tcp 6 431999 ESTABLISHED src=192.0.2.8 dst=198.51.100.1 sport=40000 dport=22 src=198.51.100.1 dst=192.0.2.8 sport=22 dport=40000\n";
    const programs = {
      ...sockets("ESTAB 0 0 198.51.100.1:22 192.0.2.8:40000"),
      [CONNTRACK]: prints(tracked),
    };
    expect(await othersIn(programs)).toEqual([
      "one connection through door ssh from 192.0.2.8: it goes on, and a new one will be refused",
    ]);
  });
});

describe("a port that is published", () => {
  const nothing = { ...IPTABLES, [LISTENERS]: prints("") };
  const silent = async (programs: Programs) =>
    (await check(SSH, hostWith({ ...nothing, ...programs }, WITH_NAT))).problems
      .filter(({ code }) => code === "nothing-listens")
      .map(({ what }) => /tcp\/[\d-]+/.exec(what)?.[0]);
  const NAT = { family: "inet", table: "nat" };
  const BASE = { chain: { ...NAT, name: "pre", hook: "prerouting" } };
  const IN_BASE = { ...NAT, chain: "pre" };
  const rule = (...expr: unknown[]) =>
    prints(JSON.stringify({ nftables: [{ metainfo: {} }, BASE, { rule: { ...IN_BASE, expr } }] }));
  const dport = (protocol: string, right: unknown) => ({
    match: { op: "==", left: { payload: { protocol, field: "dport" } }, right },
  });
  const DNAT = { dnat: { addr: "172.17.0.2", port: 80 } };
  const docker = (
    ports: string,
    protocol = "tcp",
    target = "DNAT --to-destination 172.17.0.2:80",
  ) =>
    prints(
      `*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER ! -i docker0 -p ${protocol} -m ${protocol} ${ports} -j ${target}\nCOMMIT\n`,
    );

  test.each<[string, Programs]>([
    ["iptables", { [NAT4]: docker("--dport 22") }],
    ["ip6tables", { [NAT6]: docker("--dport 22") }],
    ["iptables, with ranges", { [NAT4]: docker("-m multiport --dports 80,20:25") }],
    ["iptables, to this host", { [NAT4]: docker("--dport 22", "tcp", "REDIRECT --to-ports 2022") }],
    ["nftables", { [RULESET]: rule(dport("tcp", 22), DNAT) }],
    ["nftables, for any protocol", { [RULESET]: rule(dport("th", 22), DNAT) }],
    ["nftables, with ranges", { [RULESET]: rule(dport("tcp", { range: [20, 25] }), DNAT) }],
    [
      "nftables, with a set",
      {
        [RULESET]: rule(dport("tcp", { set: [80, { range: [20, 25] }] }), DNAT),
      },
    ],
    ["nftables, to this host", { [RULESET]: rule(dport("tcp", 22), { redirect: null }) }],
  ])("by %s needs no listener", async (_, programs) => {
    expect(await silent(programs)).toEqual(["tcp/2200-2299"]);
  });

  test.each<[string, Programs]>([
    [
      "of another protocol",
      { [NAT4]: docker("--dport 22", "udp"), [RULESET]: rule(dport("udp", 22), DNAT) },
    ],
    ["of another port", { [NAT4]: docker("--dport 23"), [RULESET]: rule(dport("tcp", 23), DNAT) }],
    [
      "that is the sender's",
      {
        [RULESET]: rule(
          { match: { left: { payload: { protocol: "tcp", field: "sport" } }, right: 22 } },
          DNAT,
        ),
      },
    ],
    ["that is let through only", { [RULESET]: rule(dport("tcp", 22), { accept: null }) }],
    ["in words that nobody knows", { [RULESET]: prints('{"nftables": [{"rule": 5}, null]}') }],
    ["in what is no JSON", { [RULESET]: prints("Error: no"), [NAT4]: prints("-A -p --dport") }],
  ])("is none %s", async (_, programs) => {
    expect(await silent(programs)).toEqual(["tcp/22", "tcp/2200-2299"]);
  });
});

test("forwarding is read from the kernel, for each family", async () => {
  const policy = `trusted: [192.0.2.7]\n${SSH}    destinations: [203.0.113.7, "2001:db8::7"]\n`;
  const address = prints('[{"addr_info":[{"local":"198.51.100.1"}]}]');
  const notHere = async (files: Readonly<Record<string, string>>) =>
    (await check(policy, hostWith({ [ADDRESSES]: address }, { files }))).problems.map(
      ({ what }) => /before (\S+),/.exec(what)?.[1],
    );
  const [ipv4, ipv6] = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map(
    (name) => `/proc/sys/net/${name}`,
  ) as [string, string];
  expect(await notHere({ [ipv4]: "0\n" })).toEqual(["203.0.113.7", "2001:db8::7"]);
  expect(await notHere({ [ipv4]: "1\n", [ipv6]: "0\n" })).toEqual(["2001:db8::7"]);
  expect(await notHere({ [ipv4]: "0\n", [ipv6]: "1\n" })).toEqual(["203.0.113.7"]);
});

test("interfaces are read from the kernel", async () => {
  const files = {
    "/proc/net/dev":
      "Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth0: 1 2\nwg-long.name:12 3\n",
  };
  const { problems } = await check(`interfaces: [eth1]\n${SSH}`, hostWith(LISTENING, { files }));
  expect(problems.map(({ fix }) => fix)).toContainEqual(
    expect.stringMatching(/such as eth0 and wg-long\.name;/),
  );
});
