/** `postern agent key`: what it prints, and on whose host it makes a key. */
import { describe, expect, test } from "vitest";
import { fakeHost } from "../setup/fake-host.ts";
import { postern } from "./run.ts";

const SIGNED =
  "doors: { ssh: { protects: tcp/22, signed: { carriers: [ping], signers: /etc/s } } }\n";
const UNSIGNED = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }\n";
const HOME = "/etc/postern";
const KEY = `${HOME}/sealing.key`;
const FILES = { [`${HOME}/policy.yaml`]: SIGNED, "other.yaml": SIGNED, "unsigned.yaml": UNSIGNED };

describe("agent key", () => {
  test.each([
    "agent key",
    `agent key ${HOME}/policy.yaml`,
    `agent key ${HOME}/../postern/policy.yaml`,
  ])("%s makes the key of this host", async (line) => {
    const host = fakeHost({ files: { ...FILES, [`${HOME}/../postern/policy.yaml`]: SIGNED } });
    const { exit, stdout } = await postern(line, host);
    expect([exit, [...host.written.keys()]]).toEqual([0, [KEY]]);
    expect(stdout.split("\n")).toHaveLength(2);
  });

  test("of the policy of another host makes none, and says how to have one", async () => {
    const host = fakeHost({ files: FILES });
    const { exit, stdout, stderr } = await postern("agent key other.yaml", host);
    expect([exit, stdout, [...host.written.keys()]]).toEqual([1, "", []]);
    expect(stderr).toContain(`there is no "${KEY}" [no-sealing-key]`);
    expect(stderr).toContain("`POSTERN_DIR=FOLDER postern agent key`");
  });

  test("of the policy of another host prints the key that there is", async () => {
    const host = fakeHost({ files: FILES });
    const { stdout } = await postern("agent key", host);
    const again = await postern("agent key other.yaml", host);
    expect([again.exit, again.stdout]).toEqual([0, stdout]);
  });

  test("of a policy without signed knocks makes none", async () => {
    const host = fakeHost({ files: { ...FILES, [`${HOME}/policy.yaml`]: UNSIGNED } });
    const { exit, stderr } = await postern("agent key", host);
    expect([exit, [...host.written.keys()]]).toEqual([1, []]);
    expect(stderr).toContain("[nothing-to-open]");
  });
});
