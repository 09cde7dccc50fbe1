/** The one that waits for a confirmation, and brings the gate of before back without it. */
import { describe, expect, test } from "vitest";
import { awaitEnd, undoUnlessConfirmed } from "../../src/gate/index.ts";
import { type Answers, type FakeHost, fails, fakeHost, prints } from "../setup/fake-host.ts";

const FOLDER = "/run/postern/net-0";
const PENDING = {
  id: "a",
  who: { user: "ada", pid: 1, from: "", doing: "apply", since: 1 },
  before: null,
  until: 1060,
  loadedAt: 1000,
};
const GONE = "table inet postern\ndelete table inet postern\n";

interface Waiting {
  readonly host: FakeHost;
  /** Seconds since the boot. */
  readonly clock: { now: number };
  readonly file: (name: string) => string | undefined;
}

/** A host where a gate waits for its confirmation; while one waits, `meanwhile` happens. */
function waiting(
  meanwhile: (waiting: Waiting) => void = () => undefined,
  answers: Answers = {},
): Waiting {
  const clock = { now: 1000 };
  const plain = fakeHost(answers);
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
});

describe("nothing comes back", () => {
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
        written.set(`${FOLDER}/ended.json`, '{"id": "a", "how": "confirmed"}');
        written.delete(`${FOLDER}/pending.json`);
      }),
    );
    const told: number[] = [];
    expect(await awaitEnd(host, "a", (left) => told.push(left))).toBe("confirmed");
    expect([...new Set(told)]).toEqual([60, 59]);
  });

  test("brings the gate of before back where the one who should have is dead", async () => {
    const { host } = watched(waiting());
    expect(await awaitEnd(host, "a", () => undefined)).toBe("undone");
    expect(host.loaded()).toEqual([GONE]);
  });
});
