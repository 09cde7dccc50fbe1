/** The address by which clients may know a host. */
import { expect, test } from "vitest";
import { findOwnAddress } from "../../src/gate/own-address.ts";
import { type Address, parseAddress, printAddress } from "../../src/policy/address.ts";
import { fakeHost, prints } from "../setup/fake-host.ts";

const ARGV = ["ip", "--json", "address", "show", "up", "scope", "global"];

/** A host of which `ip` tells this. */
function hostTelling(json: string) {
  const asked: (readonly string[])[] = [];
  return {
    asked,
    ...fakeHost(),
    run: (argv: readonly string[]) => {
      asked.push(argv);
      return Promise.resolve(prints(json));
    },
  };
}

const printed = (address: Address | undefined) => address && printAddress(address);

test("without a session it is the first that is not for one link alone", async () => {
  const host = hostTelling(
    '[{"ifname":"lo","addr_info":[]},{"ifname":"eth0","addr_info":[{"local":"192.0.2.5","scope":"global"},{"local":"2001:db8::5"}]}]',
  );
  expect(printed(await findOwnAddress(host, undefined))).toBe("192.0.2.5");
  expect(host.asked).toEqual([ARGV]);
});

test("nobody can tell where there is none, or no ip", async () => {
  expect(await findOwnAddress(hostTelling("[]"), undefined)).toBeUndefined();
  expect(await findOwnAddress(fakeHost(), undefined)).toBeUndefined();
});

test("a session knows it, and nothing is run", async () => {
  const [source, destination] = ["198.51.100.7", "2001:db8::9"].map((text) => parseAddress(text));
  if (source === undefined || destination === undefined) throw new Error("not addresses");
  const host = hostTelling("[]");
  const session = { source, sourcePort: 5, destination, destinationPort: 22 };
  expect(printed(await findOwnAddress(host, session))).toBe("2001:db8::9");
  expect(host.asked).toEqual([]);
});
