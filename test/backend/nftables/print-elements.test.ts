/** Changes to live sets, as nft reads them. */
import { describe, expect, test } from "vitest";
import type { LiveSet } from "../../../src/backend/live.ts";
import {
  printAdoption,
  printForget,
  printForgetAll,
  printRemember,
} from "../../../src/backend/nftables/index.ts";
import { address } from "../../scenarios/arbitrary.ts";

const set = (over: Partial<LiveSet["label"]> = {}): LiveSet => {
  const label = {
    role: { kind: "grants", door: "ssh" },
    family: "ipv4",
    meaning: "0",
    prefixLength: 32,
    singleUse: false,
    ...over,
  } as const;
  return { name: "ssh_grants4", family: label.family, capacity: 9, label, members: [] };
};

describe("a source", () => {
  const source = address("192.0.2.7");

  test("is remembered anew, so that its time begins again", () => {
    expect(printRemember(set(), source, 60)).toBe(
      [
        "add element inet postern ssh_grants4 { 192.0.2.7 }",
        "delete element inet postern ssh_grants4 { 192.0.2.7 }",
        "add element inet postern ssh_grants4 { 192.0.2.7 timeout 60s }",
        "",
      ].join("\n"),
    );
  });

  test("is remembered without an end where none is given", () => {
    expect(printRemember(set(), source, undefined).split("\n").at(-2)).toBe(
      "add element inet postern ssh_grants4 { 192.0.2.7 }",
    );
  });

  test("has its one use before it where memberships are for single use", () => {
    expect(printRemember(set({ singleUse: true }), source, 60)).toContain(
      "{ 192.0.2.7 limit rate 1/week burst 1 packets timeout 60s }\n",
    );
  });

  test("is forgotten whether it was there or not", () => {
    expect(printForget(set(), source)).toBe(
      "add element inet postern ssh_grants4 { 192.0.2.7 }\n" +
        "delete element inet postern ssh_grants4 { 192.0.2.7 }\n",
    );
  });

  test("of IPv6 is cut to what tells knockers apart", () => {
    const cut = set({ family: "ipv6", prefixLength: 64 });
    expect(printForget(cut, address("2001:db8::1:2:3:4"))).toContain("{ 2001:db8:: }\n");
    const whole = set({ family: "ipv6", prefixLength: 128 });
    expect(printForget(whole, address("2001:db8::1:2:3:4"))).toContain("{ 2001:db8::1:2:3:4 }\n");
  });
});

test("all sources are forgotten at once", () => {
  expect(printForgetAll(set())).toBe("flush set inet postern ssh_grants4\n");
});

describe("connections that were there before the gate", () => {
  const connection = (source: string, destination: string) => ({
    door: "ssh",
    source: address(source),
    sourcePort: 40_000,
    destination: address(destination),
    destinationPort: 22,
  });

  test("go on, each in the set of its family", () => {
    const text = printAdoption(
      [
        connection("192.0.2.7", "198.51.100.1"),
        connection("2001:db8::7", "2001:db8:1::1"),
        connection("192.0.2.8", "198.51.100.1"),
      ],
      60,
    );
    expect(text).toBe(`add element inet postern ssh_flows4 {
    192.0.2.7 . 40000 . 198.51.100.1 . 22 timeout 60s,
    192.0.2.8 . 40000 . 198.51.100.1 . 22 timeout 60s
}
add element inet postern ssh_flows6 {
    2001:db8::7 . 40000 . 2001:db8:1::1 . 22 timeout 60s
}
`);
  });

  test("are nothing to say where there are none", () => {
    expect(printAdoption([], 60)).toBe("");
  });
});
