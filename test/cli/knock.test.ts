/** What `postern knock` says of a knock, and how it ends. */
import { describe, expect, test } from "vitest";
import type { Site } from "../client/fake-network.ts";
import { ADDRESS, HOSTS, knocking } from "./knock-scene.ts";

const HINTS = `\
  try it from another network: this one, or one on the way, may hold back some of the steps
  on the host, \`postern explain ADDRESS ssh\` says what the gate makes of you, and
  \`postern profile export ssh\` what the steps are today; here, -v shows each packet
`;
const IPV6 = "2001:db8:1::2";

async function said(line: string, ...sites: readonly Partial<Site>[]) {
  const { network, ...ran } = await knocking(line, sites.length === 0 ? [{}] : sites);
  expect([...network.held]).toEqual([]);
  return ran;
}

const done = (stdout: string) => ({ exit: 0, stdout, stderr: "" });
const shut = (stderr: string) => ({ exit: 4, stdout: "", stderr });

describe("a door that opens", () => {
  test("is told with its address and the time that it took", async () => {
    expect(await said("knock gate.example.org")).toEqual(
      done(`ssh of gate.example.org is open for 10s: ${ADDRESS} (40 ms)\n`),
    );
  });

  test("may be named, also of a host that is called by its address", async () => {
    const stdout = `ssh of 2001:db8:1::1 is open for 10s: ${ADDRESS} (40 ms)\n`;
    expect(await said("knock [2001:db8:1::1]:ssh")).toEqual(done(stdout));
    expect((await said("knock GATE.example.org:ssh")).exit).toBe(0);
  });

  test("at several addresses is told with those at which it did not", async () => {
    const away = { address: IPV6, isLost: () => true };
    const refusing = { address: "203.0.113.6", service: "refused" as const };
    const unreachable = { address: "203.0.113.7", service: "unreachable" as const };
    const { exit, stdout } = await said("knock gate.example.org", {}, away, refusing, unreachable);
    expect([exit, stdout]).toEqual([
      0,
      `ssh of gate.example.org is open for 10s: ${ADDRESS} (290 ms); but ${IPV6} had not opened ` +
        "by then, 203.0.113.6 refuses and 203.0.113.7 cannot be reached (EHOSTUNREACH)\n",
    ]);
  });
});

describe("a door that nobody tries", () => {
  test.each([
    [
      "[2001:db8:1::1]:once",
      `knocked at once of 2001:db8:1::1, ${ADDRESS} (200 ms); if it opened, then for one ` +
        "connection within 1m, which a try would be\n",
    ],
    [
      "[2001:db8:1::1]:vpn",
      `knocked at vpn of 2001:db8:1::1, ${ADDRESS} (200 ms); if it opened, then for 10s: a UDP ` +
        "service does not say\n",
    ],
    [
      "gate.example.org --no-wait",
      `knocked at ssh of gate.example.org, ${ADDRESS} (20 ms); if it opened, then for 10s\n`,
    ],
  ])("%s: status 0, and why nobody knows", async (line, stdout) => {
    expect(await said(`knock ${line}`)).toEqual(done(stdout));
  });

  test("has only its steps sent", async () => {
    const { network } = await knocking("knock gate.example.org --no-wait");
    expect(network.packetsTo()).toEqual(["tcp/21001", "tcp/21001", "udp/24040", "udp/24040"]);
  });
});

describe("a door that stays shut", () => {
  test("and silent: status 4, and what to try, on stderr", async () => {
    expect(await said("knock gate.example.org", { service: "silent" })).toEqual(
      shut(
        `postern: ssh of gate.example.org is not open: at tcp/22 ${ADDRESS} does not answer (4.0 s)\n${HINTS}`,
      ),
    );
  });

  test("and refuses: what that may mean, too", async () => {
    const { exit, stderr } = await said("knock gate.example.org", { service: "refused" });
    expect(exit).toBe(4);
    expect(stderr).toContain(`is not open: at tcp/22 ${ADDRESS} refuses (`);
    expect(stderr).toContain(
      "\n  a refusal means that the door is shut, or that it is open and nothing listens behind it\n",
    );
  });

  test("for there is nowhere to knock", async () => {
    const route = { hasRoute: false };
    expect(await said("knock gate.example.org", route)).toEqual(
      shut(`postern: there is no way from this host to ${ADDRESS}\n`),
    );
    expect(await said("knock gate.example.org -6")).toEqual(
      shut("postern: gate.example.org has no address of ipv6\n"),
    );
    const { exit, stderr } = await knocking("knock gate.example.org", []);
    expect([exit, stderr]).toEqual([
      4,
      "postern: gate.example.org has no address that can be found (ENOTFOUND)\n",
    ]);
  });
});

describe("options", () => {
  test("-4 and -6 choose a family, and both together none", async () => {
    for (const [options, addresses] of [
      ["-4", [ADDRESS]],
      ["--ipv6", [IPV6]],
      ["-4 -6", [ADDRESS, IPV6]],
    ] as const) {
      const { network } = await knocking(`knock gate.example.org ${options}`, [
        {},
        { address: IPV6 },
      ]);
      expect(new Set(network.sent.map(({ address }) => address))).toEqual(new Set(addresses));
    }
  });

  test("--via says over which protocol steps go that take either", async () => {
    const profiles =
      "hosts: { gate: { doors: { ssh: { protects: tcp/22, sequence: { steps: [21001] } } } } }";
    const { network } = await knocking("knock gate --via udp --no-wait", [{}], {
      environment: { HOME: "/home/ann" },
      files: { [HOSTS]: profiles },
    });
    expect(network.packetsTo()).toEqual(["udp/21001", "udp/21001"]);
  });

  test("-v shows each packet and what came back, on stderr", async () => {
    const { stdout, stderr } = await said("knock gate.example.org -v", { others: "refused" });
    expect(stdout).toMatch(/^ssh of gate\.example\.org is open/);
    expect(stderr.split("\n").slice(0, 3)).toEqual([
      `    0.0 ms  ${ADDRESS}  tcp/21001  sent`,
      `    5.0 ms  ${ADDRESS}  tcp/21001  sent`,
      `   10.0 ms  ${ADDRESS}  udp/24040  sent`,
    ]);
    expect(stderr).toContain(`   20.0 ms  ${ADDRESS}  tcp/21001  refused\n`);
    expect(stderr).toContain(`ms  ${ADDRESS}  tcp/22  accepted\n`);
  });

  test("without it no step is shown", async () => {
    for (const service of ["accepted", "silent"] as const) {
      const { stdout, stderr } = await said("knock gate.example.org", { service });
      expect(stdout + stderr).not.toMatch(/21001|24040/);
    }
  });
});

describe("--json", () => {
  const facts = async (line: string, ...sites: readonly Partial<Site>[]) => {
    const { exit, stdout, stderr } = await said(`${line} --json`, ...sites);
    expect([stderr, stdout.endsWith("}\n")]).toEqual(["", true]);
    return { exit, ...(JSON.parse(stdout) as object) };
  };
  const address = { address: ADDRESS, family: "ipv4" };

  test("says of an open door what there is to say", async () => {
    expect(await facts("knock gate.example.org")).toEqual({
      ...{ exit: 0, host: "gate.example.org", door: "ssh", open: true },
      ...{ addresses: [{ ...address, state: "open", turnedBack: [], by: "sequence" }] },
      ...{ by: "sequence", milliseconds: 40 },
    });
  });

  test("and of one that stays shut, of which the status tells, too", async () => {
    expect(await facts("knock gate.example.org", { service: "refused" })).toMatchObject({
      ...{ exit: 4, open: false, addresses: [{ ...address, state: "refused" }] },
    });
  });

  test("null is what nobody knows", async () => {
    expect(await facts("knock gate.example.org --no-wait")).toMatchObject({
      ...{ exit: 0, open: null, addresses: [{ ...address, state: "untried" }] },
    });
  });

  test("an obstacle is why nothing was knocked at", async () => {
    expect(await facts("knock gate.example.org -6")).toMatchObject({
      ...{ exit: 4, open: false, addresses: [] },
      obstacle: "gate.example.org has no address of ipv6",
    });
  });
});

describe("what cannot be done", () => {
  test.each([
    [
      "knock other",
      "there is no profile of other (there are gate.example.org, 2001:db8:1::1)",
      "no-profile",
    ],
    [
      "knock gate.example.org:shh",
      'the profile of gate.example.org has no door "shh"',
      "no-such-door",
    ],
    [
      "knock 2001:db8:1::1",
      "the profile of 2001:db8:1::1 has several doors: ssh, once, vpn",
      "several-doors",
    ],
    ["knock a_:b:c", '"a_:b" is neither the name of a host nor an address', "not-a-host-name"],
    ["knock gate.example.org:SSH", '"SSH" cannot be the name of a door', "not-a-door-name"],
    ["knock gate.example.org --via icmp", '"icmp" is no way to knock', "unknown-word"],
  ])("%s: status 1, and nothing is sent", async (line, what, code) => {
    for (const options of ["", " --json"]) {
      const { exit, stdout, stderr, network } = await knocking(`${line}${options}`);
      expect([exit, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`error: ${what} [${code}]\n`);
      expect(stderr).toContain("= fix: ");
      expect(network.sent).toEqual([]);
    }
  });

  test("a file of profiles with a fault is shown with its place", async () => {
    const answers = { environment: { HOME: "/home/ann" }, files: { [HOSTS]: "hosts: {}\n" } };
    const { exit, stderr } = await knocking("knock gate", [{}], answers);
    expect(exit).toBe(1);
    expect(stderr).toContain(`${HOSTS}:1:8: error: `);
  });

  test("what the system says cannot move the cursor", async () => {
    const { exit, stderr } = await knocking("knock \u001b[31mgate");
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^[\x20-\x7e\n]+$/);
  });
});
