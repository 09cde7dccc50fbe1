/** What lets ssh knock by itself. */
import { describe, expect, test } from "vitest";
import type { Host } from "../../src/host/index.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { HOSTS, PROFILES } from "./knock-scene.ts";
import { postern } from "./run.ts";

function hostWith(self: readonly string[]): Host {
  const answers = { environment: { HOME: "/home/ann" }, files: { [HOSTS]: PROFILES } };
  return { ...fakeHost(answers), self };
}

/** The lines for a host, of a program that is started so. */
async function linesFor(host: string, ...self: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await postern(`ssh-config ${host}`, hostWith(self));
  expect([exit, stderr]).toEqual([0, ""]);
  return stdout;
}

test("four lines, for the end of the user's own file", async () => {
  expect(await linesFor("gate.example.org", "/usr/bin/node", "/usr/bin/postern")).toBe(`\
# \`ssh gate.example.org\` knocks first. Put this at the end of ~/.ssh/config.
# For mosh, which ignores it: mosh --experimental-remote-ip=remote gate.example.org
Match host gate.example.org
    ProxyCommand /usr/bin/postern connect %h %p
`);
});

test("a host may be an address, and is called as the profiles call it", async () => {
  expect(await linesFor("2001:DB8:1::1", "postern")).toContain("\nMatch host 2001:db8:1::1\n");
});

describe("the program is named", () => {
  test.each([
    [
      ["/usr/bin/node", "/opt/postern/dist/postern.js"],
      "/usr/bin/node /opt/postern/dist/postern.js",
    ],
    [["/usr/bin/node", "/opt/my own/postern"], "'/opt/my own/postern'"],
    [["/usr/bin/node", "/opt/50%/postern"], "/opt/50%%/postern"],
    [["/usr/bin/node", "/opt/it's/main.ts"], "/usr/bin/node '/opt/it'\\''s/main.ts'"],
  ])("as %j: %s", async (self, command) => {
    const lines = await linesFor("gate.example.org", ...self);
    expect(lines).toContain(`\n    ProxyCommand ${command} connect %h %p\n`);
  });
});

test.each([
  ["other", "there is no profile of other", "no-profile"],
  ["gate.example.org:ssh", '"gate.example.org:ssh" is neither', "not-a-host-name"],
  ["*", '"*" is neither', "not-a-host-name"],
])("for %s there are none", async (host, what, code) => {
  const { exit, stdout, stderr } = await postern(`ssh-config ${host}`, hostWith(["postern"]));
  expect([exit, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(`error: ${what}`);
  expect(stderr).toContain(`[${code}]`);
});
