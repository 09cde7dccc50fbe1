/** The one that waits for a confirmation, and brings the gate of before back without it. */
import { describe, expect, test } from "vitest";
import { awaitEnd, confirmGate, rollback, undoUnlessConfirmed } from "../../src/gate/index.ts";
import { fail, ok, type Problem } from "../../src/problem/problem.ts";
import { type Answers, type FakeHost, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const FOLDER = "/run/postern/net-0";
const PENDING = {
  id: "a",
  who: { user: "ada", pid: 1, from: "", doing: "apply" },
  gate: null,
  until: 1060,
  loadedAt: 1000,
};
const GATE = listingOf(programOf("doors: { ssh: { protects: tcp/22 } }"));
const GONE =
  "table inet postern\ndelete table inet postern\ntable ip6 postern\ndelete table ip6 postern\n";

interface Waiting {
  readonly host: FakeHost;
  /** Seconds since the boot. */
  readonly clock: { now: number };
  readonly file: (name: string) => string | undefined;
}

const WRITABLE: Problem = { code: "folder-untrusted", severity: "error", what: "", fix: "" };
const NO_ROOM: Problem = { code: "file-unwritable", severity: "error", what: "", fix: "" };

/** The same host while somebody who is stopped holds the lock. */
function waitingLocked(host: FakeHost): FakeHost {
  return { ...host, start: fakeHost({ isLocked: true }).start };
}

/** A host where a gate waits for its confirmation; while one waits, `meanwhile` happens. */
function waiting(
  meanwhile: (waiting: Waiting) => void = () => undefined,
  answers: Answers = {},
): Waiting {
  const clock = { now: 1000 };
  const plain = fakeHost({ tables: [GATE], ...answers });
  const file = (name: string) => plain.written.get(`${FOLDER}/${name}`);
  const host: FakeHost = {
    ...plain,
    readKernelFile: (path) =>
      path === "/proc/uptime" ? Promise.resolve(`${clock.now} 1\n`) : plain.readKernelFile(path),
    // A clock that somebody sets, again and again.
    now: () => Math.random() * 1e13,
    pause: (milliseconds) => {
      clock.now += milliseconds / 1000;
      meanwhile({ host, clock, file });
      return Promise.resolve();
    },
  };
  plain.written.set(`${FOLDER}/pending.json`, JSON.stringify(PENDING));
  return { host, clock, file };
}

describe("without a confirmation", () => {
  test("the gate of before comes back when the time is over, and not earlier", async () => {
    const { host, clock, file } = waiting(({ host: { loaded }, clock: { now } }) => {
      if (now < 1060) expect(loaded()).toEqual([]);
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
    expect(clock.now).toBeCloseTo(1060, 0);
    expect(file("pending.json")).toBeUndefined();
    expect(JSON.parse(file("ended.json") ?? "")).toEqual({ id: "a", how: "undone" });
  });

  test("it comes back at once on a host that has slept through the time", async () => {
    const { host, clock } = waiting(() => {
      clock.now = 9000;
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
    expect(clock.now).toBe(9000);
  });

  test("it is tried until it is done", async () => {
    const loads = [fails("Error: Cannot allocate memory"), fails("Error: busy"), prints("")];
    const { host } = waiting(undefined, { loads });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE, GONE, GONE]);
  });

  test("it comes back although somebody who is stopped holds the lock", async () => {
    const { host } = waiting(undefined, { isLocked: true });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
  });

  test("it comes back although everything that was kept is deleted", async () => {
    const { host } = waiting(({ host: { written } }) => {
      written.clear();
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
  });

  test("it comes back once on a full disk", async () => {
    const { host } = waiting(undefined, { full: /ended|holder/ });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
  });

  test("it comes back at once where the clock cannot be read any more", async () => {
    const { host, clock } = waiting(() => {
      clock.now = Number.NaN;
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([GONE]);
  });

  test("it comes back although others could write where things are kept by now", async () => {
    const { host } = waiting();
    let looks = 0;
    const checkFolder: FakeHost["checkFolder"] = () => {
      looks += 1;
      return Promise.resolve(looks < 8 ? ok(undefined) : fail(WRITABLE));
    };
    await undoUnlessConfirmed({ ...host, checkFolder }, "a");
    expect(host.loaded()).toEqual([GONE]);
  });

  test("it does not take what somebody else has made in the meantime", async () => {
    const theirs = JSON.stringify({
      nftables: [{ chain: { family: "inet", table: "postern", name: "input" } }],
    });
    const { host } = waiting(undefined, { tables: [theirs] });
    host.written.set(`${FOLDER}/before.json`, '{"gate": null}');
    expect(await rollback(host)).toMatchObject({ problems: [{ code: "host-not-ours" }] });
    expect(host.loaded()).toEqual([]);
  });
});

describe("a confirmation and the end of the time", () => {
  const confirm = (host: FakeHost) => confirmGate(host, { anyway: true, howToKnock: () => "" });
  const watched = () => {
    const wait = waiting();
    wait.host.written.set(`${FOLDER}/watched.json`, '{"id": "a"}');
    return wait;
  };
  /** Right before a file gets another name. */
  const beforeRename = (host: FakeHost, happens: () => Promise<unknown>): FakeHost => ({
    ...host,
    rename: async (...args) => {
      await happens();
      return host.rename(...args);
    },
  });

  test("does not count when it was stopped until the gate of before was back", async () => {
    const { host, clock } = watched();
    const late = beforeRename(host, async () => {
      clock.now = 2000;
      await undoUnlessConfirmed(host, "a");
    });
    expect(await confirm(late)).toMatchObject({ problems: [{ code: "too-late" }] });
    expect(host.loaded()).toEqual([GONE]);
  });

  test("counts when it comes at the very last moment, and then nothing comes back", async () => {
    const { host, clock, file } = watched();
    clock.now = 1059.5;
    const confirmed: unknown[] = [];
    const late = beforeRename(waitingLocked(host), async () => {
      clock.now = 1059.5;
      confirmed.push(await confirm(host));
    });
    await undoUnlessConfirmed(late, "a");
    expect([confirmed, host.loaded()]).toEqual([[ok({ warnings: [] })], []]);
    expect(JSON.parse(file("before.json") ?? "")).toMatchObject({ id: "a", gate: null });
  });

  test("needs no room on the disk", async () => {
    const { host, file } = watched();
    const full = { ...host, replace: () => Promise.resolve(fail(NO_ROOM)) };
    expect(await confirm(full)).toEqual(ok({ warnings: [] }));
    expect(JSON.parse(file("before.json") ?? "")).toMatchObject({ gate: null });
  });
});

describe("nothing comes back", () => {
  test("where it could not be said that somebody waits, so that nothing was loaded", async () => {
    const { host, clock } = waiting(undefined, { full: /watched/ });
    await undoUnlessConfirmed(host, "a");
    expect([host.loaded(), clock.now]).toEqual([[], 1000]);
  });

  test("after a confirmation, and nobody waits any longer", async () => {
    const { host, clock } = waiting(({ host: { written }, clock: { now } }) => {
      if (now > 1010) written.delete(`${FOLDER}/pending.json`);
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([]);
    expect(clock.now).toBeLessThan(1013);
  });

  test("where another gate waits by now", async () => {
    const { host } = waiting(({ host: { written } }) => {
      written.set(`${FOLDER}/pending.json`, JSON.stringify({ ...PENDING, id: "b" }));
    });
    await undoUnlessConfirmed(host, "a");
    expect(host.loaded()).toEqual([]);
  });

  test("for one who never was", async () => {
    const { host, file } = waiting();
    await undoUnlessConfirmed(host, "b");
    expect(host.loaded()).toEqual([]);
    expect(file("watched.json")).toBeUndefined();
  });
});

describe("who waits in front of the terminal", () => {
  const watched = (wait: Waiting) => {
    wait.host.written.set(`${FOLDER}/watched.json`, '{"id": "a"}');
    return wait;
  };

  test("sees the seconds, and how it ended", async () => {
    const { host } = watched(
      waiting(({ host: { written }, clock: { now } }) => {
        if (now < 1002) return;
        written.set(`${FOLDER}/before.json`, written.get(`${FOLDER}/pending.json`) ?? "");
        written.delete(`${FOLDER}/pending.json`);
      }),
    );
    const told: number[] = [];
    expect(await awaitEnd(host, "a", (left) => told.push(left) > 0)).toBe("confirmed");
    expect([...new Set(told)]).toEqual([60, 59]);
  });

  test("may stop to look, and the wait goes on", async () => {
    const { host, file } = watched(waiting());
    expect(await awaitEnd(host, "a", (left) => left > 30)).toBeUndefined();
    expect(host.loaded()).toEqual([]);
    expect(file("pending.json")).toBeDefined();
  });

  test("brings the gate of before back where the one who should have is dead", async () => {
    const { host } = watched(waiting());
    expect(await awaitEnd(host, "a", () => true)).toBe("undone");
    expect(host.loaded()).toEqual([GONE]);
  });
});
