/** How a host and a door are typed. */
import { describe, expect, test } from "vitest";
import { readHostName, readTarget } from "../../src/cli/target.ts";
import { sure } from "../setup/sure.ts";

describe("a host", () => {
  test.each([
    ["gate", "gate"],
    ["Gate.EXAMPLE.org", "gate.example.org"],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["::", "::"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["[fe80::1%eth0]", "fe80::1%eth0"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["2001:db8::ad", "2001:db8::ad"],
  ])("%s alone", (text, host) => {
    expect(sure(readTarget(text))).toEqual({ host, door: undefined });
  });

  test.each([
    ["gate:ssh", "gate"],
    ["192.0.2.1:ssh", "192.0.2.1"],
    ["[2001:db8::1]:ssh", "2001:db8::1"],
    ["2001:db8::1:ssh", "2001:db8::1"],
    ["[fe80::1%eth0]:ssh", "fe80::1%eth0"],
    ["[gate]:ssh", "gate"],
  ])("with a door, %s", (text, host) => {
    expect(sure(readTarget(text))).toEqual({ host, door: "ssh" });
  });
});

test.each([
  ["", "1+1 not-a-host-name"],
  [":ssh", "1+4 not-a-host-name"],
  ["[]:ssh", "1+6 not-a-host-name"],
  ["[::1", "1+2 not-a-host-name"],
  ["::1]:ssh", "1+4 not-a-host-name"],
  ["user@gate", "1+9 not-a-host-name"],
  ["-v", "1+2 not-a-host-name"],
  ["fe80::1%eth0:ssh", "1+16 not-a-host-name"],
  ["gate:ssh:more", "1+8 not-a-host-name"],
  ["gate:", "1+5 not-a-door-name"],
  ["gate:22", "6+2 not-a-door-name"],
  ["gate:SSH", "6+3 not-a-door-name"],
])("%j is refused, and where it is wrong is shown", (text, said) => {
  const read = readTarget(text);
  const problems = read.ok ? [] : read.problems;
  expect(problems.map(({ place, code }) => `${place?.column}+${place?.length} ${code}`)).toEqual([
    said,
  ]);
});

test("where a host alone is asked for, no door and no brackets come with it", () => {
  expect(sure(readHostName("2001:db8::1"))).toBe("2001:db8::1");
  for (const text of ["gate:ssh", "[2001:db8::1]"]) expect(readHostName(text).ok).toBe(false);
});
