/** What each command prints where, and how it ends. What it does, test/gate tells. */
import { describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { element, listingOf } from "../gate/listings.ts";
import { type Answers, type FakeHost, fails, fakeHost } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { postern, posternWith } from "./run.ts";

const POLICY = `ipv6-prefix: 64
doors:
  ssh: { protects: tcp/22, open-for: 90s, sequence: { steps: [51001, 54040] } }
  all: { protects: [tcp/443, udp/1-9], single-use: true, sequence: { steps: [41001] } }
  hand: { protects: udp/53 }
`;
const PROGRAM = programOf(POLICY);
const FILES = { "gate.yaml": POLICY, "wrong.yaml": POLICY.replace("tcp/22", "tcp/80000") };
const LISTING = listingOf(PROGRAM, {
  banned4: ["192.0.2.66"],
  ssh_grants4: [element("192.0.2.7", 9)],
});

/** A host with these files and a live gate of the policy. */
function hostWith(answers: Answers = {}): FakeHost {
  return fakeHost({ files: FILES, tables: [LISTING], ...answers });
}

const done = (stdout: string) => ({ exit: 0, stdout, stderr: "" });

describe("compile", () => {
  test("prints the rules and runs nothing", async () => {
    const host = hostWith();
    expect(await postern("compile gate.yaml", host)).toEqual(done(printNftables(PROGRAM)));
    expect(host.ran).toEqual([]);
  });

  test("needs no privilege, no nft and no Linux", async () => {
    const host = hostWith({ kernel: undefined, capabilities: "0", nftVersion: fails("", 127) });
    expect((await postern("compile gate.yaml", host)).exit).toBe(0);
  });

  test("prints no rules for a policy with a problem, but the problem, on stderr", async () => {
    const { exit, stdout, stderr } = await postern("compile wrong.yaml", hostWith());
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("wrong.yaml:3:");
    expect(stderr).toContain("80000");
    expect(stderr).toMatch(/\n1 problem\n$/);
  });

  test.each([
    [{}, "/etc/postern/policy.yaml"],
    [{ POSTERN_DIR: "/srv/gate" }, "/srv/gate/policy.yaml"],
    [{ POSTERN_DIR: "" }, "/etc/postern/policy.yaml"],
  ])("without a path reads the policy of the host, with %o %s", async (environment, path) => {
    const host = hostWith({ environment, files: { [path]: POLICY } });
    expect(await postern("compile", host)).toEqual(done(printNftables(PROGRAM)));
  });

  test("shows a path as it was typed, and without what would move the cursor", async () => {
    const path = "\u001b[31m\u202egate.yaml";
    const host = hostWith({ files: { [path]: "doors: {}\n" } });
    const { stderr } = await posternWith(["compile", path], host);
    expect(stderr).toContain("\\x1b[31m\\u{202e}gate.yaml:1:");
    expect(stderr).not.toContain("\u001b");
  });
});

describe("apply", () => {
  /** Of which the gate has other rules afterwards. */
  const changing = (answers: Answers = {}) =>
    hostWith({
      rulesInTurn: ["table inet postern {\n}\n", "table inet postern {\n\n}\n"],
      ...answers,
    });

  test("says what is up, and of the steps only how many they are", async () => {
    const { exit, stdout } = await postern("apply --anyway gate.yaml", changing());
    expect([exit, stdout]).toEqual([
      0,
      "the gate is up on nftables\n" +
        "  ssh  tcp/22  2 steps, open for 90s\n" +
        "  all  tcp/443 udp/1-9  1 step, one connection within 10s\n" +
        "  hand  udp/53  opened only by hand\n" +
        "confirmed: loaded for good\n",
    ]);
  });

  test("says that the gate is the same where no rule has changed", async () => {
    const { stdout } = await postern("apply --anyway gate.yaml", hostWith());
    expect(stdout).toMatch(/^the gate is up on nftables, the same as before\n/);
  });

  test.each([true, false])("for scripts is one JSON object: changed is %s", async (changed) => {
    const host = changed ? changing() : hostWith();
    const { exit, stdout } = await postern("apply --anyway --json gate.yaml", host);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ state: "confirmed", secondsLeft: null, changed, backend: "nftables" },
      doors: ["ssh", "all", "hand"],
    });
  });

  test("for good over SSH says how to see from outside that it works", async () => {
    const environment = { SSH_CONNECTION: "192.0.2.7 51234 198.51.100.1 22" };
    const { stdout, stderr } = await postern(
      "apply --anyway --no-confirm gate.yaml",
      changing({ environment }),
    );
    expect(stdout).toMatch(/\nconfirmed: loaded for good\n$/);
    expect(stderr).toMatch(/^prove it from outside: postern probe HOST\n/m);
  });

  test("of a policy with a problem changes nothing", async () => {
    const host = hostWith();
    expect((await postern("apply wrong.yaml", host)).exit).toBe(1);
    expect(host.ran).toEqual([]);
  });
});

test("remove says whether there was a gate", async () => {
  expect(await postern("remove", hostWith())).toEqual(done("the gate is gone\n"));
  expect(await postern("remove", hostWith({ tables: [undefined] }))).toEqual(
    done("there was no gate on this host\n"),
  );
});

describe("status", () => {
  test("for people names the doors", async () => {
    const { exit, stdout, stderr } = await postern("status", hostWith());
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("open to 192.0.2.7, 9 s left");
    expect(stdout).not.toContain("\u001b");
  });

  test("in colour where that is wanted", async () => {
    expect((await postern("status", hostWith(), true)).stdout).toContain("\u001b[32mopen\u001b[0m");
  });

  test("for scripts is one JSON object, without colour", async () => {
    const { exit, stdout, stderr } = await postern("status --json", hostWith(), true);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
      "backend",
      "doors",
      "banned",
      "sets",
      "toHoldMore",
      "agent",
      "unconfirmed",
      "bypasses",
      "atBoot",
    ]);
    expect(stdout.endsWith("}\n")).toBe(true);
  });

  test("for scripts has nothing on stdout when there is no gate", async () => {
    const { exit, stdout, stderr } = await postern("status --json", fakeHost());
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("there is no gate on this host [no-gate]");
  });
});

describe("open, close, ban and unban", () => {
  test.each([
    ["open ssh 192.0.2.7", "ssh is open to 192.0.2.7 for 1h\n"],
    ["open ssh 2001:DB8:0::7 --for 90s", "ssh is open to 2001:db8::7 for 90s\n"],
    ["open ssh 192.0.2.7 --for 120s", "ssh is open to 192.0.2.7 for 2m\n"],
    ["close ssh 192.0.2.7", "ssh is shut to 192.0.2.7\n"],
    ["close ssh", "ssh is shut to everybody\n"],
    ["ban 192.0.2.7", "192.0.2.7 is banned until unban\n"],
    ["ban 192.0.2.7 --for 24h", "192.0.2.7 is banned for 24h\n"],
    ["unban 192.0.2.66", "192.0.2.66 is banned no more\n"],
    ["unban 192.0.2.7", "192.0.2.7 was not banned\n"],
    ["ban ::ffff:192.0.2.7", "192.0.2.7 is banned until unban\n"],
    ["unban ::ffff:c000:242", "192.0.2.66 is banned no more\n"],
    ["open ssh ::ffff:0:0", "ssh is open to 0.0.0.0 for 1h\n"],
  ])("%s", async (line, said) => {
    expect(await postern(line, hostWith())).toEqual(done(said));
  });

  test("an address in its IPv6 clothes is the IPv4 address in the kernel, too", async () => {
    const host = hostWith();
    await postern("ban ::ffff:192.0.2.7", host);
    expect(host.loaded().join()).toContain("banned4 { 192.0.2.7 }");
  });

  test("to open for a banned source works, and says that it does not help", async () => {
    expect(await postern("open ssh 192.0.2.66", hostWith())).toEqual({
      exit: 0,
      stdout: "ssh is open to 192.0.2.66 for 1h\n",
      stderr:
        "postern: 192.0.2.66 is banned, and a ban outranks this: `postern unban 192.0.2.66` lifts it\n",
    });
  });

  test.each([
    ["open ssh 192.0.2.256", '"192.0.2.256" is not an address', "[not-an-address]"],
    ["open ssh 010.0.0.1", '"010.0.0.1" is not an address', "[not-an-address]"],
    ["ban 192.0.2.0/24", "192.0.2.0/24 is a network, and a ban is of one address", "[network]"],
    [
      "ban 2001:db8::/48",
      "2001:db8::/48 is a network, and a ban is of one address and its /64",
      "[network]",
    ],
    ["ban 192.0.2.0/33", '"192.0.2.0/33" is not an address', "[not-an-address]"],
    ["open ssh 192.0.2.0/24", '"192.0.2.0/24" is not an address', "[not-an-address]"],
    ["unban localhost", '"localhost" is not an address', "[not-an-address]"],
    ["close ssh fe80::1%eth0", '"fe80::1%eth0" is not an address', "[not-an-address]"],
    ["open ssh 192.0.2.7 --for 10", "10 has no unit", "[missing-unit]"],
    ["ban 192.0.2.7 --for 25h", "25h is longer than 24h", "[too-long]"],
    ["open shh 192.0.2.7", 'the gate has no door called "shh"', "[no-such-door]"],
    ["close shh", 'the gate has no door called "shh"', "[no-such-door]"],
  ])("%s is refused, and nothing is loaded", async (line, what, code) => {
    const host = hostWith();
    const { exit, stdout, stderr } = await postern(line, host);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`${what} ${code}`);
    expect(stderr).toContain("= fix: ");
    expect(host.loaded()).toEqual([]);
  });
});

describe("a host that cannot", () => {
  test.each([
    "apply gate.yaml",
    "remove",
    "status",
    "status --json",
    "open ssh 192.0.2.7",
    "close ssh",
    "ban 192.0.2.7",
    "unban 192.0.2.7",
  ])("%s: status 3, and one line on stderr", async (line) => {
    const host = hostWith({ nftVersion: fails("spawn nft ENOENT", 127) });
    expect(await postern(line, host)).toEqual({
      exit: 3,
      stdout: "",
      stderr: "postern: there is no nft command; install nftables 1.0 or newer\n",
    });
  });

  test("a fault of ours is thrown, not hidden behind a status", async () => {
    const host = hostWith({ tables: ['{"nftables": 1}'] });
    await expect(postern("status", host)).rejects.toThrow("parseListing: 1 is not a list");
  });

  test("what nft says cannot move the cursor", async () => {
    const { exit, stderr } = await postern(
      "ban 192.0.2.7",
      hostWith({ loads: [fails("Error: \u001b[31mno\n")] }),
    );
    expect([exit, stderr]).toEqual([
      3,
      "postern: nft refused: \\x1b[31mno; nothing was changed; see `nft list ruleset`\n",
    ]);
  });
});
