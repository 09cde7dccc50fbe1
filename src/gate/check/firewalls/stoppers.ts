/** Which other firewall on this host stops what comes to a service, whoever has knocked. */
import type { Host } from "../../../host/index.ts";
import { FAMILIES, type Family } from "../../../policy/address.ts";
import { at, listOf, parsed } from "../json.ts";
import type { Service } from "../ports.ts";
import { endingsOf } from "./endings.ts";
import { parseTable } from "./iptables.ts";
import { parseBaseChains } from "./nftables.ts";

/** The rules of others, as their programs print them. */
export interface OtherRules {
  readonly nftables: string;
  /** The filter tables of iptables, by the name of the program that changes them. */
  readonly iptables: readonly {
    readonly program: string;
    readonly family: Family;
    readonly saved: string;
  }[];
}

/** One that lets no beginning to the service through. */
export interface Stopper {
  readonly name: string;
  /** The command that opens the port there. */
  readonly remedy: string;
  /** Whether that outlasts a boot; otherwise it is gone when the rules are loaded anew. */
  readonly lasts: boolean;
}

const SAVES = { ipv4: "iptables", ipv6: "ip6tables" } as const;

/** @param nftables its rules, as it prints them in JSON. */
export async function readOtherRules(host: Host, nftables: string): Promise<OtherRules> {
  const iptables = await Promise.all(
    FAMILIES.map(async (family) => {
      if (!(await hasFilter(host, family, nftables))) return [];
      const program = SAVES[family];
      const { stdout: saved } = await host.run([`${program}-save`, "--table", "filter"], {
        purpose: "rules",
      });
      return [{ program, family, saved }];
    }),
  );
  return { nftables, iptables: iptables.flat() };
}

/** To ask the older iptables for a table makes it. */
async function hasFilter(host: Host, family: Family, nftables: string): Promise<boolean> {
  const names = await host.readKernelFile(
    `/proc/net/${family === "ipv4" ? "ip" : "ip6"}_tables_names`,
  );
  return (
    names?.split("\n").includes("filter") === true ||
    listOf(parsed(nftables), "nftables").some((item) => isOfIptables(at(item, "chain"), family))
  );
}

function isOfIptables(chain: unknown, family: Family): boolean {
  return (
    at(chain, "family") === (family === "ipv4" ? "ip" : "ip6") &&
    at(chain, "table") === "filter" &&
    at(chain, "name") === "INPUT"
  );
}

/** Each once, though it may do so over both families. */
export function stoppersOf(rules: OtherRules, service: Service): Stopper[] {
  const stoppers = FAMILIES.flatMap((family) => [
    ...stoppersInNftables(rules, family, service),
    ...stoppersInIptables(rules, family, service),
  ]);
  return [...new Map(stoppers.map((stopper) => [stopper.remedy, stopper])).values()];
}

/** Whether none of the rules can stop a beginning to the service, over either family. */
export function passesAll(rules: OtherRules, service: Service): boolean {
  return FAMILIES.every((family) => {
    const nftables = parseBaseChains(rules.nftables, { ...service, family }).every(
      ({ chains, name, policy }) => {
        const endings = endingsOf(chains, name);
        return !endings.has("stop") && (policy === "accept" || !endings.has("end"));
      },
    );
    const iptables = rules.iptables
      .filter((one) => one.family === family)
      .every(({ saved }) => {
        const { chains, policy } = parseTable(saved, service);
        const endings = endingsOf(chains, "INPUT");
        return !endings.has("stop") && (policy === "accept" || !endings.has("end"));
      });
    return nftables && iptables;
  });
}

function stoppersInNftables(rules: OtherRules, family: Family, service: Service): Stopper[] {
  // Where iptables cannot print its table, others have put into it what it does not know.
  const isPrinted = rules.iptables.some(
    (one) => one.family === family && /^:INPUT /m.test(one.saved),
  );
  return parseBaseChains(rules.nftables, { ...service, family })
    .filter((chain) => !(isPrinted && isOfIptables(chain, family)))
    .filter(({ chains, name, policy }) => {
      const endings = endingsOf(chains, name);
      return !endings.has("accept") && (policy === "stop" || !endings.has("end"));
    })
    .map(({ family: of, table, name }) =>
      table === "firewalld"
        ? firewalld(service)
        : {
            name: `the nftables chain ${of} ${table} ${name}`,
            remedy: `nft insert rule ${of} ${table} ${name} ${matchOf(service)} accept`,
            lasts: false,
          },
    );
}

function stoppersInIptables({ iptables }: OtherRules, family: Family, service: Service): Stopper[] {
  return iptables
    .filter((one) => one.family === family)
    .flatMap(({ program, saved }) => {
      const { chains, policy } = parseTable(saved, service);
      const endings = endingsOf(chains, "INPUT");
      if (endings.has("accept") || (policy === "accept" && endings.has("end"))) return [];
      if (chains.has("ufw-user-input") || chains.has("ufw6-user-input")) return [ufw(service)];
      if (chains.has("INPUT_ZONES")) return [firewalld(service)];
      const remedy = `${program} -I INPUT -p ${service.protocol} --dport ${portsOf(service, ":")} -j ACCEPT`;
      return [{ name: program, remedy, lasts: false }];
    });
}

function ufw(service: Service): Stopper {
  const remedy = `ufw allow ${portsOf(service, ":")}/${service.protocol}`;
  return { name: "ufw", remedy, lasts: true };
}

function firewalld(service: Service): Stopper {
  const port = `${portsOf(service, "-")}/${service.protocol}`;
  return {
    name: "firewalld",
    remedy: `firewall-cmd --permanent --add-port=${port} && firewall-cmd --reload`,
    lasts: true,
  };
}

function matchOf(service: Service): string {
  return `${service.protocol} dport ${portsOf(service, "-")}`;
}

function portsOf({ ports: { first, last } }: Service, to: string): string {
  return first === last ? `${first}` : `${first}${to}${last}`;
}
