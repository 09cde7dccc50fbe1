/** `postern key script` and `postern key page`: what is asked for on stdout, and nothing else. */
import { describe, expect, test } from "vitest";
import { printKey } from "../../src/token/index.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { holderOf } from "../view/key-holder.ts";
import { postern } from "./run.ts";

const POLICY = `doors:
  ssh: { protects: tcp/22, token: { carriers: [ping, http/80] } }
  vpn: { protects: udp/51820, token: { carriers: [tls/443] } }
  irc: { protects: tcp/6667, token: { carriers: [ping] } }
`;
const { key: secret } = holderOf(POLICY);

function hostWith(doors?: readonly string[]) {
  const key = printKey("ana", { secret, doors: doors as never, isUnused: true, spentUpTo: 0 });
  return fakeHost({
    files: { "/etc/postern/policy.yaml": POLICY, "/etc/postern/keys/ana.key": key },
  });
}

describe.each([
  ["script", /^#!\/bin\/sh\n/, "ssh, irc", "vpn"],
  ["page", /^<!doctype html>\n/, "ssh", "vpn, irc"],
])("key %s", (command, beginning, able, left) => {
  test("prints it, and says on stderr what is left out and who can open the doors", async () => {
    const { exit, stdout, stderr } = await postern(
      `key ${command} ana --host gate.example.org`,
      hostWith(),
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(beginning);
    expect(stdout).toContain("gate.example.org");
    expect(stderr).toBe(`postern: left out, as it cannot: ${left}
postern: whoever has this can open ${able}: keep it from others, and give each device a key of its own
`);
  });

  test.each([
    ["no host", "ana", "nothing says at which host to knock", "no-host"],
    ["no such client", "bob --host gate", "there is no client called", "no-such-client"],
    ["a host that is none", "ana --host -x", "", "not-a-host-name"],
    ["a key without a door that it can open", "ana --host gate", "can send none of", "nothing-to"],
  ])("%s is a problem, which shows no key", async (_, line, what, code) => {
    const { exit, stdout, stderr } = await postern(
      `key ${command} ${line}`,
      hostWith(code === "nothing-to" ? ["vpn"] : undefined),
    );
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toContain(what);
    expect(stderr).toContain(`[${code}`);
    expect(stderr).not.toContain(secret);
  });
});

test("a page for an address with a zone is a problem", async () => {
  const { exit, stderr } = await postern("key page ana --host fe80::1%eth0", hostWith());
  expect(exit).toBe(1);
  expect(stderr).toContain("[not-for-urls]");
});
