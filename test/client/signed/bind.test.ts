import { describe, expect, test } from "vitest";
import { addressFor, parseBind, printBind } from "../../../src/client/signed/bind.ts";
import { parseAddress, printAddress } from "../../../src/policy/address.ts";
import { sure } from "../../setup/sure.ts";

/** What a knock names, from a source to a destination. */
function named(bind: string, source: string | undefined, to: string, isBeside = false) {
  const family = to.includes(":") ? "ipv6" : "ipv4";
  const from = source === undefined ? undefined : { address: source, isBeside };
  const address = addressFor(sure(parseBind({ text: bind })), { address: to, family }, from);
  return address && printAddress(address);
}

describe("by itself a knock names", () => {
  test.each([
    ["203.0.113.7", "198.51.100.1"],
    ["2001:db8::7", "2001:db8:1::1"],
    // An address of this host's network, from one of the Internet.
    ["203.0.113.7", "10.0.0.1"],
  ])("%s, which everybody sees, on the way to %s", (source, to) => {
    expect(named("auto", source, to)).toBe(source);
  });

  test.each([
    ["192.168.1.7", "192.168.1.1"],
    ["10.8.0.2", "10.8.0.1"],
    ["fd00::7", "fd00::1"],
    ["fe80::7", "fe80::1%eth0"],
    ["127.0.0.1", "127.0.0.1"],
  ])("%s, to %s beside it", (source, to) => {
    expect(named("auto", source, to, true)).toBe(source);
    expect(named("auto", source, to, false)).toBeUndefined();
  });

  test.each([
    ...["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.1.1"],
    ...["192.0.0.2", "fd12::1", "fc00::1", "fe80::1"],
  ])("not %s, which is another elsewhere", (source) => {
    expect(
      named("auto", source, source.includes(":") ? "2001:db8::1" : "203.0.113.1"),
    ).toBeUndefined();
  });

  test("nothing on the way to an address that stands for one of IPv4", () => {
    expect(named("auto", "2001:db8::7", "64:ff9b::cb00:7101")).toBeUndefined();
    expect(named("auto", "2001:db8::7", "64:ff9a::1")).toBe("2001:db8::7");
  });

  test("nothing where no source is known", () => {
    expect(named("auto", undefined, "203.0.113.1")).toBeUndefined();
  });
});

test("an address that is named is for its family, and the other is as ever", () => {
  expect(named("198.51.100.9", "192.168.1.7", "203.0.113.1")).toBe("198.51.100.9");
  expect(named("198.51.100.9", "2001:db8::7", "2001:db8:1::1")).toBe("2001:db8::7");
  expect(named("::ffff:198.51.100.9", "192.168.1.7", "203.0.113.1")).toBe("198.51.100.9");
});

test("none names nothing", () => {
  expect(named("none", "203.0.113.7", "203.0.113.1", true)).toBeUndefined();
});

test.each(["auto", "none", "192.0.2.1", "2001:db8::1"])("%s is read as it is printed", (text) => {
  expect(printBind(sure(parseBind({ text })))).toBe(text);
});

test.each(["", "any", "192.0.2.0/24", "010.0.0.1", "fe80::1%eth0"])("%j is refused", (text) => {
  expect(parseBind({ text })).toMatchObject({ problems: [{ code: "not-an-address" }] });
  expect(parseAddress(text)).toBeUndefined();
});
