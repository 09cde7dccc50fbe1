/** What `ip` knows: the addresses of this host, and which way answers go. */
import type { Host } from "../../host/index.ts";
import { type Address, parseAddress, printAddress } from "../../policy/address.ts";

/** Every address of every interface; undefined where there is no `ip` to ask. */
export async function readAddresses(host: Host): Promise<readonly Address[] | undefined> {
  const { status, stdout } = await host.run(["ip", "--json", "address", "show"]);
  if (status !== 0) return undefined;
  return [...stdout.matchAll(/"(?:local|broadcast)":"([^"]*)"/g)].flatMap(
    ([, text = ""]) => parseAddress(text) ?? [],
  );
}

/** Names of the interfaces that there are now, without loopback; undefined if nobody can tell. */
export async function readInterfaces(host: Host): Promise<readonly string[] | undefined> {
  const table = await host.readKernelFile("/proc/net/dev");
  return table?.split("\n").flatMap((line) => {
    const name = /^\s*(\S+):/.exec(line)?.[1];
    return name === undefined || name === "lo" ? [] : [name];
  });
}

/** A way through this host's routing. */
export interface Way {
  readonly to: Address;
  /** An address of this host; undefined where another's packets are sent on. */
  readonly from: Address | undefined;
}

/** The interface by which packets leave; those of addresses to which no way is known are left out. */
export async function readWays(
  host: Host,
  ways: readonly Way[],
): Promise<ReadonlyMap<string, string>> {
  const asked = ways.filter(({ to }) => !isLinkLocal(to));
  if (asked.length === 0) return new Map();
  const { stdout } = await host.run(["ip", "--json", "-force", "-batch", "-"], {
    stdin: [...new Set(asked.map(question))].join(""),
  });
  return new Map(
    [...stdout.matchAll(/"dst":"([^"]*)"(?:,"from":"([^"]*)")?.*?"dev":"([^"]*)"/g)].map(
      ([, to = "", from = "", device = ""]) => [`${to} ${from}`, device],
    ),
  );
}

export function nameWay({ to, from }: Way): string {
  return `${printAddress(to)} ${from === undefined ? "" : printAddress(from)}`;
}

function question({ to, from }: Way): string {
  const source = from === undefined ? "" : ` from ${printAddress(from)}`;
  return `route get ${printAddress(to)}${source}\n`;
}

/** Such an address is at every interface, and only the sender's packet said at which. */
export function isLinkLocal({ family, bits }: Address): boolean {
  return family === "ipv6" && bits >> 118n === 0x3fan;
}
