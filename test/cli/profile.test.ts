/** The doors that one can knock at: kept, shown, forgotten, and printed for others. */
import { describe, expect, test } from "vitest";
import { type FakeHost, fakeHost } from "../setup/fake-host.ts";
import { HOSTS, PROFILES } from "./knock-scene.ts";
import { postern, posternWith } from "./run.ts";

const SSH = "ssh: { protects: tcp/22, sequence: { steps: [51000, udp/51001] } }";
const FILES = {
  "ssh.yaml": `doors: { ${SSH} }\n`,
  "all.yaml": `doors:
  ${SSH}
  once: { protects: [tcp/443, udp/443], single-use: true, sequence: { steps: [ping/63] } }
  hand: { protects: tcp/25 }
`,
  "hand.yaml": "doors: { hand: { protects: tcp/25 } }\n",
  "wrong.yaml": "doors: { ssh: { protects: tcp/80000 } }\n",
};

function hostWith(profiles?: string, input = ""): FakeHost {
  const known = profiles === undefined ? {} : { [HOSTS]: profiles };
  return fakeHost({ environment: { HOME: "/home/ann" }, files: { ...FILES, ...known }, input });
}

const done = (stdout: string) => ({ exit: 0, stdout, stderr: "" });

/** That a command is refused for this, and leaves the profiles alone. */
async function expectRefused(line: string, what: string, code: string, host = hostWith(PROFILES)) {
  const { exit, stdout, stderr } = await postern(line, host);
  expect([exit, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(`error: ${what}`);
  expect(stderr).toContain(`[${code}]\n`);
  expect(host.written.size).toBe(0);
}

describe("profile add", () => {
  test("keeps a door, and says what can be done with it now", async () => {
    const host = hostWith();
    expect(await postern("profile add gate.example.org --from ssh.yaml", host)).toEqual(
      done(`wrote ${HOSTS}, for your eyes alone
gate.example.org
  ssh  tcp/22  2 steps, open for 10s

  postern knock gate.example.org
  postern ssh-config gate.example.org
      prints what lets \`ssh gate.example.org\` knock by itself
`),
    );
    expect(host.written.get(HOSTS)).toContain("steps: [51000, udp/51001]");
    expect(host.ran).toEqual([]);
  });

  test("takes it from stdin", async () => {
    const host = hostWith(undefined, FILES["ssh.yaml"]);
    expect((await postern("profile add gate --from -", host)).exit).toBe(0);
    expect(host.written.get(HOSTS)).toContain("steps: [51000, udp/51001]");
  });

  test("keeps of a policy every door that opens to a knock, or one", async () => {
    const all = await postern("profile add 2001:db8::7 --from all.yaml", hostWith());
    expect(all.stdout).toContain(
      "2001:db8::7\n  ssh  tcp/22  2 steps, open for 10s\n" +
        "  once  tcp/443 udp/443  1 step, one connection within 10s\n",
    );
    expect(all.stdout).toContain("  postern knock [2001:db8::7]:ssh\n");
    const one = await postern("profile add gate --from all.yaml --door once", hostWith());
    expect(one.stdout).toContain("gate\n  once ");
    expect(one.stdout).not.toContain("ssh  tcp");
  });

  test("says what it has replaced, and calls the host as it is called there", async () => {
    const host = hostWith(PROFILES);
    const { stdout } = await postern("profile add GATE.example.org --from ssh.yaml", host);
    expect(stdout).toContain(
      "gate.example.org\n  ssh  tcp/22  2 steps, open for 10s (in the place of what was there)\n",
    );
  });

  test("shows no step", async () => {
    const { stdout, stderr } = await postern("profile add gate --from all.yaml", hostWith());
    expect(stdout + stderr).not.toMatch(/5100/);
  });

  test.each([
    ["gate", "nothing says where the doors are to come from", "no-source"],
    ["gate --door ssh", "nothing says where the doors are to come from", "no-source"],
    ["-- -oX", '"-oX" is neither the name of a host nor an address', "not-a-host-name"],
    ["gate:ssh --from ssh.yaml", '"gate:ssh" is neither the name of a host', "not-a-host-name"],
    ["gate --from hand.yaml", "no door of it has a sequence", "nothing-to-knock"],
    [
      "gate --from all.yaml --door hand",
      'it has no door "hand" that opens to a knock',
      "nothing-to-knock",
    ],
    [
      "gate --from all.yaml --door shh",
      'it has no door "shh" that opens to a knock',
      "nothing-to-knock",
    ],
    ["gate --from wrong.yaml", "port 80000 does not exist", "not-a-port"],
    ["gate --from missing.yaml", "this file is empty, and not a policy", "not-a-policy"],
  ])("%s is refused, and nothing is written", async (line, what, code) => {
    await expectRefused(`profile add ${line}`, what, code);
  });
});

describe("profile list", () => {
  test("shows hosts and doors, and no step", async () => {
    expect(await postern("profile list", hostWith(PROFILES))).toEqual(
      done(`gate.example.org
  ssh  tcp/22  2 steps, open for 10s
2001:db8:1::1
  ssh  tcp/22  2 steps, open for 10s
  once  tcp/443  1 step, one connection within 1m
  vpn  udp/500  1 step, open for 10s
`),
    );
  });

  test("says so where there are none", async () => {
    expect(await postern("profile list", hostWith())).toEqual(done("there are no profiles yet\n"));
    expect(await postern("profile list --json", hostWith())).toEqual(done('{\n  "hosts": []\n}\n'));
  });

  test("for scripts is one JSON object, and shows no step either", async () => {
    const { exit, stdout } = await postern("profile list --json", hostWith(PROFILES));
    const { hosts } = JSON.parse(stdout) as { hosts: { host: string; doors: unknown[] }[] };
    expect([exit, hosts.map(({ host }) => host)]).toEqual([
      0,
      ["gate.example.org", "2001:db8:1::1"],
    ]);
    expect(hosts[1]?.doors[1]).toEqual({
      ...{
        name: "once",
        protects: ["tcp/443"],
        openFor: "1m",
        singleUse: true,
        steps: 1,
        carriers: [],
        signed: [],
      },
    });
    expect(stdout).not.toContain("2100");
  });

  test("of a file with a fault is refused", async () => {
    await expectRefused(
      "profile list",
      "nothing is written",
      "empty-mapping",
      hostWith("hosts: {}"),
    );
  });
});

describe("profile remove", () => {
  test("forgets a host, whatever the case of its name", async () => {
    const host = hostWith(PROFILES);
    expect(await postern("profile remove Gate.Example.org", host)).toEqual(
      done("the profile of gate.example.org is gone\n"),
    );
    expect((await postern("profile list", host)).stdout).toMatch(/^2001:db8:1::1\n/);
  });

  test.each([
    [
      "other",
      "there is no profile of other (there are gate.example.org, 2001:db8:1::1)",
      "no-profile",
    ],
    ["gate.example.org:ssh", '"gate.example.org:ssh" is neither', "not-a-host-name"],
  ])("%s is refused", async (name, what, code) => {
    await expectRefused(`profile remove ${name}`, what, code);
  });
});

describe("profile export", () => {
  const POLICY = { "/etc/postern/policy.yaml": FILES["all.yaml"] };

  test("prints what a client needs, which is what profile add takes", async () => {
    const gate = fakeHost({ files: POLICY });
    const { exit, stdout } = await postern("profile export once", gate);
    expect(exit).toBe(0);
    expect(stdout).toContain("doors:\n  once:\n    protects: [tcp/443, udp/443]\n");
    expect(gate.ran).toEqual([]);
    const client = hostWith(undefined, stdout);
    expect((await postern("profile add gate --from -", client)).exit).toBe(0);
    expect((await postern("profile list", client)).stdout).toContain(
      "  once  tcp/443 udp/443  1 step",
    );
  });

  test("takes a policy file", async () => {
    expect((await postern("profile export ssh all.yaml", hostWith())).stdout).toContain(
      "udp/51001",
    );
  });

  test.each([
    ["shh", 'the policy has no door "shh"', "no-such-door"],
    ["toString", 'the policy has no door "toString"', "no-such-door"],
    ["hand", "the door hand has no sequence, and there is nothing to knock", "nothing-to-knock"],
    ["ssh wrong.yaml", "port 80000 does not exist", "not-a-port"],
  ])("%s is refused", async (line, what, code) => {
    const host = fakeHost({ files: { ...FILES, ...POLICY } });
    await expectRefused(`profile export ${line}`, what, code, host);
  });
});

test("what was typed cannot move the cursor", async () => {
  for (const argv of [
    ["profile", "add", "\u001b[31mx", "--from", "ssh.yaml"],
    ["profile", "add", "gate", "--from", "all.yaml", "--door", "\u001b[31m"],
    ["profile", "remove", "\u202ex"],
    ["profile", "export", "\u009b1m", "all.yaml"],
  ]) {
    const { exit, stderr } = await posternWith(argv, hostWith());
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^[\x20-\x7e\n]+$/);
  }
});
