/** Enrolments that are added to profiles, and knocks with their tokens, as they are typed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClientName } from "../../src/policy/policy.ts";
import { printEnrolment } from "../../src/token/index.ts";
import type { Site } from "../client/fake-network.ts";
import { KEY } from "../client/token-gate.ts";
import { type FakeHost, fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { ADDRESS, HOSTS, knocking } from "./knock-scene.ts";
import { postern } from "./run.ts";

const POLICY = policyOf(`doors:
  ssh: { protects: tcp/22, token: { carriers: [ping, udp/62201] } }
  both: { protects: tcp/443, open-for: 1m, sequence: { steps: [tcp/21001] }, token: { carriers: [udp/62202] } }
  vpn: { protects: udp/500, token: { carriers: [udp/62203] } }
`);
const ENROLMENT = printEnrolment("ana" as ClientName, KEY, POLICY.doors);
const OTHER_KEY = `${"B".repeat(42)}A`;
const STEPS = "both: { protects: tcp/443, sequence: { steps: [tcp/21001, 21002] } }";

function hostWith(files: Readonly<Record<string, string>>): FakeHost {
  return fakeHost({ environment: { HOME: "/home/ann" }, files, input: ENROLMENT });
}

const done = (stdout: string) => ({ exit: 0, stdout, stderr: "" });

describe("an enrolment", () => {
  test("is added with its key, which is not shown, and can be listed", async () => {
    const host = hostWith({});
    expect(await postern("profile add gate.example.org --from -", host)).toEqual(
      done(`wrote ${HOSTS}, for your eyes alone
gate.example.org, with the key of ana
  ssh  tcp/22  a token by ping udp/62201, open for 10s
  both  tcp/443  a token by udp/62202, open for 1m
  vpn  udp/500  a token by udp/62203, open for 10s

  postern knock gate.example.org:ssh
  postern ssh-config gate.example.org
      prints what lets \`ssh gate.example.org\` knock by itself
`),
    );
    expect(host.written.get(HOSTS)).toContain(`    client: "ana"\n    key: "${KEY}"\n    doors:\n`);
    const listed = await postern("profile list", host);
    expect(listed.stdout).toContain(
      "gate.example.org, with the key of ana\n  ssh  tcp/22  a token by ping udp/62201,",
    );
    const report = await postern("profile list --json", host);
    expect(JSON.parse(report.stdout)).toMatchObject({
      hosts: [{ client: "ana", doors: [{ steps: 0, carriers: ["ping", "udp/62201"] }, {}, {}] }],
    });
    expect(listed.stdout + report.stdout).not.toContain(KEY);
  });

  test("leaves a door its sequence, and an export leaves it its token", async () => {
    const host = hostWith({ "steps.yaml": `doors: { ${STEPS} }` });
    await postern("profile add gate --from steps.yaml", host);
    const { stdout } = await postern("profile add gate --from -", host);
    expect(stdout).toContain(
      "  both  tcp/443  2 steps, or a token by udp/62202, open for 1m (in the place of what was there; its sequence stays)\n",
    );
    const again = await postern("profile add gate --from steps.yaml", host);
    expect(again.stdout).toContain(
      "  both  tcp/443  2 steps, or a token by udp/62202, open for 10s (in the place of what was there; its token stays)\n",
    );
  });

  test("says that it replaces another key", async () => {
    const host = hostWith({ "new.yaml": ENROLMENT.replace(KEY, OTHER_KEY) });
    await postern("profile add gate --from -", host);
    const { stdout } = await postern("profile add gate --from new.yaml --door ssh", host);
    expect(stdout).toContain("gate, with the key of ana (in the place of another key)\n  ssh ");
    expect(host.written.get(HOSTS)).toContain(OTHER_KEY);
    expect(host.written.get(HOSTS)).not.toContain(KEY);
  });

  test("that is cut or changed anywhere is refused or read, and its key never shown", async () => {
    const cut = fc.integer({ min: 1, max: ENROLMENT.length - 1 });
    const put = fc.constantFrom("", "x", ":", "{", '"', "\n", "\0", "key: ", "- ");
    await fc.assert(
      fc.asyncProperty(cut, cut, put, async (from, to, text) => {
        const changed = `${ENROLMENT.slice(0, from)}${text}${from < to ? ENROLMENT.slice(to) : ""}`;
        const { stdout, stderr } = await postern(
          "profile add gate --from x",
          hostWith({ x: changed }),
        );
        expect(stdout + stderr).not.toContain(KEY);
      }),
      { numRuns: 150 },
    );
  });

  test("without a key is refused, as are profiles whose doors have tokens and no key", async () => {
    const keyless = ENROLMENT.replace(`, key: "${KEY}"`, "");
    const { exit, stderr } = await postern("profile add gate --from x", hostWith({ x: keyless }));
    expect(exit).toBe(1);
    expect(stderr).toContain("door ssh opens with tokens, and its host has no `key`");
    const kept = hostWith({ [HOSTS]: `hosts: { gate: ${keyless} }` });
    expect((await postern("profile list", kept)).stderr).toContain("has no `key` to make them of");
  });
});

describe("of a policy", () => {
  test("tokens are neither exported nor added, since there is no key", async () => {
    const policy = "doors:\n  ssh: { protects: tcp/22, token: { carriers: [ping] } }\n";
    for (const line of [
      "profile export ssh p",
      "profile add gate --from p",
      "profile recipe ssh p",
    ]) {
      const { exit, stderr } = await postern(line, hostWith({ p: policy }));
      expect(exit).toBe(1);
      expect(stderr).toContain("postern key show NAME");
    }
  });
});

/** At a gate of that policy, by one who has the enrolment. */
function knock(line: string, site: Partial<Site> = {}) {
  const hosts = `hosts: { gate: ${ENROLMENT.replace("both: {", "both: {sequence: {steps: [tcp/21001]}, ")} }`;
  return knocking(`knock gate:${line}`, [{ policy: POLICY, ...site }], {
    environment: { HOME: "/home/ann" },
    files: { [HOSTS]: hosts },
  });
}

describe("a knock with a token", () => {
  test("is told with what opened the door", async () => {
    const { stdout, stderr } = await knock("ssh");
    expect([stdout, stderr]).toEqual([
      `ssh of gate is open for 10s: ${ADDRESS} by ping (30 ms)\n`,
      "",
    ]);
    expect(JSON.parse((await knock("ssh --json")).stdout)).toMatchObject({
      ...{ open: true, by: "ping", addresses: [{ address: ADDRESS, by: "ping" }] },
    });
  });

  test("may be by one way alone", async () => {
    expect((await knock("ssh --via udp")).stdout).toContain("by udp/62201 (");
    expect((await knock("both --via sequence")).network.packetsTo()).not.toContain("udp/62202");
    expect((await knock("both --via tcp")).network.packetsTo()).toContain("tcp/21001");
  });

  test.each([
    ["ssh --via http", "the door ssh takes no tokens by http", "ping or udp"],
    ["ssh --via tcp", "the door ssh has no sequence, but tokens by ping, udp/62201", "ping or udp"],
    ["both --via ping", "the door both takes no tokens by ping", "udp or sequence"],
    [
      "ssh --via icmp",
      '"icmp" is no way to knock',
      "one of ping, udp, dns, http, tls, signed, signed:ping, signed:udp, tcp, sequence",
    ],
  ])("%s is refused, and the ways that there are are named", async (line, what, ways) => {
    const { exit, stderr, network } = await knock(line);
    expect([exit, network.sent]).toEqual([1, []]);
    expect(stderr).toContain(what);
    expect(stderr).toContain(ways);
  });

  test("that nobody tries says what was sent", async () => {
    expect((await knock("vpn")).stdout).toContain(
      `knocked at vpn of gate, ${ADDRESS} by udp/62203 (`,
    );
    expect((await knock("ssh --no-wait")).stdout).toContain(`gate, ${ADDRESS} by ping (`);
  });

  test("at a door that stays shut says what may be wrong, and shows neither key nor token", async () => {
    const { exit, stdout, stderr, network } = await knock("ssh -v", { clockAhead: 3600 });
    expect([exit, stdout]).toEqual([4, ""]);
    expect(stderr).toContain(`\
  a token is good for about a minute: compare the clocks, with \`date -u\` here and on the host
  a gate that has just been started, or got your key, takes tokens a minute later; of a key that
  was revoked it takes none
`);
    for (const secret of [KEY, ...network.tokensAt()]) expect(stderr).not.toContain(secret);
  });
});
