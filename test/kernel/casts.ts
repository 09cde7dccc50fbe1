/** The parts of a story, played on a network of a test. */
import { type Family, printAddress } from "../../src/policy/address.ts";
import type { Cast } from "../scenarios/arbitrary.ts";
import { addressOf, type Network, senderOf } from "./network.ts";

/** From here on stand the second senders of IPv4; those of IPv6 are neighbours of the first. */
const SECONDS = 100_000;

/** The `n`th of up to 100,000 casts; no two share a sender. */
export function castOf(network: Network, family: Family, n: number): Cast {
  const first = senderOf(family, n);
  const second =
    family === "ipv4"
      ? senderOf(family, SECONDS + n)
      : addressOf(printAddress(first).replace(/1$/, "2"));
  const { server, client } = network.link;
  return {
    sources: [first, second],
    here: addressOf(server[family]),
    // On the client's side of the server: an address that it would forward to.
    elsewhere: addressOf(client[family]),
    interface: server.interface,
  };
}
