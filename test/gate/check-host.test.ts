/** Names of what a host does not have, and what nobody could look at. */
import { describe, expect, test } from "vitest";
import { listUnseen } from "../../src/gate/check/host.ts";
import type { Surroundings } from "../../src/gate/check/surroundings.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { sure } from "../setup/sure.ts";
import { NOTHING, problemsOf, SSH, told } from "./around.ts";

describe("names of what is not there", () => {
  test("an interface", () => {
    expect(told(`interfaces: [eht0, eth0]\n${SSH}`, {})).toEqual([
      'warning no-such-interface: this host has no interface "eht0" now, and the gate looks at none of its packets; name one that there is, such as eth0 and wg0; if it comes later, perhaps under another number, write "eht*"',
    ]);
    expect(problemsOf(`interfaces: [eht0]\n${SSH}`, { interfaces: undefined })).toEqual([]);
    expect(told(`interfaces: [eht0]\n${SSH}`, { interfaces: [] })[0]).toContain(
      "which is none but loopback",
    );
  });

  const standing = (...prefixes: string[]) => `${SSH}    destinations: [${prefixes.join(", ")}]\n`;

  test("an address", () => {
    expect(told(standing("203.0.113.7", "198.51.100.1"), {})).toEqual([
      "warning not-this-host: door ssh stands before 203.0.113.7, which is no address of this host now, and it forwards nothing; correct `destinations`, or let this host forward: sysctl -w net.ipv4.ip_forward=1",
    ]);
    expect(told(standing('"2001:db8:1::/64"'), {})[0]).toContain("net.ipv6.conf.all.forwarding=1");
  });

  test.each<[string, string, Partial<Surroundings>]>([
    ["of this host", standing("198.51.100.1", '"2001:db8::1"'), {}],
    ["that hold one of this host's", standing("198.51.100.0/24", '"2001:db8::/64"'), {}],
    ["that every host takes in", standing("224.0.0.251", '"ff02::fb"', "255.255.255.255"), {}],
    ["that it forwards to", standing("203.0.113.7"), { forwards: { ipv4: true, ipv6: false } }],
    ["that nobody can tell from its own", standing("203.0.113.7"), { addresses: undefined }],
  ])("are none where they are addresses %s", (_, policy, around) => {
    expect(problemsOf(policy, around)).toEqual([]);
  });
});

describe("what could not be looked at", () => {
  const unseen = (policy: string, around: Partial<Surroundings>) =>
    listUnseen(sure(parsePlacedPolicy(policy, "policy.yaml")).policy, {
      ...NOTHING,
      listeners: [],
      ...around,
    });

  test("is told where it mattered", () => {
    expect(unseen(SSH, {})).toEqual([]);
    expect(unseen(SSH, { listeners: undefined })).toEqual([
      "who is connected and what listens was not looked at: `ss` does not tell",
    ]);
    expect(unseen(SSH, { addresses: undefined })).toEqual([]);
    expect(unseen(`interfaces: [eth0]\n${SSH}`, { addresses: undefined })).toEqual([
      "this host's addresses were not looked at: `ip` does not tell",
    ]);
  });
});
