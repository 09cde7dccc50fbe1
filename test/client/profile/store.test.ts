/** Where profiles are kept, and what becomes of the file. */
import { describe, expect, test } from "vitest";
import {
  addProfile,
  type ClientDoor,
  clientDoorsOf,
  type Profile,
  readProfiles,
  removeHost,
} from "../../../src/client/index.ts";
import { profilesFileOf } from "../../../src/client/profile/store.ts";
import type { HostName } from "../../../src/policy/policy.ts";
import { fail, type Problem } from "../../../src/problem/problem.ts";
import { type Answers, fakeHost } from "../../setup/fake-host.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";

const FILE = "/home/ann/.config/postern/hosts.yaml";
const HOME = { HOME: "/home/ann" };
const GATE = "gate" as HostName;

const doors = (text: string) => clientDoorsOf(policyOf(`doors: { ${text} }`));
const profileOf = (all: readonly ClientDoor[], keys: Partial<Profile> = {}): Profile => ({
  ...{ doors: all, client: undefined, key: undefined },
  ...{ sealingKey: undefined, identity: undefined, bind: undefined },
  ...keys,
});
const SSH = profileOf(doors("ssh: { protects: tcp/22, sequence: { steps: [51000] } }"));
const ONE =
  "hosts:\n  gate:\n    doors:\n      ssh: { protects: tcp/22, sequence: { steps: [51000] } }\n";

const hostWith = (text?: string, answers: Answers = {}) =>
  fakeHost({
    environment: HOME,
    ...(text === undefined ? {} : { files: { [FILE]: text } }),
    ...answers,
  });

describe("the file", () => {
  test.each([
    [HOME, FILE],
    [{ ...HOME, XDG_CONFIG_HOME: "/etc/ann" }, "/etc/ann/postern/hosts.yaml"],
    [{ ...HOME, XDG_CONFIG_HOME: "" }, FILE],
    [{ ...HOME, XDG_CONFIG_HOME: "config" }, FILE],
  ])("with %j is %s", (environment, file) => {
    expect(profilesFileOf(fakeHost({ environment }))).toBe(file);
  });

  test("need not be there", async () => {
    expect(sure(await readProfiles(hostWith()))).toEqual(new Map());
  });

  test("is what problems point at", async () => {
    const read = await readProfiles(hostWith("hosts: {}\n"));
    expect(read.ok ? [] : read.problems).toMatchObject([
      { code: "empty-mapping", place: { file: FILE } },
    ]);
  });

  test("that others can read is not read, nor written to", async () => {
    const exposed: Problem = { code: "file-exposed", severity: "error", what: "w", fix: "f" };
    const host = { ...hostWith(), readSecret: () => Promise.resolve(fail(exposed)) };
    for (const done of [readProfiles(host), addProfile(host, GATE, SSH), removeHost(host, GATE)]) {
      expect(await done).toEqual(fail(exposed));
    }
    expect(host.written.size).toBe(0);
  });

  test("that cannot be written is a problem", async () => {
    const added = await addProfile(hostWith(undefined, { full: /hosts/ }), GATE, SSH);
    expect(added.ok ? [] : added.problems.map(({ code }) => code)).toEqual(["file-unwritable"]);
  });
});

describe("doors that are added", () => {
  test("are there when they are read", async () => {
    const host = hostWith();
    expect(sure(await addProfile(host, GATE, SSH))).toEqual({
      ...{ file: FILE, doors: SSH.doors, before: undefined },
    });
    expect(sure(await readProfiles(host))).toEqual(new Map([[GATE, SSH]]));
  });

  test("say what was there before under their names", async () => {
    const host = hostWith(ONE);
    const others = profileOf(
      doors(
        "ssh: { protects: tcp/23, sequence: { steps: [51000] } }, web: { protects: tcp/443, sequence: { steps: [51000] } }",
      ),
    );
    expect(sure(await addProfile(host, GATE, others)).before).toEqual(SSH);
    expect(sure(await readProfiles(host)).get(GATE)).toEqual(others);
  });

  test("may be in front of the same port, as doors of other destinations are", async () => {
    const host = hostWith(ONE);
    sure(
      await addProfile(
        host,
        GATE,
        profileOf(doors("other: { protects: tcp/22, sequence: { steps: [22022] } }")),
      ),
    );
    expect(
      sure(await readProfiles(host))
        .get(GATE)
        ?.doors.map(({ name }) => name),
    ).toEqual(["ssh", "other"]);
  });

  test("go where a link leads, and it stays one", async () => {
    const host = hostWith(undefined, { links: { [FILE]: "../../dotfiles/hosts.yaml" } });
    sure(await addProfile(host, GATE, SSH));
    expect([...host.written.keys()]).toEqual(["/home/ann/dotfiles/hosts.yaml"]);
  });

  test("do not mend a file that has a fault", async () => {
    const host = hostWith(`${ONE}  home: {}\n`);
    const added = await addProfile(host, "home" as HostName, SSH);
    expect(added.ok ? [] : added.problems.map(({ code }) => code)).toEqual(["missing-key"]);
    expect(host.written.size).toBe(0);
  });
});

describe("a host that is removed", () => {
  test("is gone, and the file with the last one", async () => {
    const host = hostWith();
    const home = "home" as HostName;
    sure(await addProfile(host, GATE, SSH));
    sure(await addProfile(host, home, SSH));
    sure(await removeHost(host, GATE));
    expect([...sure(await readProfiles(host)).keys()]).toEqual([home]);
    sure(await removeHost(host, home));
    expect(host.written.has(FILE)).toBe(false);
  });

  test.each([undefined, ONE])("has to be there", async (text) => {
    const host = hostWith(text);
    const removed = await removeHost(host, "home" as HostName);
    expect(removed.ok ? [] : removed.problems.map(({ code }) => code)).toEqual(["no-profile"]);
    expect(host.written.size).toBe(0);
  });
});
