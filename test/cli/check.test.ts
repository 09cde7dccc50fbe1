/** What `postern check` prints where, and how it ends. */
import { describe, expect, test } from "vitest";
import type { Host } from "../../src/host/index.ts";
import { fail } from "../../src/problem/problem.ts";
import { fails, fakeHost } from "../setup/fake-host.ts";
import { postern } from "./run.ts";

const GOOD = `trusted: [192.0.2.7]
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, udp/54040, tcp/52777] } }
`;
const FILES = {
  "good.yaml": GOOD,
  "weak.yaml": GOOD.replace("51001, udp/54040, tcp/52777", "51001, 51002, 51003"),
  "wrong.yaml": GOOD.replace("tcp/22", "tcp/80000"),
  "hand.yaml": "doors: { ssh: { protects: tcp/22 } }\n",
  "iptables.yaml": `backend: iptables\n${GOOD}`,
  "/etc/postern/policy.yaml": GOOD,
};

/** Without `ss`, `ip` and nmap. */
const host = (environment: Readonly<Record<string, string>> = {}) =>
  fakeHost({ files: FILES, environment });

describe("check", () => {
  test("of a good policy ends with 0, and has nothing for stderr", async () => {
    const { exit, stdout, stderr } = await postern("check good.yaml", host());
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ssh: none of \d+ scans opens it; /);
    expect(stdout).toMatch(/\n1 door, no problems\n$/);
  });

  test("without a path reads the policy of the host", async () => {
    const named = await postern("check good.yaml", host());
    expect(await postern("check", host())).toEqual(named);
  });

  test("of a policy that a scan opens ends with 1, and shows the scan and the remedy", async () => {
    const { exit, stdout, stderr } = await postern("check weak.yaml", host());
    expect([exit, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^weak\.yaml:3:\d+: error: door ssh is opened by /);
    expect(stdout).toContain("nmap -r ");
    expect(stdout).toContain("= fix: write `steps: [");
    expect(stdout).toMatch(/\n1 door, 1 problem\n$/);
  });

  test("of a policy with warnings alone ends with 0", async () => {
    const { exit, stdout } = await postern("check hand.yaml", host());
    expect(exit).toBe(0);
    expect(stdout).toContain("warning: no knock opens door ssh and the policy trusts nobody");
    expect(stdout).toMatch(/\n1 door, no problems, 1 warning\n$/);
  });

  test("of a policy that locks out whoever asks ends with 1", async () => {
    const SSH_CONNECTION = "192.0.2.7 50000 198.51.100.1 22";
    const { exit, stdout } = await postern("check hand.yaml", host({ SSH_CONNECTION }));
    expect(exit).toBe(1);
    expect(stdout).toContain("[locks-you-out]");
    expect((await postern("check good.yaml", host({ SSH_CONNECTION }))).exit).toBe(0);
  });

  test("of a policy with a fault shows it as compile does, on stdout", async () => {
    const { exit, stdout, stderr } = await postern("check wrong.yaml", host());
    expect([exit, stderr]).toEqual([1, ""]);
    expect(stdout).toBe((await postern("compile wrong.yaml", host())).stderr);
  });

  test("of a file that cannot be read says so, on stdout", async () => {
    const what = '"good.yaml" does not exist';
    const unreadable: Host = {
      ...host(),
      readText: () =>
        Promise.resolve(fail({ code: "file-unreadable", severity: "error", what, fix: "look" })),
    };
    expect(await postern("check good.yaml", unreadable)).toEqual({
      exit: 1,
      stdout: `error: ${what} [file-unreadable]\n = fix: look\n\n1 problem\n`,
      stderr: "",
    });
    const { stdout } = await postern("check good.yaml --json", unreadable);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ what }], doors: [] });
  });

  test("needs no privilege, no nft and no Linux", async () => {
    const poor = fakeHost({
      ...{ files: FILES, kernel: undefined, capabilities: "0" },
      nftVersion: fails("", 127),
    });
    expect((await postern("check good.yaml", poor)).exit).toBe(0);
  });

  test("asks only, and loads and writes nothing", async () => {
    const asked = host();
    await postern("check hand.yaml", asked);
    expect(asked.loaded()).toEqual([]);
    expect(asked.written.size).toBe(0);
  });
});

describe("check --json", () => {
  test.each([
    ["good.yaml", 0, true, 0, 1],
    ["weak.yaml", 1, false, 1, 1],
    ["wrong.yaml", 1, false, 1, 0],
  ])("of %s is one object", async (file, status, ok, problems, doors) => {
    const { exit, stdout, stderr } = await postern(`check ${file} --json`, host(), true);
    expect([exit, stderr]).toEqual([status, ""]);
    const facts = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(facts)).toEqual(["ok", "problems", "doors", "notLookedAt"]);
    expect(facts).toMatchObject({ ok });
    expect(facts["problems"]).toHaveLength(problems);
    expect(facts["doors"]).toHaveLength(doors);
    expect(stdout).not.toContain("\u001b");
  });
});

test("in colour where that is wanted", async () => {
  const { stdout } = await postern("check good.yaml", host(), true);
  expect(stdout).toContain("\u001b[32mno problems\u001b[0m");
});
