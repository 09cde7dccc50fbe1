/** The network interfaces of a network namespace, as `ip` describes them. */
import type { Host } from "../../../host/index.ts";
import type { Family } from "../../../policy/address.ts";
import { at, listOf, parsed } from "../json.ts";

export interface Link {
  readonly name: string;
  readonly index: number;
  /** Its hardware address, as `ip` writes it. */
  readonly mac: string | undefined;
  /** What made it: `bridge`, `macvlan`, `veth`; undefined for a network card. */
  readonly kind: string | undefined;
  /** The mode of a macvlan or ipvlan, such as `bridge` or `l3s`. */
  readonly mode: string | undefined;
  /** The interface that it is a port of, and what kind that one takes it for. */
  readonly master: string | undefined;
  readonly masterKind: string | undefined;
  /** The interface below a VLAN, macvlan or ipvlan, where it is in the same namespace. */
  readonly parent: string | undefined;
  /** The number of that interface in its own namespace. */
  readonly parentIndex: number | undefined;
  /** Whether what is below it is in another namespace. */
  readonly isParentElsewhere: boolean;
  /** Whether a bridge shows what it forwards to the firewall, by its own setting. */
  readonly showsBridged: Readonly<Record<Family, boolean>>;
  /** XDP programs attached to it, in words. */
  readonly xdp: readonly string[];
}

/** Loopback included; undefined where `ip` does not tell. */
export async function readLinks(host: Host): Promise<readonly Link[] | undefined> {
  const { status, stdout } = await host.run(["ip", "--json", "--details", "link", "show"]);
  return status === 0 ? listOf(parsed(stdout)).flatMap(linkOf) : undefined;
}

/** One item of what `ip --json --details` prints about links or addresses. */
export function linkOf(item: unknown): Link[] {
  const name = at(item, "ifname");
  const index = at(item, "ifindex");
  if (typeof name !== "string" || typeof index !== "number") return [];
  const info = at(item, "linkinfo");
  return [
    {
      ...{ name, index },
      mac: textAt(item, "address"),
      kind: textAt(info, "info_kind"),
      mode: textAt(info, "info_data", "mode"),
      master: textAt(item, "master"),
      masterKind: textAt(info, "info_slave_kind"),
      parent: textAt(item, "link"),
      parentIndex: numberAt(item, "link_index"),
      isParentElsewhere: numberAt(item, "link_netnsid") !== undefined,
      showsBridged: {
        ipv4: at(info, "info_data", "nf_call_iptables") === 1,
        ipv6: at(info, "info_data", "nf_call_ip6tables") === 1,
      },
      xdp: xdpOf(at(item, "xdp")),
    },
  ];
}

/** Several may be attached, in the driver and above it. */
function xdpOf(xdp: unknown): string[] {
  const one = at(xdp, "prog");
  const several = listOf(xdp, "attached").map((each) => at(each, "prog"));
  const programs = [one, ...several].filter((program) => program !== undefined);
  return [...new Set(programs.map(nameProgram))];
}

/** `"drop_all" (id 7)`; the name is what its author chose. */
export function nameProgram(program: unknown): string {
  const id = numberAt(program, "id");
  const name = textAt(program, "name");
  const number = id === undefined ? "" : ` (id ${id})`;
  return name === undefined ? `program${number}` : `program ${JSON.stringify(name)}${number}`;
}

function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function numberAt(value: unknown, ...keys: readonly string[]): number | undefined {
  const found = at(value, ...keys);
  return typeof found === "number" ? found : undefined;
}

export function linkNamed(links: readonly Link[], name: string | undefined): Link | undefined {
  return links.find((link) => link.name === name);
}

/**
 * The interface by whose name the packets of this one come to the gate: that of the bridge or the
 * team that it is a port of. Ports of a VRF keep their own names. Undefined for a port of
 * Open vSwitch, which tells nobody.
 */
export function namedAtGate(links: readonly Link[], link: Link): Link | undefined {
  const seen = new Set<string>();
  let last = link;
  while (last.master !== undefined && last.masterKind !== "vrf" && !seen.has(last.name)) {
    if (last.masterKind === "openvswitch") return undefined;
    seen.add(last.name);
    const master = linkNamed(links, last.master);
    if (master === undefined) return last;
    last = master;
  }
  return last;
}
