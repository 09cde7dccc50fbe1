/** What a check says where the gate would be on iptables. */
import { describe, expect, test } from "vitest";
import {
  checkOnIptables,
  type IptablesHost,
  readIptablesHost,
} from "../../src/gate/check/on-iptables.ts";
import { checkGate } from "../../src/gate/check.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { fails, fakeHost, prints } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";

const STEPS = "sequence: { steps: [51001, udp/54040, tcp/52777] }";
const SSH = `doors:\n  ssh: { protects: tcp/22, ${STEPS} }\n`;
const SMALL: IptablesHost = { recent: { capacity: 100, module: "built in" }, isWide: true };

function placed(policy: string) {
  return sure(parsePlacedPolicy(policy, "policy.yaml"));
}

function told(policy: string, host: Partial<IptablesHost> = {}): Problem[] {
  const problems = checkOnIptables(placed(policy), { ...SMALL, ...host });
  for (const { severity } of problems) expect(severity).toBe("warning");
  return problems;
}

function problem(code: string, policy: string, host: Partial<IptablesHost> = {}): string {
  const found = told(policy, host).filter((one) => one.code === code);
  return found.map(({ what, fix }) => `${what}; ${fix}`).join("\n");
}

test("a policy with nothing special is told of two things", () => {
  expect(told(SSH).map(({ code }) => code)).toEqual(["short-lists", "strays-pass"]);
});

describe("lists that hold few sources", () => {
  const holding = (capacity: number | undefined) => ({ recent: { ...SMALL.recent, capacity } });

  test("are a problem up to what is asked for, and not from there on", () => {
    expect(problem("short-lists", SSH, holding(65_534))).toContain("holds 65534 sources");
    expect(problem("short-lists", SSH, holding(65_535))).toBe("");
  });

  test("are none where this user may not know", () => {
    expect(problem("short-lists", SSH, holding(undefined))).toBe("");
  });

  test.each([
    [SSH, ["100 forged first steps a second keep out"]],
    [
      SSH.replace("51001, ", "").replace("udp/54040, ", ""),
      ["forged knocks end the grants of door ssh"],
    ],
    [`ban: { after: 5, within: 1m, for: 1h }\n${SSH}`, ["100 forged first", "as many new bans"]],
    ["doors: { ssh: { protects: tcp/22 } }", ["no more can be let in or banned by hand"]],
    ["doors: { vpn: { protects: udp/51820 } }", ["the one that is silent longest ends"]],
  ])("mean something else for each policy: %j", (policy, outcomes) => {
    const said = problem("short-lists", policy).split(": ")[1]?.split(", and ") ?? [];
    expect(said).toHaveLength(outcomes.length);
    for (const [n, outcome] of outcomes.entries()) expect(said[n]).toContain(outcome);
  });

  test.each([
    ["built in", "add `xt_recent.ip_list_tot=65535` to the kernel's command line"],
    ["loaded", "/etc/modprobe.d/postern.conf and restart the host, or `postern remove`"],
    ["not loaded", "/etc/modprobe.d/postern.conf before the first gate is loaded"],
  ] as const)("hold more, where the module is %s, after another deed", (module, deed) => {
    expect(problem("short-lists", SSH, { recent: { capacity: 100, module } })).toContain(deed);
  });

  test("of many doors are to hold fewer, or they would take all memory", () => {
    const door = (n: number) => `  d${n}: { protects: tcp/${n}, ${STEPS} }\n`;
    const doors = Array.from({ length: 100 }, (_, n) => door(n + 1)).join("");
    expect(problem("short-lists", `doors:\n${doors}`)).toMatch(
      /ip_list_tot=1023` .*; the 1203 lists of this gate then take 19 MB$/,
    );
  });
});

describe("what differs for some policies", () => {
  const ONCE = SSH.replace("ssh: {", "ssh: { single-use: true,");

  test("is told at the first key that brings it about, and once for all doors", () => {
    const both = `${ONCE}  web: { protects: [udp/80, tcp/80], single-use: true }\n`;
    const [found] = told(both).filter(({ code }) => code === "one-syn-each");
    expect(found?.what).toMatch(/^at doors ssh and web a SYN /);
    expect(found?.place).toMatchObject({ line: 2, column: 10, length: "single-use".length });
  });

  test("is not told of doors for UDP alone", () => {
    const udp = "doors: { vpn: { protects: udp/51820, single-use: true } }";
    expect(told(udp).map(({ code }) => code)).toEqual(["short-lists"]);
  });

  test("names are cut where they are logged", () => {
    const doors = SSH.replaceAll("ssh:", "mail-submission:");
    expect(problem("cut-log-names", doors)).toBe("");
    expect(problem("cut-log-names", `log: true\n${SSH}`)).toBe("");
    expect(problem("cut-log-names", `log: true\n${doors}`)).toMatch(/mail-submission is door=mail/);
  });

  test("old entries count again where the kernel's clock is of 32 bits", () => {
    expect(problem("ticks-wrap", SSH, { isWide: false })).toContain("25 days");
  });
});

describe("the host", () => {
  const PARAMETERS = "/sys/module/xt_recent/parameters";
  const read = (files: Readonly<Record<string, string>>) => readIptablesHost(fakeHost({ files }));
  const ROOT = { [`${PARAMETERS}/ip_list_tot`]: "100\n", [`${PARAMETERS}/ip_list_uid`]: "0\n" };
  const MODULE = { "/sys/module/xt_recent/initstate": "live\n" };

  test.each<[string, Readonly<Record<string, string>>, IptablesHost["recent"]]>([
    ["has it built in", ROOT, { capacity: 100, module: "built in" }],
    ["has it loaded", { ...ROOT, ...MODULE }, { capacity: 100, module: "loaded" }],
    [
      "does not tell everybody",
      { [`${PARAMETERS}/ip_list_uid`]: "0\n", ...MODULE },
      { capacity: undefined, module: "loaded" },
    ],
    ["has not loaded it yet", {}, { capacity: 100, module: "not loaded" }],
    [
      "has not loaded it yet and has been told",
      { "/etc/modprobe.d/postern.conf": "# more\noptions xt_recent ip_list_tot=65535\n" },
      { capacity: 65_535, module: "not loaded" },
    ],
  ])("%s", async (_, files, recent) => {
    expect((await read(files)).recent).toEqual(recent);
  });

  test.each([
    ["x86_64", true],
    ["aarch64", true],
    ["s390x", true],
    ["riscv64", true],
    ["armv7l", false],
    ["i686", false],
    ["mips", false],
    ["ppc", false],
  ])("of the machine %s: counts time in 64 bits: %s", async (machine, isWide) => {
    const run = () => Promise.resolve(prints(`${machine}\n`));
    expect((await readIptablesHost({ ...fakeHost(), run })).isWide).toBe(isWide);
  });
});

describe("a check", () => {
  const codes = async (policy: string, backend?: Policy["backend"], nft = "1.0.6") => {
    const host = fakeHost();
    const run: typeof host.run = (argv) =>
      Promise.resolve(
        argv.join(" ") === "nft --version"
          ? { status: nft === "" ? 127 : 0, stdout: `nftables v${nft}`, stderr: "" }
          : prints(argv[0] === "iptables-restore" ? "iptables-restore v1.8.9 (legacy)\n" : ""),
      );
    const checked = await checkGate({ ...host, run }, placed(policy), { backend });
    return checked.problems.map(({ code }) => code);
  };
  const ASKING = "short-lists strays-pass".split(" ");
  const RESET = SSH.replace("ssh: {", "ssh: { refuse: reset,");

  test("says what iptables does otherwise where the policy names it", async () => {
    expect(await codes(`backend: iptables\n${SSH}`)).toEqual(expect.arrayContaining(ASKING));
    expect(await codes(`backend: nftables\n${SSH}`)).not.toContain("short-lists");
  });

  test("says it where whoever asks names it, whatever the policy says", async () => {
    expect(await codes(`backend: nftables\n${SSH}`, "iptables")).toContain("short-lists");
    expect(await codes(`backend: iptables\n${SSH}`, "nftables")).not.toContain("short-lists");
  });

  test("says it where nobody names one, and this host has no nft", async () => {
    expect(await codes(SSH)).not.toContain("short-lists");
    expect(await codes(SSH, undefined, "")).toContain("short-lists");
  });

  test("asks of who may not change rules only what is installed", async () => {
    const host = fakeHost({ capabilities: "0" });
    const run: typeof host.run = (argv) =>
      Promise.resolve(
        argv[1] === "--version"
          ? prints(`${argv[0] === "nft" ? "nftables v1.0.6" : "iptables v1.8.9"}\n`)
          : fails("Operation not permitted"),
      );
    const { problems } = await checkGate({ ...host, run }, placed(SSH));
    expect(problems.map(({ code }) => code)).not.toContain("short-lists");
  });

  test("says what iptables cannot do for the policy", async () => {
    expect(await codes(RESET, "iptables")).toContain("reset-needs-nftables");
    expect(await codes(RESET, "nftables")).not.toContain("reset-needs-nftables");
  });

  test("says that it does not know how much a list holds where only root may", async () => {
    const files = { "/sys/module/xt_recent/parameters/ip_list_uid": "0\n" };
    const { notLookedAt } = await checkGate(fakeHost({ files }), placed(SSH), {
      backend: "iptables",
    });
    expect(notLookedAt).toContain(
      "how many sources a list of xt_recent holds was not looked at: only root may know",
    );
  });
});
