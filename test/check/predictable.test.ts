/** Steps that somebody guesses, and that chance is not taken for a guess. */
import { describe, expect, test } from "vitest";
import { isMemorable } from "../../src/check/memorable.ts";
import { predictabilityOf } from "../../src/check/predictable.ts";
import { seededChance } from "../setup/chance.ts";
import { policyOf } from "../setup/policy.ts";

function judged(steps: string) {
  const policy = policyOf(`doors: { x: { protects: tcp/7, sequence: { steps: [${steps}] } } }`);
  return predictabilityOf(policy.doors[0]?.sequence?.steps ?? []);
}

describe("errors", () => {
  test.each([
    ["7000, 8000, 9000", "are those of knockd's own configuration"],
    ["tcp/9000, tcp/8000, tcp/7000", "are those of knockd's own configuration"],
    ["udp/2222, tcp/3333, udp/4444", "are those of knockd's manual"],
    ["12345, 54321, 24680, 13579", "are those of knockd's own configuration"],
    ["51001, 51002, 51003", "are those of an article on port knocking with iptables"],
    ["51002, 51003, 51001", "are those of an article on port knocking with iptables"],
    ["1111, 2222, 3333", "are those of tutorials on port knocking"],
    ["8881, 7777, 9991", "are those of tutorials on iptables"],
    ["9000, 6000", "are those of MikroTik's manual"],
    ["1026, 1027, 1029, 1034, 1026, 1044, 1035", "are those of the Linux Journal"],
    ["80, 443, 8080", "are all well-known ports"],
    ["3306, 5432, 6379", "are all well-known ports"],
    ["443, 8443, 3389", "are all well-known ports"],
    ["3333, 4444, 7777", "are all numbers that people think of first"],
    ["1221, 12321, 54345", "are all numbers that people think of first"],
    ["1212, 4545, 1122", "are all numbers that people think of first"],
    ["2580, 1470, 36987", "are all numbers that people think of first"],
    ["4096, 16384, 8192", "are all numbers that people think of first"],
    ["22, 2222, 22222, 1357", "are all well-known ports or numbers that people think of first"],
    ["ping/56, 443, 22", "are all well-known ports"],
    ["ping/32, ping/64", "are all usual lengths of pings"],
    ["41007, 41008, 41006", "are ports in a row"],
    ["41007, 42007, 43007", "are ports at equal distances of 1000"],
    ["tcp/43007, udp/41007, 42007, 44007", "are ports at equal distances of 1000"],
  ])("%s: %s", (steps, why) => {
    expect(judged(steps)).toEqual({ why, isObvious: true });
  });
});

test("five numbers that people think of are a warning: there are too many such fives to try", () => {
  expect(judged("3333, 4444, 12321, 7001, 9090")).toMatchObject({ isObvious: false });
});

describe("not predictable", () => {
  test.each([
    "51001, udp/54040, tcp/52777",
    "21001, udp/24040, tcp/22777",
    // One step that nobody thinks of is enough.
    "80, 443, 41507",
    "ping/63, 80, 443",
    "2222, 3333, 40404, 51617",
    // Two ports are always as far apart as themselves.
    "41007, 41008",
    "41007, 41007",
    "7000, 8000, 9000, 51617",
  ])("%s", (steps) => {
    expect(judged(steps)).toBeUndefined();
  });

  test("hardly any sequence that chance draws", () => {
    const chance = seededChance(5);
    const drawn = Array.from({ length: 3000 }, () => {
      const steps = Array.from({ length: 3 }, () => 1024 + chance(64_512));
      return judged(`${steps}`);
    });
    expect(drawn.filter((one) => one !== undefined).length).toBeLessThan(3);
  });
});

test("of all numbers hardly one in sixty is memorable", () => {
  const all = Array.from({ length: 65_535 }, (_, n) => n + 1);
  expect(all.filter(isMemorable).length).toBeLessThan(1100);
});
