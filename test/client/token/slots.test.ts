/** Which slots a client takes: never one twice, and never far ahead. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Slots } from "../../../src/client/token/slots.ts";
import { type Host, system } from "../../../src/host/index.ts";
import { fail, type Problem } from "../../../src/problem/problem.ts";
import { bytesOf, keyIdOf, slotAt } from "../../../src/token/index.ts";
import { type Answers, fakeHost } from "../../setup/fake-host.ts";
import { Clock } from "../clock.ts";
import { KEY } from "../token-gate.ts";

const FILE = "/home/ann/.local/state/postern/slots.json";
const NOW = Date.UTC(2026, 0, 1);
const FIRST = slotAt(NOW / 1000);
const ID = keyIdOf(bytesOf(KEY));

/** One whose clock can be set, and who knocks with one key or another. */
function clientWith(answers: Answers = {}, different: Partial<Host> = {}) {
  const clock = new Clock();
  const told: string[] = [];
  const set = { ahead: 0 };
  const host: Host = {
    ...fakeHost({ environment: { HOME: "/home/ann" }, ...answers }),
    now: () => NOW + clock.now + set.ahead * 1000,
    pause: (milliseconds, end) => clock.pause(milliseconds, end),
    ...different,
  };
  /** Counted from the slot in which all began. */
  const take = async (count = 1, key = KEY, end = new AbortController().signal) => {
    const slots = new Slots(host, { key, count, tell: (line) => told.push(line), end });
    const taken = Array.from({ length: count }, () => slots.take());
    return (await clock.run(Promise.all(taken))).map((slot) => (slot ?? Number.NaN) - FIRST);
  };
  return { clock, host, set, take, told, after: (seconds: number) => clock.pass(seconds * 1000) };
}

const problem: Problem = { code: "c", severity: "error", what: "it is broken", fix: "f" };

describe("a slot", () => {
  test("is the present one, then the next that was not used", async () => {
    const { take, after, told } = clientWith();
    expect([await take(), await take(), await take(2)]).toEqual([[0], [1], [2, 3]]);
    await after(300);
    expect(await take()).toEqual([30]);
    expect(told).toEqual([]);
  });

  test("is of one key, whatever others have used", async () => {
    const { take } = clientWith();
    await take(3);
    expect(await take(1, `${"A".repeat(42)}A` as typeof KEY)).toEqual([0]);
  });

  test("is at most five ahead: who wants more waits, and is told once", async () => {
    const { clock, take, told } = clientWith();
    expect(await take(8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(clock.now).toBe(20_000);
    expect(told).toEqual(["every token of this minute has been used: the next is there in 10 s"]);
  });

  test("is waited for no longer than the knock goes on", async () => {
    const { clock, take } = clientWith();
    await take(6);
    const end = new AbortController();
    clock.after(3000, () => end.abort());
    expect(await take(1, KEY, end.signal)).toEqual([Number.NaN]);
    expect(clock.now).toBe(3000);
  });
});

describe("a clock that is set", () => {
  test("back by a minute or a day: none is taken twice", async () => {
    for (const seconds of [60, 86_400]) {
      const { take, set, told } = clientWith();
      set.ahead = seconds;
      const taken = [...(await take(3))];
      set.ahead = 0;
      for (let n = 0; n < 4; n++) taken.push(...(await take()));
      expect(taken.slice(3)).toEqual([0, 1, 2, 3]);
      set.ahead = seconds;
      taken.push(...(await take(2)));
      expect([new Set(taken).size, told]).toEqual([taken.length, []]);
    }
  });

  test("back into what was used: the first after that", async () => {
    const { take, set } = clientWith();
    await take(4);
    set.ahead = -10;
    expect(await take(2)).toEqual([-1, 4]);
  });
});

describe("the file", () => {
  test.each([
    [{ HOME: "/home/ann" }, FILE],
    [{ HOME: "/home/ann", XDG_STATE_HOME: "/var/ann" }, "/var/ann/postern/slots.json"],
    [{ HOME: "/home/ann", XDG_STATE_HOME: "state" }, FILE],
  ])("with %j is %s, and has no key in it", async (environment, file) => {
    const written = new Map<string, string>();
    const replace: Host["replace"] = (path, text) => {
      written.set(path, text);
      return Promise.resolve({ ok: true, value: undefined });
    };
    await clientWith({ environment }, { replace }).take(2);
    expect([...written]).toEqual([[file, `{"${ID}":[[${FIRST},${FIRST + 1}]]}\n`]]);
  });

  test.each([
    ["", "empty"],
    ['{"', "cut"],
    ["[]", "a list"],
    ["null", "nothing"],
    [`{"${ID}":[[${FIRST}]]}`, "half a range"],
    [`{"${ID}":[[${FIRST + 9},${FIRST}]]}`, "a range the wrong way round"],
    [`{"${ID}":[[0,1e300]]}`, "numbers beyond all slots"],
    [`{"${ID}":"x"}`, "no ranges"],
    ['{"__proto__":[[0,1]]}', "another key than any"],
    [`{"${ID}":[[5,6],[1,2]]}`, "out of order"],
  ])("%j, %s, is written anew, and there is a warning", async (text) => {
    const { take, told, host } = clientWith({ files: { [FILE]: text } });
    expect([await take(), await take()]).toEqual([[0], [1]]);
    expect(told).toEqual([
      `which tokens were used cannot be remembered: "${FILE}" cannot be used, and is written anew; one that is used again does not open`,
    ]);
    expect(sureText(await host.readSecret(FILE))).toBe(`{"${ID}":[[${FIRST},${FIRST + 1}]]}\n`);
  });

  test("that says that all are used for ever is not believed", async () => {
    const { clock, take } = clientWith({ files: { [FILE]: `{"${ID}":[[0,${2 ** 39}]]}` } });
    expect(await take(2)).toEqual([0, 1]);
    expect(clock.now).toBe(0);
  });

  test("forgets what is older than a day", async () => {
    const old = "0123456789abcdef";
    const text = `{"${old}":[[${FIRST - 9000},${FIRST - 8990}]],"ffffffffffffffff":[[${FIRST - 9},${FIRST}]]}`;
    const { take, host } = clientWith({ files: { [FILE]: text } });
    await take();
    expect(sureText(await host.readSecret(FILE))).toBe(
      `{"ffffffffffffffff":[[${FIRST - 9},${FIRST}]],"${ID}":[[${FIRST},${FIRST}]]}\n`,
    );
  });
});

describe("where nothing can be remembered", () => {
  const ways: readonly (readonly [string, Answers, Partial<Host>])[] = [
    ["written", {}, { replace: () => Promise.resolve(fail(problem)) }],
    ["made a folder", {}, { makeFolder: () => Promise.resolve(fail(problem)) }],
    ["locked", { isLocked: true }, {}],
  ];
  test.each(ways)(
    "because it cannot be %s, the present slots are taken, with one warning",
    async (_, answers, different) => {
      const { take, told } = clientWith(answers, different);
      expect(await take(3)).toEqual([0, 1, 2]);
      expect(await take()).toEqual([0]);
      expect(told).toHaveLength(2);
      expect(told[0]).toMatch(
        /^which tokens were used cannot be remembered: (it is broken|others)/,
      );
    },
  );
});

test("of many who knock at once, on a real disk, none takes what another has", async () => {
  const folder = mkdtempSync(join(tmpdir(), "postern-slots-"));
  const host: Host = {
    ...system,
    environment: (name) => (name === "XDG_STATE_HOME" ? folder : undefined),
    now: () => NOW,
  };
  const { signal: end } = new AbortController();
  const knocks = [1, 2, 1, 2].map(
    (count) => new Slots(host, { key: KEY, count, tell: () => undefined, end }),
  );
  const taken = await Promise.all(knocks.map((slots) => slots.take()));
  const { mode } = statSync(join(folder, "postern/slots.json"));
  rmSync(folder, { recursive: true });
  expect(new Set(taken).size).toBe(4);
  expect(taken.every((slot = 0) => slot >= FIRST && slot <= FIRST + 5)).toBe(true);
  expect(mode & 0o777).toBe(0o600);
});

function sureText(read: Awaited<ReturnType<Host["readSecret"]>>): string | undefined {
  return read.ok ? read.value : undefined;
}
