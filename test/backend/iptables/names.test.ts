/** Whatever doors are called, their names fit where the kernel keeps them, and none meets another. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listsOf, logNames } from "../../../src/backend/iptables/index.ts";
import { chainNames } from "../../../src/backend/iptables/names.ts";
import type { Program } from "../../../src/program/index.ts";
import { doorName, programOfDoors, TRICKY_NAMES } from "../../setup/tricky-names.ts";

/** XT_EXTENSION_MAXNAMELEN, `prefix` of xt_log_info, and XT_RECENT_NAME_LEN, each less a byte. */
const LONGEST = { chain: 28, prefix: 29, list: 199 };

const doors = fc.uniqueArray(doorName, { minLength: 1, maxLength: 24 });

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function chainsOf(program: Program): string[] {
  return [...chainNames(program.chains.map(({ name }) => name)).values()];
}

function forAnyDoors(claim: (program: Program, doors: readonly string[]) => void): void {
  const all = [...new Set(TRICKY_NAMES)];
  claim(programOfDoors(all, "sources"), all);
  fc.assert(
    fc.property(doors, (names) => claim(programOfDoors(names, "sources"), names)),
    { numRuns: 100 },
  );
}

describe("the names of chains", () => {
  test("fit, are told apart, and are ours alone", () => {
    forAnyDoors((program) => {
      const names = chainsOf(program);
      expect(repeated(names)).toEqual([]);
      expect(names).not.toContain("POSTERN-made_of");
      expect(names[0]).toBe("POSTERN");
      for (const name of names.slice(1)) expect(name).toMatch(/^POSTERN-[a-z0-9_-]+$/);
      expect(names.filter((name) => name.length > LONGEST.chain)).toEqual([]);
    });
  });

  test("say what the chain is, also where they are cut", () => {
    const [, whole, cut, other] = chainNames([
      "prerouting",
      `elsewhere_${"a".repeat(10)}`,
      `elsewhere_${"a".repeat(11)}`,
      `elsewhere_${"a".repeat(12)}`,
    ]).values();
    expect(whole).toBe("POSTERN-elsewhere_aaaaaaaaaa");
    expect(cut).toMatch(/^POSTERN-elsewhere_aaaaaa[0-9a-f]{4}$/);
    expect(other).not.toBe(cut);
  });

  test("of a door that has the name of a cut one make room", () => {
    const long = `refuse_${"a".repeat(32)}`;
    const [, cut = ""] = chainNames(["prerouting", long]).values();
    const [, first, second] = chainNames([
      "prerouting",
      cut.slice("POSTERN-".length),
      long,
    ]).values();
    expect(first).toBe(cut);
    expect(second).not.toBe(cut);
  });

  test("are the same at every load", () => {
    const names = TRICKY_NAMES.slice(0, 20);
    expect(chainsOf(programOfDoors(names, "sources"))).toEqual(
      chainsOf(programOfDoors(names, "sources")),
    );
  });
});

describe("what the kernel log calls doors", () => {
  test("fits into a prefix, and tells them apart", () => {
    forAnyDoors((_, names) => {
      const logged = logNames(names);
      expect(repeated([...logged.values()])).toEqual([]);
      for (const [door, name] of logged) {
        expect(`postern: refused door=${name} `.length).toBeLessThanOrEqual(LONGEST.prefix);
        if (door.length <= 6) expect(name).toBe(door);
      }
    });
  });

  test("is the beginning of a name that is too long, and digits where two begin alike", () => {
    const [one, other] = logNames(["webserver-1", "webserver-2"]).values();
    expect(one).toBe("webser");
    expect(other).toMatch(/^we[0-9a-f]{4}$/);
    expect([...logNames(["webserver", "webser"]).values()][1]).toBe("webser");
  });
});

test("the names of lists are names of files that fit, and none is twice there", () => {
  forAnyDoors((program) => {
    const names = listsOf(program).map(({ name }) => name);
    expect(repeated(names)).toEqual([]);
    for (const name of names) expect(name).toMatch(/^postern-[a-z0-9_-]+$/);
    expect(names.filter((name) => name.length > LONGEST.list)).toEqual([]);
    expect(names).not.toContain("postern-clock");
  });
});
