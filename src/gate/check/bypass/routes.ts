/** Which way this host sends packets, as its routing tables have it. */
import type { Host } from "../../../host/index.ts";
import {
  type Address,
  FAMILIES,
  type Family,
  parseAddress,
  printAddress,
} from "../../../policy/address.ts";
import { at, listOf, parsed } from "../json.ts";

/** The way to one address. */
export interface Route {
  /** `local` for an address of this host. */
  readonly type: string;
  readonly interface: string;
  /** Whether another router is between; otherwise the address is on a network of this host. */
  readonly isFarther: boolean;
}

/** By the address, printed; those to which there is no way are missing. */
export type Routes = ReadonlyMap<string, Route>;

export async function readRoutes(host: Host, to: readonly Address[]): Promise<Routes> {
  const asked = new Set(to.map((address) => `route get ${printAddress(address)}\n`));
  if (asked.size === 0) return new Map();
  const argv = ["ip", "--json", "-force", "-batch", "-"];
  const { stdout } = await host.run(argv, { stdin: [...asked].join("") });
  return new Map(stdout.split("\n").flatMap(routesIn));
}

/** Each question has an answer on a line of its own. */
function routesIn(line: string): [string, Route][] {
  return listOf(parsed(line)).flatMap((item) => {
    const address = parseAddress(String(at(item, "dst")));
    const device = at(item, "dev");
    if (address === undefined || typeof device !== "string") return [];
    const type = at(item, "type");
    return [
      [
        printAddress(address),
        {
          type: typeof type === "string" ? type : "unicast",
          interface: device,
          isFarther: at(item, "gateway") !== undefined || at(item, "via") !== undefined,
        },
      ],
    ];
  });
}

/** The interfaces of the default routes, of each family. */
export type DefaultRoutes = Readonly<Record<Family, readonly string[]>>;

export async function readDefaultRoutes(host: Host): Promise<DefaultRoutes> {
  const [ipv4 = [], ipv6 = []] = await Promise.all(
    FAMILIES.map(async (family) => {
      const option = family === "ipv4" ? "-4" : "-6";
      const argv = ["ip", "--json", option, "route", "show", "default"];
      return interfacesIn((await host.run(argv)).stdout);
    }),
  );
  return { ipv4, ipv6 };
}

function interfacesIn(stdout: string): string[] {
  const routes = listOf(parsed(stdout));
  const devices = [...routes, ...routes.flatMap((route) => listOf(route, "nexthops"))].map((hop) =>
    at(hop, "dev"),
  );
  return [...new Set(devices.filter((device) => typeof device === "string"))];
}
