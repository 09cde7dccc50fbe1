/** Who has a grant in the gate of a host of a test. */
import { type Address, FAMILIES, printAddress } from "../../src/policy/address.ts";
import type { Host } from "./host.ts";

/** Who has one now, over both families. */
export async function granted(host: Host, door = "ssh"): Promise<ReadonlySet<string>> {
  const sets = FAMILIES.map((family) => `${door}_grants${family === "ipv4" ? 4 : 6}`);
  const both = await Promise.all(sets.map((set) => listMembers(host, set)));
  return new Set(both.flat().map(String));
}

export async function isGranted(host: Host, source: Address, door = "ssh"): Promise<boolean> {
  return (await granted(host, door)).has(printAddress(source));
}

/**
 * Of a set of any kind. `nft get element` would be shorter, but fails with EINTR whenever somebody
 * else changes the rules meanwhile; a listing begins again.
 */
export async function listMembers(host: Host, set: string): Promise<unknown[]> {
  const { stdout } = await host.run(["nft", "-j", "list", "set", "inet", "postern", set]);
  const { nftables } = JSON.parse(stdout) as {
    nftables: { set?: { elem?: { elem: { val: unknown } }[] } }[];
  };
  return nftables.flatMap(({ set: listed }) => (listed?.elem ?? []).map(({ elem }) => elem.val));
}
