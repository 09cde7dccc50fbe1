import { describe, expect, test } from "vitest";
import { parseSshSettings, readSshSettings } from "../../../src/client/signed/ssh-settings.ts";
import { fails, fakeHost } from "../../setup/fake-host.ts";

const VARIABLES: Readonly<Record<string, string>> = {
  ...{ HOME: "/home/ann", USER: "ann", SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" },
};

function settings(...lines: readonly string[]) {
  return parseSshSettings(lines.join("\n"), "gate", (name) => VARIABLES[name]);
}

describe("files", () => {
  test("are those of every line, in their order", () => {
    const { files } = settings("identityfile ~/.ssh/id_rsa", "port 22", "identityfile /keys/a b");
    expect(files).toEqual(["/home/ann/.ssh/id_rsa", "/keys/a b"]);
  });

  test("may name what ssh knows of the host and its user", () => {
    const words = ["hostname gate.example.org", "user root", "port 2222"];
    expect(settings(...words, "identityfile %d/%h-%n-%p-%r-%u-%%").files).toEqual([
      "/home/ann/gate.example.org-gate-2222-root-ann-%",
    ]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what ssh writes.
    expect(settings("identityfile ${OTHER}/key").files).toEqual(["/run/other/key"]);
  });

  test("of which a part is not known are left out", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what ssh writes.
    const lines = ["identityfile ~/%C", "identityfile ${NOTHING}/key", "identityfile none"];
    expect(settings(...lines).files).toEqual([]);
  });
});

describe("the agent", () => {
  test.each([
    [[], "/run/agent"],
    [["identityagent SSH_AUTH_SOCK"], "/run/agent"],
    [["identityagent $OTHER"], "/run/other"],
    [["identityagent ~/agent.sock"], "/home/ann/agent.sock"],
    [["identityagent none"], undefined],
    [["identityagent $NOTHING"], undefined],
  ])("of %o is at %s", (lines, agent) => {
    expect(settings(...lines).agent).toBe(agent);
  });
});

test("whether only those keys are meant, and whether nobody is to be asked", () => {
  expect(settings("identitiesonly yes", "batchmode no")).toMatchObject({
    ...{ isExclusive: true, isBatch: false },
  });
  expect(settings("identitiesonly no", "batchmode yes")).toMatchObject({
    ...{ isExclusive: false, isBatch: true },
  });
});

test("where ssh is not there, they are what it has without any", async () => {
  const host = fakeHost({ environment: { HOME: "/home/ann" } });
  const { files, agent } = await readSshSettings(host, "gate");
  expect(files).toContain("/home/ann/.ssh/id_ed25519");
  expect(agent).toBeUndefined();
  expect(host.ran).toEqual([{ argv: ["ssh", "-G", "gate"], stdin: "" }]);
});

test("what a broken file of settings prints is not read", async () => {
  const run = () =>
    Promise.resolve({ ...fails("Bad configuration option", 255), stdout: "identityfile /x\n" });
  const { files } = await readSshSettings({ ...fakeHost(), run }, "gate");
  expect(files).not.toContain("/x");
});
