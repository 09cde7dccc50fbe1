/** Files of profiles: what is read of them, and every fault with its place and remedy. */
import { describe, expect, test } from "vitest";
import { clientDoorsOf } from "../../../src/client/index.ts";
import { parseProfiles } from "../../../src/client/profile/profiles.ts";
import { renderProblems } from "../../../src/problem/render.ts";
import { expectRefused } from "../../policy/refused/judge.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";
import { profiles } from "./refused-profiles.ts";

test.each(profiles)("refused: $claim", (row) => {
  expectRefused(row, (text) => {
    const read = parseProfiles(text, "hosts.yaml");
    return read.ok ? [] : read.problems;
  });
});

test("a fault is shown where it stands", () => {
  const read = parseProfiles("hosts:\n  gate:\n    doors:\n      ssh: { protects: tcp/22 }\n", "h");
  expect(renderProblems(read.ok ? [] : read.problems, { colour: false })).toBe(`\
h:4:7: error: door ssh needs the key \`sequence\`, \`token\` or \`signed\`: there is nothing to knock [missing-key]
4 |       ssh: { protects: tcp/22 }
  |       ^^^
  = fix: write \`sequence:\` with its \`steps\`, or remove the door

1 problem`);
});

describe("a profile", () => {
  const DOORS = `doors:
  ssh: { protects: tcp/22, open-for: 90s, sequence: { steps: [51000, udp/51001], within: 5s } }
  vpn: { protects: udp/500, single-use: true, sequence: { steps: [ping/63] } }
`;

  test("has of each door what its policy says, and no more", () => {
    const text = `hosts:\n  gate:\n    ${DOORS.replaceAll("\n", "\n    ")}`;
    const read = sure(parseProfiles(text, "hosts.yaml"));
    const doors = clientDoorsOf(policyOf(DOORS));
    expect([...read]).toEqual([["gate", { doors, client: undefined, key: undefined }]]);
    expect(Object.keys(doors[0] ?? {})).toEqual([
      ...["name", "protects", "openForSeconds", "singleUse", "sequence", "token", "signed"],
    ]);
  });

  test("may have keys that only the gate needs", () => {
    const gate = "refuse: reset, destinations: [192.0.2.0/24], session-idle: 1m, ";
    const text = `hosts: { gate: { doors: { ssh: { protects: tcp/22, ${gate}sequence: { steps: [51000] } } } } }`;
    expect(parseProfiles(text, "hosts.yaml").ok).toBe(true);
  });

  test("of a policy has no door that opens by hand alone", () => {
    const doors = clientDoorsOf(
      policyOf(
        "doors: { a: { protects: tcp/1 }, b: { protects: tcp/2, sequence: { steps: [9] } } }",
      ),
    );
    expect(doors.map(({ name }) => name)).toEqual(["b"]);
  });

  test("is of one host: another may protect the same, and knock where this one protects", () => {
    const door = "{ doors: { ssh: { protects: tcp/22, sequence: { steps: [51000] } } } }";
    const other = "{ doors: { ssh: { protects: tcp/51000, sequence: { steps: [22] } } } }";
    const read = sure(parseProfiles(`hosts: { a: ${door}, b: ${other} }`, "hosts.yaml"));
    expect([...read.keys()]).toEqual(["a", "b"]);
  });

  test.each([
    ["gate.example.org", "gate.example.org"],
    ["Gate.EXAMPLE.org", "gate.example.org"],
    ["gate", "gate"],
    ["my_host-2", "my_host-2"],
    ["doors", "doors"],
    ["hosts", "hosts"],
    ["constructor", "constructor"],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ['"2001:DB8::1"', "2001:db8::1"],
    ['"2001:db8::"', "2001:db8::"],
    ['"no"', "no"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["FE80::1%Eth0", "fe80::1%Eth0"],
  ])("may be of a host called %s", (written, name) => {
    const door = "{ doors: { ssh: { protects: tcp/22, sequence: { steps: [51000] } } } }";
    const read = sure(parseProfiles(`hosts:\n  ${written}: ${door}\n`, "hosts.yaml"));
    expect([...read.keys()]).toEqual([name]);
  });
});
