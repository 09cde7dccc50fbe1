/** What comes back of a gate that something else took away, by a clock that the test sets. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  banSource,
  closeDoor,
  type KnownGate,
  openDoor,
  readKnownGate,
  restoreGate,
  unbanSource,
} from "../../src/gate/index.ts";
import type { Host } from "../../src/host/index.ts";
import { address } from "../scenarios/arbitrary.ts";
import { type FakeHost, fakeHost, LIST, LIST_TERSE, LOAD, prints } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { type Element, element, listingOf } from "./listings.ts";

const PROGRAM = programOf(`
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } }
  once: { protects: tcp/23, single-use: true, sequence: { steps: [41001] } }
`);
const A = address("192.0.2.7");
const FOLDER = "/run/postern/net-0";

let now: number;
/** Undefined: there is no gate. */
let members: Readonly<Record<string, readonly Element[]>> | undefined;
let fake: FakeHost;
let host: Host;
/** Done right after the rules or members are loaded. */
let afterLoad: (text: string) => Promise<void>;
beforeEach(() => {
  now = 1000;
  members = {};
  afterLoad = () => Promise.resolve();
  fake = fakeHost({ files: { "/proc/42/cmdline": "node\0postern.js\0agent\0" } });
  fake.written.set(
    `${FOLDER}/agent.json`,
    JSON.stringify({ pid: 42, opened: 0, lost: 0, refused: {} }),
  );
  host = {
    ...fake,
    readKernelFile: (path) =>
      path === "/proc/uptime" ? Promise.resolve(`${now}.00 1.00\n`) : fake.readKernelFile(path),
    run: async (argv, options = {}) => {
      const line = argv.join(" ");
      if (line === LIST.join(" ") || line === LIST_TERSE.join(" ")) {
        return prints(members === undefined ? '{"nftables": []}' : listingOf(PROGRAM, members));
      }
      const finished = await fake.run(argv, options);
      if (line === LOAD.join(" ")) {
        members ??= {};
        await afterLoad(`${options.stdin}`);
      }
      return finished;
    },
  };
});

async function known(): Promise<KnownGate> {
  const gate = sure(await readKnownGate(host));
  if (gate === undefined) throw new Error("known: there is no gate");
  return gate;
}

/** Something flushes it, the agent restores it: what is put into its sets, a line each. */
async function putBackAfterFlush(gate: KnownGate): Promise<string[]> {
  members = undefined;
  const before = fake.loaded().length;
  expect(sure(await restoreGate(host, gate))).toBe("restored");
  return fake
    .loaded()
    .slice(before + 1)
    .flatMap((text) => text.trim().split("\n"))
    .filter((line) => line.includes("192.0.2."))
    .map((line) => line.replace(" element inet postern", ""));
}

const changesNoted = () => [...fake.written.keys()].filter((name) => name.includes("/changed-"));

describe("after a flush", () => {
  test("grants and bans are back with the time that they had left, and no more", async () => {
    members = { ssh_grants4: [element("192.0.2.7", 600)], banned4: ["192.0.2.66"] };
    const gate = await known();
    now += 100;
    const lines = await putBackAfterFlush(gate);
    expect(lines).toContain("add ssh_grants4 { 192.0.2.7 timeout 500s }");
    expect(lines).toContain("add banned4 { 192.0.2.66 }");
  });

  test("a single use does not come back, for nobody knows whether it is used up", async () => {
    members = { once_single_grants4: [element("192.0.2.7", 600)] };
    expect(await putBackAfterFlush(await known())).toEqual([]);
  });

  test("what was closed and banned since the sets were read stays closed and banned", async () => {
    members = { ssh_grants4: [element("192.0.2.7", 3600)] };
    const gate = await known();
    now += 17;
    sure(await closeDoor(host, "ssh", A));
    sure(await banSource(host, A, undefined));
    now += 5;
    const lines = await putBackAfterFlush(gate);
    expect(lines).toContain("add banned4 { 192.0.2.7 }");
    expect(lines.filter((line) => line.includes("grants"))).toEqual([]);
  });

  test("a ban that was lifted since does not come back, and a grant that was opened does", async () => {
    members = { banned4: ["192.0.2.7"] };
    const gate = await known();
    now += 5;
    sure(await unbanSource(host, A));
    sure(await openDoor(host, "ssh", A, 60));
    now += 10;
    const lines = await putBackAfterFlush(gate);
    expect(lines).toContain("add ssh_grants4 { 192.0.2.7 timeout 50s }");
    expect(lines.filter((line) => line.includes("banned"))).toEqual([]);
  });

  test("what is closed while its grants are put back is closed", async () => {
    members = { ssh_grants4: [element("192.0.2.7", 3600)] };
    const gate = await known();
    afterLoad = async (text) => {
      if (!text.includes("ssh_grants4 { 192.0.2.7 timeout")) return;
      afterLoad = () => Promise.resolve();
      // This one looked at the gate before.
      members = {};
      sure(await closeDoor(host, "ssh", A));
      members = { ssh_grants4: [element("192.0.2.7", 3600)] };
    };
    const lines = await putBackAfterFlush(gate);
    expect(lines.at(-1)).toBe("delete ssh_grants4 { 192.0.2.7 }");
  });
});

describe("a change by a command", () => {
  test("that shuts is noted before it is made, and one that opens after it", async () => {
    members = { ssh_grants4: [element("192.0.2.7", 3600)] };
    const noted: number[] = [];
    afterLoad = async () => {
      noted.push(changesNoted().length);
    };
    sure(await openDoor(host, "ssh", A, 60));
    sure(await closeDoor(host, "ssh", A));
    sure(await banSource(host, A, 60));
    sure(await unbanSource(host, A));
    expect(noted).toEqual([0, 2, 3]);
  });

  test("that is not made leaves no note", async () => {
    members = undefined;
    expect((await closeDoor(host, "ssh", A)).ok).toBe(false);
    expect((await banSource(host, A, 60)).ok).toBe(false);
    expect((await openDoor(host, "ssh", A, 60)).ok).toBe(false);
    expect(changesNoted()).toEqual([]);
  });

  test("is forgotten once the sets have been read again, and not before", async () => {
    sure(await banSource(host, A, 60));
    await known();
    expect(changesNoted()).toHaveLength(1);
    now += 1;
    await known();
    expect(changesNoted()).toEqual([]);
  });

  test("is not noted where no agent is running", async () => {
    fake.written.delete(`${FOLDER}/agent.json`);
    sure(await banSource(host, A, 60));
    expect(changesNoted()).toEqual([]);
  });

  test("whose note is not what it should be is none", async () => {
    const gate = await known();
    const odd = ["", "{", "[]", "{}", '{"kind":"open"}'];
    const written = { door: "ssh", source: "everybody", seconds: 60, begunAt: 2000, doneAt: 2000 };
    const texts = [
      ...odd,
      ...["open", "close", "ban", "erase"].map((kind) => JSON.stringify({ kind, ...written })),
    ];
    for (const [n, text] of texts.entries()) fake.written.set(`${FOLDER}/changed-${n}.json`, text);
    expect(await putBackAfterFlush(gate)).toEqual([]);
    await known();
    expect(changesNoted()).toEqual([]);
  });
});
