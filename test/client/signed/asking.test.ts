/** Whom ssh-keygen may ask. */
import { expect, test } from "vitest";
import { environmentFor, findAsked } from "../../../src/client/signed/asking.ts";
import { fakeHost } from "../../setup/fake-host.ts";

interface Where {
  readonly terminal?: number;
  /** The words of the command line of what started this. */
  readonly parent?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

function hostAt({ terminal = 0, parent = ["bash"], environment = {} }: Where) {
  return fakeHost({
    environment,
    files: {
      "/proc/self/stat": `42 (node (x) 1 2) S 7 42 42 ${terminal} 42 4194304 1`,
      "/proc/7/cmdline": parent.map((word) => `${word}\0`).join(""),
    },
  });
}

test.each([
  [{ terminal: 34816 }, "terminal"],
  [{ terminal: 34816, environment: { DISPLAY: ":0" } }, "terminal"],
  [{ environment: { DISPLAY: ":0" } }, "program"],
  [{ environment: { WAYLAND_DISPLAY: "wayland-0" } }, "program"],
  [{ environment: { SSH_ASKPASS_REQUIRE: "force" } }, "program"],
  [{}, "nobody"],
] as const)("%o: %s", async (where, asked) => {
  expect(await findAsked(hostAt(where), false)).toBe(asked);
  expect(await findAsked(hostAt(where), true)).toBe("nobody");
});

test.each([
  [["ssh", "-o", "BatchMode=yes", "gate"], true],
  [["/usr/bin/ssh", "-oBatchMode=yes", "gate"], true],
  [["ssh", "-4oBatchMode yes", "gate"], true],
  [["ssh", "-o", 'batchmode = "yes"', "gate"], true],
  [["ssh", "-o", "BatchMode=no", "gate"], false],
  [["ssh", "gate", "echo BatchMode=yes"], false],
  [["sshd", "-o", "BatchMode=yes"], false],
  [["make", "-o", "BatchMode=yes"], false],
])("for %o nobody is asked: %s", async (parent, isBatch) => {
  const asked = await findAsked(hostAt({ terminal: 34816, parent }), false);
  expect(asked).toBe(isBatch ? "nobody" : "terminal");
});

test("a terminal is asked though the text comes from a pipe, unless somebody wants it otherwise", () => {
  expect(environmentFor(fakeHost(), "terminal")).toEqual({ SSH_ASKPASS_REQUIRE: "never" });
  const forced = fakeHost({ environment: { SSH_ASKPASS_REQUIRE: "prefer" } });
  expect(environmentFor(forced, "terminal")).toEqual({});
  expect(environmentFor(fakeHost(), "program")).toEqual({});
  expect(environmentFor(fakeHost(), "nobody")).toMatchObject({ SSH_ASKPASS: "false" });
});
