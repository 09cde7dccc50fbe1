/** What is asked of the host to put the rules of a policy into the kernel. */
import { describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { loadPolicy } from "../../src/gate/load.ts";
import { nftables } from "../../src/gate/nftables/index.ts";
import type { Finished } from "../../src/host/index.ts";
import { address } from "../scenarios/arbitrary.ts";
import {
  fails,
  fakeHost,
  LIST_CHAINS,
  LIST_SETS,
  LIST_TERSE,
  LOAD,
  prints,
} from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const POLICY = policyOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }",
);
const CHANGED = policyOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [51002, 54040] } } }",
);
const PROGRAM = compilePolicy(POLICY);
const LISTING = listingOf(PROGRAM);
const RULES = printNftables(PROGRAM);

/** Where the kernel is asked for listeners on one address. */
const SS = ["ss", "--no-header", "--numeric", "--tcp", "--all"];

/** Where the kernel is asked for services that are handed on past a listener. */
const RULESET = ["nft", "--json", "--terse", "list", "ruleset"];

/** Where connection tracking is asked for connections that a new gate would cut. */
const CONNTRACK = ["conntrack", "-L", "-p", "tcp"];

describe("to load a policy", () => {
  test("looks, loads, and looks whether the gate is what it should be", async () => {
    const host = fakeHost({ tables: [undefined, LISTING] });
    expect(await loadPolicy(host, nftables, POLICY)).toEqual({ ok: true, value: undefined });
    expect(host.ran).toEqual([
      { argv: SS, stdin: "" },
      { argv: RULESET, stdin: "" },
      { argv: CONNTRACK, stdin: "" },
      { argv: LIST_TERSE, stdin: "" },
      { argv: LOAD, stdin: RULES },
      { argv: LIST_SETS, stdin: "" },
      { argv: LIST_CHAINS, stdin: "" },
    ]);
  });

  test("over the same gate takes nothing away", async () => {
    const host = fakeHost({ tables: [LISTING] });
    await loadPolicy(host, nftables, POLICY);
    expect(host.loaded()).toEqual([RULES]);
  });

  test("over another gate takes away what has another meaning, in the same transaction", async () => {
    const changed = compilePolicy(CHANGED);
    const host = fakeHost({ tables: [LISTING, listingOf(changed)] });
    await loadPolicy(host, nftables, CHANGED);
    expect(host.loaded()).toEqual([
      printNftables(changed, ["set ssh_stage1_4", "set ssh_stage1_6"]),
    ]);
  });

  test("looks again and tries again when somebody was faster", async () => {
    const other = listingOf(compilePolicy(CHANGED));
    const loads = [fails("Error: No such file or directory"), prints("")];
    const host = fakeHost({ tables: [other, LISTING], loads });
    expect((await loadPolicy(host, nftables, POLICY)).ok).toBe(true);
    expect(host.loaded()).toEqual([
      printNftables(PROGRAM, ["set ssh_stage1_4", "set ssh_stage1_6"]),
      RULES,
    ]);
  });

  test("takes away what somebody loaded at the same time", async () => {
    const mixed = JSON.parse(LISTING) as { nftables: unknown[] };
    mixed.nftables.push({ chain: { name: "door_other", family: "inet", table: "postern" } });
    const host = fakeHost({
      tables: [LISTING, JSON.stringify(mixed), JSON.stringify(mixed), LISTING],
    });
    expect((await loadPolicy(host, nftables, POLICY)).ok).toBe(true);
    expect(host.loaded()).toEqual([RULES, printNftables(PROGRAM, ["chain door_other"])]);
  });

  test("gives up after eight tries, and says what nft said last", async () => {
    const stderr =
      "/dev/stdin:44:39-44: Error: Could not process rule: No such file or directory\n" +
      "        socket wildcard 1 goto elsewhere\n        ^^^^^^^^^^^^^^^^^\n";
    const host = fakeHost({ loads: [fails(stderr)] });
    expect(await loadPolicy(host, nftables, POLICY)).toEqual({
      ok: false,
      problems: [
        {
          code: "host-nft-refused",
          severity: "error",
          what: "nft refused: Could not process rule: No such file or directory (socket wildcard 1 goto elsewhere)",
          fix: expect.stringContaining("nothing was changed; the kernel has no part for this rule"),
        },
      ],
    });
    expect(host.loaded()).toHaveLength(8);
  });

  test("says so when nft ended without a word", async () => {
    const host = fakeHost({ loads: [fails("", 137)] });
    expect(await loadPolicy(host, nftables, POLICY)).toMatchObject({
      problems: [{ what: "nft refused: it ended with status 137" }],
    });
  });

  test("believes that all is well when nft does not list what it has loaded", async () => {
    const host = fakeHost({ tables: [LISTING, fails("Error: Out of memory")] });
    expect((await loadPolicy(host, nftables, POLICY)).ok).toBe(true);
    expect(host.loaded()).toEqual([RULES]);
  });

  test("changes nothing when nft does not list the gate that there is", async () => {
    const host = fakeHost({ tables: [fails("Error: JSON support not compiled-in")] });
    expect(await loadPolicy(host, nftables, POLICY)).toMatchObject({
      problems: [{ what: "nft refused: JSON support not compiled-in" }],
    });
    expect(host.loaded()).toEqual([]);
  });
});

describe("connections that are older than the gate", () => {
  const line = (over: Partial<Record<"src" | "dst" | "dport" | "state" | "protocol", string>>) => {
    const {
      src = "192.0.2.7",
      dst = "198.51.100.1",
      dport = "22",
      state = "ESTABLISHED",
      protocol = "tcp",
    } = over;
    return `ipv4     2 ${protocol}      6 431999 ${state} src=${src} dst=${dst} sport=40000 dport=${dport} src=172.17.0.2 dst=${src} sport=22 dport=40000 [ASSURED] mark=0 zone=0 use=2\n`;
  };
  const LINES = [
    line({}),
    line({ src: "2001:db8:0:0:0:0:0:7", dst: "2001:db8:1::1" }),
    line({ dport: "443" }),
    line({ state: "SYN_SENT" }),
    line({ state: "TIME_WAIT" }),
    line({ protocol: "udp" }),
    line({ src: "no-address" }),
    "\n",
  ].join("");
  const ADOPTED = `add element inet postern ssh_flows4 {
    192.0.2.7 . 40000 . 198.51.100.1 . 22 timeout 432000s
}
add element inet postern ssh_flows6 {
    2001:db8::7 . 40000 . 2001:db8:1::1 . 22 timeout 432000s
}
`;

  test("go on if they are to a door, as the kernel's file tells", async () => {
    const host = fakeHost({ tables: [LISTING], files: { "/proc/net/nf_conntrack": LINES } });
    await loadPolicy(host, nftables, POLICY);
    expect(host.loaded()).toEqual([RULES + ADOPTED]);
    expect(host.ran.map(({ argv }) => argv)).not.toContainEqual(CONNTRACK);
  });

  test("go on if they are to any service of any door", async () => {
    const two = policyOf(`doors:
  ssh: { protects: [tcp/23, udp/22] }
  web: { protects: [tcp/80, tcp/440-443] }
`);
    const ports = ["22", "23", "80", "439", "440", "443", "444"];
    const files = { "/proc/net/nf_conntrack": ports.map((dport) => line({ dport })).join("") };
    const host = fakeHost({ tables: [listingOf(compilePolicy(two))], files });
    await loadPolicy(host, nftables, two);
    const adopted = [...(host.loaded()[0] ?? "").matchAll(/ (\d+) timeout 432000s,?$/gm)];
    expect(adopted.map(([, port]) => port)).toEqual(["23", "80", "440", "443"]);
  });

  test("go on as conntrack tells, where there is no such file", async () => {
    const host = fakeHost({ tables: [LISTING], conntrack: LINES.replaceAll("ipv4     2 ", "") });
    await loadPolicy(host, nftables, POLICY);
    expect(host.loaded()).toEqual([RULES + ADOPTED]);
  });

  test("are given up where there is no room for them, rather than the gate", async () => {
    const full = fails("Error: Could not process rule: Too many open files in system");
    const host = fakeHost({
      tables: [LISTING],
      files: { "/proc/net/nf_conntrack": LINES },
      loads: [...new Array<Finished>(4).fill(full), prints("")],
    });
    expect((await loadPolicy(host, nftables, POLICY)).ok).toBe(true);
    expect(host.loaded().at(-1)).toBe(RULES);
  });
});

describe("a service that listens on one address alone", () => {
  const SOCKETS = `LISTEN 0      128        192.0.2.1:22         0.0.0.0:*
LISTEN 0      128   [::ffff:192.0.2.2]:22      *:*
LISTEN 0      128          0.0.0.0:22         0.0.0.0:*
LISTEN 0      128     0.0.0.0%eth0:22         0.0.0.0:*
LISTEN 0      128                *:22               *:*
LISTEN 0      128        127.0.0.1:22         0.0.0.0:*
LISTEN 0      128            [::1]:22            [::]:*
LISTEN 0      128  [2001:db8::1%eth0]:22         [::]:*
LISTEN 0      128        192.0.2.1:80         0.0.0.0:*
ESTAB  0      0          192.0.2.1:22    198.51.100.7:40000
ESTAB  0      0      [2001:db8::1]:22  [2001:db8::7]:40000
ESTAB  0      0          192.0.2.9:22    198.51.100.7:40001
ESTAB  0      0          192.0.2.1:40002 198.51.100.7:22
Recv-Q nonsense
`;
  const bound = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map((text) => ({
    address: address(text),
    port: 22,
  }));

  test("is left to what was let through, and keeps the connections it has", async () => {
    const program = compilePolicy(POLICY, { bound });
    const host = fakeHost({ tables: [undefined, listingOf(program)], sockets: SOCKETS });
    expect((await loadPolicy(host, nftables, POLICY)).ok).toBe(true);
    expect(host.loaded()).toEqual([
      `${printNftables(program)}add element inet postern ssh_flows4 {
    198.51.100.7 . 40000 . 192.0.2.1 . 22 timeout 432000s
}
add element inet postern ssh_flows6 {
    2001:db8::7 . 40000 . 2001:db8::1 . 22 timeout 432000s
}
`,
    ]);
  });
});
