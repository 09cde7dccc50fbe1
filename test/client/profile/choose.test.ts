/** Which door is meant by what was typed. */
import { describe, expect, test } from "vitest";
import { chooseDoor, doorAt } from "../../../src/client/index.ts";
import { parseProfiles } from "../../../src/client/profile/profiles.ts";
import type { HostName, Port } from "../../../src/policy/policy.ts";
import type { Result } from "../../../src/problem/problem.ts";
import { sure } from "../../setup/sure.ts";

const PROFILES = sure(
  parseProfiles(
    `hosts:
  one:
    doors:
      ssh: { protects: [udp/22, tcp/2200-2210], sequence: { steps: [51000] } }
  "2001:db8::1":
    doors:
      ssh: { protects: tcp/22, sequence: { steps: [51000] } }
      constructor: { protects: tcp/443, sequence: { steps: [51000] } }
`,
    "hosts.yaml",
  ),
);
const host = (name: string) => name as HostName;
const port = (number: number) => number as Port;

function said<T>(result: Result<T>): string {
  return result.ok
    ? ""
    : result.problems.map(({ code, what, fix }) => `${what}; ${fix} [${code}]`).join();
}

describe("a door", () => {
  test("needs no name where the host has no other", () => {
    expect(sure(chooseDoor(PROFILES, host("one"), undefined)).door.name).toBe("ssh");
  });

  test("is found by its name", () => {
    for (const name of ["ssh", "constructor"]) {
      expect(sure(chooseDoor(PROFILES, host("2001:db8::1"), name)).door.name).toBe(name);
    }
  });

  test("needs a name where the host has several", () => {
    expect(said(chooseDoor(PROFILES, host("2001:db8::1"), undefined))).toBe(
      "the profile of 2001:db8::1 has several doors: ssh, constructor; " +
        "say which one: [2001:db8::1]:ssh [several-doors]",
    );
  });

  test("is not there by every name", () => {
    for (const name of ["shh", "toString"]) {
      expect(said(chooseDoor(PROFILES, host("2001:db8::1"), name))).toBe(
        `the profile of 2001:db8::1 has no door "${name}"; its doors are ssh, constructor [no-such-door]`,
      );
    }
  });

  test("is that of a known host", () => {
    const problem =
      "there is no profile of two (there are one, 2001:db8::1); on that host `postern profile export DOOR` " +
      "or `postern key show NAME`, and here `postern profile add two --from FILE` [no-profile]";
    expect(said(chooseDoor(PROFILES, host("two"), undefined))).toBe(problem);
    expect(said(doorAt(PROFILES, host("two"), port(22)))).toBe(problem);
    expect(said(doorAt(new Map(), host("two"), port(22)))).toContain("(there are none yet)");
  });
});

describe("the door at a port", () => {
  test.each([
    ["one", 2200, "ssh"],
    ["one", 2210, "ssh"],
    ["2001:db8::1", 443, "constructor"],
  ])("of %s, %d, is %s", (name, number, door) => {
    expect(sure(doorAt(PROFILES, host(name), port(number))).door.name).toBe(door);
  });

  test("has no steps where none protects the port over TCP", () => {
    for (const number of [22, 2199, 2211]) {
      expect(sure(doorAt(PROFILES, host("one"), port(number))).door.sequence?.steps).toEqual([]);
    }
  });
});
