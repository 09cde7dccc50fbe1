/** An sshd behind a gate, and somebody on the client whose ssh knows how to knock there. */
import { type Bundle, makeBundle } from "../cli/run.ts";
import { loadGate } from "./gate.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { startSshd } from "./services.ts";
import { type Account, accountOn } from "./ssh-account.ts";

export const POLICY = `
doors:
  ssh:
    protects: tcp/22
    open-for: 1s
    sequence: { steps: [21001, udp/24040, tcp/22777] }
  once:
    protects: tcp/2022
    single-use: true
    sequence: { steps: [udp/25001, 28040, tcp/26777] }
`;

/** At which the server's sshd listens, too, and which no door protects. */
export const OPEN_PORT = 2222;

export interface SshScene {
  readonly network: Network;
  readonly bundle: Bundle;
  readonly account: Account;
  /** The gate as at the beginning, open to nobody. */
  readonly shutGate: () => Promise<void>;
  readonly remove: () => void;
}

/** A name that leads to the server over both families. */
export const GATE = "gate.test";
/** A name that leads to it over IPv6 alone. */
export const SIX = "six.test";
/** A name whose IPv6 address swallows what is sent there. */
export const HALF_DEAD = "half-dead.test";
/** A name of which a profile has steps that were right once. */
export const OUTDATED = "outdated.test";

const NOWHERE = "fd99::1";

export async function makeSshScene(): Promise<SshScene> {
  const bundle = makeBundle();
  const network = await makeNetwork();
  const { client, server, link } = network;
  const { ipv4, ipv6 } = link.server;
  // Who is no router drops what is for others without a word.
  await client.run(["ip", "-6", "route", "add", NOWHERE, "via", ipv6]);
  nameHosts(client, {
    [GATE]: [ipv6, ipv4],
    [SIX]: [ipv6],
    [HALF_DEAD]: [NOWHERE, ipv4],
    [OUTDATED]: [ipv4],
  });
  const sshd = await startSshd(server, [22, 2022, OPEN_PORT]);
  return {
    network,
    bundle,
    account: accountOn(client, bundle, sshd.settings),
    shutGate: async () => {
      await server.run(["nft", "flush", "ruleset"]);
      await loadGate(server, POLICY);
    },
    remove: () => {
      network.remove();
      bundle.remove();
    },
  };
}
