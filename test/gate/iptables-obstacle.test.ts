/** What keeps a host from a gate on iptables, and what is said when iptables refuses. */
import { describe, expect, test } from "vitest";
import { iptables } from "../../src/gate/iptables/index.ts";
import type { Finished, Host } from "../../src/host/index.ts";
import { fails, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";

const OF_TODAY = prints("iptables v1.8.9 (nf_tables)\n");
const NOT_THERE = fails("spawn ENOENT", 127);

/** A host whose programs answer so; every other one is not there. */
function hostWith(programs: Readonly<Record<string, Finished>>, hasIpv6 = true): Host {
  return {
    ...fakeHost({ files: hasIpv6 ? { "/proc/net/if_inet6": "" } : {} }),
    run: ([program = ""]) => Promise.resolve(programs[program] ?? NOT_THERE),
  };
}

const BOTH = { "iptables-restore": OF_TODAY, "ip6tables-restore": OF_TODAY };

describe("a host can hold a gate on iptables", () => {
  const lackOf = async (host: Host) => (await iptables.findObstacle(host))?.what;

  test.each([
    ["iptables of today", BOTH],
    [
      "the oldest iptables that will do",
      {
        "iptables-restore": prints("iptables-restore v1.6.2\n"),
        "ip6tables-restore": prints("ip6tables-restore v1.6.2\n"),
      },
    ],
  ])("with %s", async (_, programs) => {
    expect(await lackOf(hostWith(programs))).toBeUndefined();
  });

  test("without ip6tables where the kernel has no IPv6", async () => {
    const { "iptables-restore": restore } = BOTH;
    expect(await lackOf(hostWith({ "iptables-restore": restore }, false))).toBeUndefined();
    expect(await lackOf(hostWith({ "iptables-restore": restore }))).toBe(
      "there is no ip6tables-restore command, and this host has IPv6",
    );
  });

  test("not without iptables, or with one that is too old", async () => {
    expect(await lackOf(hostWith({}))).toBe("there is no iptables-restore command");
    const older = prints("iptables-restore v1.4.21\n");
    expect(await lackOf(hostWith({ ...BOTH, "iptables-restore": older }))).toBe(
      "iptables is iptables-restore v1.4.21",
    );
  });
});

test.each([
  [
    "iptables-restore: line 3 failed",
    "iptables-restore: line 3 failed (:POSTERN-door_ssh - [0:0])",
  ],
  [
    "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\niptables-nft-restore v1.8.9 (nf_tables): \nline 3: RULE_APPEND failed (No such file or directory)",
    "iptables-nft-restore v1.8.9 (nf_tables): line 3: RULE_APPEND failed (No such file or directory) (:POSTERN-door_ssh - [0:0])",
  ],
  ["", "it ended with status 4"],
])("what is refused is told with its line: %s", async (stderr, said) => {
  const saved = prints("*raw\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
  const programs = {
    ...BOTH,
    "iptables-save": saved,
    "ip6tables-save": saved,
  };
  const host: Host = {
    ...hostWith(programs),
    run: ([program = "", option]) =>
      Promise.resolve(
        option === "--noflush"
          ? fails(stderr, 4)
          : (programs[program as keyof typeof programs] ?? NOT_THERE),
      ),
  };
  const program = iptables.compile(policyOf("doors: { ssh: { protects: tcp/22 } }"));
  expect(await iptables.load(host, program, [])).toMatchObject({
    ok: false,
    problems: [{ code: "host-iptables-refused", what: `iptables-restore refused: ${said}` }],
  });
});
