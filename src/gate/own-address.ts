/** The address by which clients may know this host. */
import type { Host } from "../host/index.ts";
import { type Address, parseAddress } from "../policy/address.ts";
import type { Session } from "./session.ts";

/**
 * The one that the session came to, otherwise the first that is not for this link alone.
 * Undefined where nobody can tell. Behind a NAT clients know another.
 */
export async function findOwnAddress(
  host: Host,
  session: Session | undefined,
): Promise<Address | undefined> {
  if (session !== undefined) return session.destination;
  const argv = ["ip", "--json", "address", "show", "up", "scope", "global"];
  const { stdout } = await host.run(argv);
  const [, local = ""] = /"local":"([^"]*)"/.exec(stdout) ?? [];
  return parseAddress(local);
}
