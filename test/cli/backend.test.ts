/** What holds a gate is chosen by the policy or by hand; what it cannot say is refused everywhere. */
import { describe, expect, test } from "vitest";
import { printScript } from "../../src/backend/iptables/index.ts";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { type FakeHost, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { postern } from "./run.ts";

const POLICY = `doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, udp/54040, tcp/52777] } }
`;
const BANS = `ban: { after: 256, within: 1m, for: 1h }\n${POLICY}`;
const RESET = POLICY.replace("tcp/22,", "tcp/22, refuse: reset,");
const FILES = {
  "auto.yaml": POLICY,
  "iptables.yaml": `backend: iptables\n${POLICY}`,
  "reset.yaml": RESET,
  "iptables-reset.yaml": `backend: iptables\n${RESET}`,
  "iptables-bans.yaml": `backend: iptables\n${BANS}`,
  "nftables-reset.yaml": `backend: nftables\n${RESET}`,
};

/** With iptables, and with nft if it is to be there. */
function hostWith({ nft }: { nft: boolean }): FakeHost {
  const host = fakeHost({ files: FILES });
  const run: typeof host.run = (argv, options) => {
    if (argv[1] !== "--version") return host.run(argv, options);
    if (argv[0] === "nft") return Promise.resolve(nft ? prints("nftables v1.0.6") : fails("", 127));
    return Promise.resolve(prints("iptables v1.8.9 (legacy)"));
  };
  return { ...host, run };
}

const here = hostWith({ nft: true });

describe("compile", () => {
  test("prints for nftables where nothing else is said", async () => {
    const expected = printNftables(programOf(POLICY));
    expect((await postern("compile auto.yaml", here)).stdout).toBe(expected);
    expect((await postern("compile auto.yaml --backend auto", here)).stdout).toBe(expected);
  });

  test("prints a script where the policy says iptables", async () => {
    const expected = printScript(programOf(FILES["iptables.yaml"], "sources"));
    const { exit, stdout, stderr } = await postern("compile iptables.yaml", here);
    expect([exit, stderr, stdout]).toEqual([0, "", expected]);
    expect(stdout).toMatch(/^#!\/bin\/sh\n/);
  });

  test("prints what --backend names, of the policy as it is written", async () => {
    const { stdout } = await postern("compile auto.yaml --backend iptables", here);
    expect(stdout).toBe(printScript(programOf(POLICY, "sources")));
    const other = await postern("compile iptables.yaml --backend nftables", here);
    expect(other.stdout).toBe(printNftables(programOf(FILES["iptables.yaml"])));
  });
});

test.each(["compile", "check"])("%s knows no other backend", async (command) => {
  const { exit, stdout, stderr } = await postern(`${command} auto.yaml --backend ipfw`, here);
  expect([exit, stdout]).toEqual([1, ""]);
  expect(stderr).toContain('"ipfw" is no backend [unknown-word]');
  expect(stderr).toContain("= fix: write nftables or iptables");
});

describe("what iptables cannot say", () => {
  const REFUSED: readonly (readonly [line: string, code: string, nft: boolean])[] = [
    ["iptables-reset.yaml", "reset-needs-nftables", true],
    ["iptables-bans.yaml", "too-many-to-count", true],
    ["iptables-reset.yaml", "reset-needs-nftables", false],
  ];

  test.each(REFUSED)("of %s (%s) check, compile and apply refuse", async (file, code, nft) => {
    const host = hostWith({ nft });
    for (const command of ["check", "compile", "apply", "apply --anyway"]) {
      const { exit, stdout, stderr } = await postern(`${command} ${file}`, host);
      expect([command, exit]).toEqual([command, 1]);
      expect(command === "check" ? stdout : stderr).toContain(`[${code}]`);
      if (command !== "check") expect(stdout).toBe("");
    }
    expect(host.written.size).toBe(0);
    expect(host.loaded()).toEqual([]);
  });

  test("is refused too where --backend names it", async () => {
    for (const command of ["check", "compile"]) {
      const asked = `${command} nftables-reset.yaml`;
      expect((await postern(asked, here)).exit).toBe(0);
      expect((await postern(`${asked} --backend iptables`, here)).exit).toBe(1);
    }
  });

  test("is refused too where it would hold the gate as there is no nft", async () => {
    const bare = hostWith({ nft: false });
    expect((await postern("check reset.yaml", here)).exit).toBe(0);
    expect((await postern("check reset.yaml", bare)).stdout).toContain("[reset-needs-nftables]");
    const { exit, stderr } = await postern("apply --anyway reset.yaml", bare);
    expect(exit).toBe(1);
    expect(stderr).toContain("[reset-needs-nftables]");
    expect(stderr).toMatch(
      /\npostern: nothing was changed; iptables cannot say all of the policy\n$/,
    );
  });
});
