/** Doors that a list of well-known ports opens, and those that it does not. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judgeDoor, parseServices } from "../../src/check/index.ts";
import {
  isScannedByDefault,
  isWellKnown,
  NMAP_FIRST,
  NMAP_TCP_100,
  NMAP_TCP_1000,
  NMAP_UDP_100,
} from "../../src/check/known-ports.ts";
import { seededChance } from "../setup/chance.ts";
import { policyOf } from "../setup/policy.ts";

const KNOWN = { commonPorts: undefined, chance: seededChance(1) };

function openedBy(steps: string, watch = "") {
  const policy = policyOf(
    `doors: { ssh: { protects: tcp/22222, sequence: { steps: [${steps}]${watch} } } }`,
  );
  const [door] = policy.doors;
  if (door === undefined) throw new Error("no door");
  return judgeDoor(policy, door, KNOWN).openedBy;
}

describe("just the ports of the steps", () => {
  test.each([
    ["80, 443, 8080", "nmap -Pn -n -r -p 80,443,8080 HOST", 1],
    ["3306, 5432, 6379", "nmap -Pn -n -r -p 3306,5432,6379 HOST", 1],
    // Of 8443 nmap knows nothing that would bring it to the front, so 443 and 3389 come first.
    ["443, 8443, 3389", "nmap -Pn -n -p 443,3389,8443 HOST", 1 / 2],
    ["8080, 80, 443", "nmap -Pn -n -p 80,443,8080 HOST", 1 / 2],
    // For the same reason it never sends 8443 before 80; who shuffles all alike does.
    ["8443, 80, 8000", "masscan -p80,8000,8443 HOST", 1 / 6],
    ["udp/53, udp/500, udp/161", "nmap -Pn -n -sU -p 53,161,500 HOST", 1 / 2],
    ["tcp/80, tcp/443, udp/53", "nmap -Pn -n -r -sS -sU -p T:80,443,U:53 HOST", 1],
    ["tcp/443, tcp/80, udp/53", "nmap -Pn -n -sS -sU -p T:80,443,U:53 HOST", 1 / 2],
    ["ping/56, 443, 80", "ping -c1 -W1 -s56 HOST; nmap -Pn -n -p 80,443 HOST", 1 / 2],
  ])("%s: %s opens the door with a chance of %d", (steps, command, chance) => {
    const found = openedBy(steps);
    expect(found?.command).toBe(command);
    expect(found?.chance).toBeCloseTo(chance, 10);
  });

  test("eight and more ports are no matter of luck any more, but their order is", () => {
    const ports = [21, 22, 23, 25, 80, 110, 443, 445, 3306, 8080];
    expect(openedBy(`${ports}`)?.chance).toBe(1);
    expect(openedBy(`${[80, 445, 21, 8080, 22, 3306, 25, 443, 23, 110]}`)).toBeUndefined();
  });

  test.each(["tcp/80, udp/443, tcp/8080", "ping/63, 80, 443, 8080", "80, 443, 8081, 40404"])(
    "%s: none opens the door",
    (steps) => {
      expect(openedBy(steps)).toBeUndefined();
    },
  );
});

describe("what nmap scans without being told which ports", () => {
  test("steps among its 1,000 ports: as likely as they come in a row", () => {
    const found = openedBy("5050, 5000, 5101");
    const between = NMAP_TCP_1000.filter((port) => port > 5000 && port < 5101 && port !== 5050);
    expect(found?.command).toBe("nmap -Pn -n HOST");
    expect(1 / (found?.chance ?? 0)).toBeCloseTo((between.length + 2) * (between.length + 3), 6);
  });

  test("steps among its 1,000 ports upwards, where nothing else of the list is watched", () => {
    expect(openedBy("1580, 1583, 1594")).toMatchObject({
      command: "nmap -Pn -n -r HOST",
      chance: 1,
    });
  });
});

test("the lists are those of nmap 7.93, and nothing else is", () => {
  expect([NMAP_TCP_100, NMAP_TCP_1000, NMAP_UDP_100].map(({ length }) => length)).toEqual([
    100, 1000, 100,
  ]);
  expect(NMAP_FIRST.size).toBe(28);
  const path = "/usr/share/nmap/nmap-services";
  if (!existsSync(path)) return;
  const { tcp, udp } = parseServices(readFileSync(path, "utf8"));
  const top = (ports: readonly number[], count: number) =>
    ports.slice(0, count).sort((a, b) => a - b);
  // Other versions count anew; most of what is common stays so.
  const missing = (own: readonly number[], file: readonly number[]) =>
    own.filter((port) => !file.includes(port)).length;
  expect(missing(NMAP_TCP_100, top(tcp, 100))).toBeLessThan(10);
  expect(missing(NMAP_TCP_1000, top(tcp, 1000))).toBeLessThan(100);
  expect(missing(NMAP_UDP_100, top(udp, 100))).toBeLessThan(10);
});

test("well-known ports are few, and hold what everybody would name", () => {
  const all = Array.from({ length: 65_535 }, (_, n) => n + 1);
  expect(all.filter(isWellKnown).length).toBeLessThan(450);
  for (const port of [22, 80, 443, 8080, 8443, 3306, 5432, 6379, 27017, 3389, 2222, 51820]) {
    expect(isWellKnown(port)).toBe(true);
  }
  expect(all.filter(isScannedByDefault).length).toBeLessThan(1300);
  expect([51001, 54040, 52777, 21001, 24040, 22777].filter(isScannedByDefault)).toEqual([]);
});
