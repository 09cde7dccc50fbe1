/** Everything that may be sent to a port: odd SYNs, all TCP flags, odd datagrams, to one or all. */
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import type { Family } from "../../src/policy/address.ts";
import { BROADCAST_MAC, type Oddities } from "./frames.ts";
import { addressOf, type Network, senderOf } from "./network.ts";
import { ODD_SYNS, packetOf } from "./odd-packets.ts";
import { datagram, segment } from "./packets.ts";

const ALL_FLAGS: readonly TcpFlag[] = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"];

const NETWORK_BROADCAST = "10.91.0.255";

export interface Ports {
  readonly tcp: number;
  readonly udp: number;
}

export interface Probe {
  readonly name: string;
  readonly packet: Packet;
  readonly oddities?: Oddities | undefined;
  readonly incomplete?: boolean | undefined;
  /** nftables answers this otherwise than the kernel, and no rule can make it answer alike. */
  readonly differs?: boolean | undefined;
}

/** Every probe of a family to the server, each from a source of its own. */
export function probesOf(network: Network, family: Family, ports: Ports, firstSender = 0): Probe[] {
  const destination = addressOf(network.link.server[family]);
  let senders = firstSender;
  const ends = () => ({ source: senderOf(family, senders++), destination });
  return [
    ...ODD_SYNS.filter(({ families }) => families.includes(family)).map((odd) => ({
      name: odd.name,
      packet: packetOf(odd, { ...ends(), port: ports.tcp }),
      oddities: odd.oddities,
      incomplete: odd.incomplete,
    })),
    ...Array.from({ length: 256 }, (_, bits) => {
      const flags = ALL_FLAGS.filter((_, bit) => bits & (1 << bit));
      return { name: `flags ${flags}`, packet: segment({ ...ends(), port: ports.tcp, flags }) };
    }),
    {
      name: "a first fragment that ends before the flags",
      packet: segment({ ...ends(), port: ports.tcp, flags: undefined }),
      incomplete: true,
    },
    ...datagramProbes(family).map((probe) => ({
      ...probe,
      packet: datagram({ ...ends(), port: ports.udp }),
    })),
    ...nobodysAddresses(network, family).flatMap((address) => [
      {
        name: `a SYN from ${address}`,
        differs: address === NETWORK_BROADCAST,
        packet: segment({
          source: addressOf(address),
          destination,
          port: ports.tcp,
          flags: ["syn"],
        }),
      },
      {
        name: `a datagram from ${address}`,
        differs: address === NETWORK_BROADCAST,
        packet: datagram({ source: addressOf(address), destination, port: ports.udp }),
      },
    ]),
    ...everyonesAddresses(network, family).map(({ name, address, mac }) => ({
      name: `a datagram to ${name}`,
      packet: datagram({ ...ends(), destination: addressOf(address), port: ports.udp }),
      oddities: mac === undefined ? {} : { destinationMac: mac },
    })),
    ...everyonesAddresses(network, family).map(({ name, address, mac }) => ({
      name: `a SYN to ${name}`,
      packet: segment({
        ...ends(),
        destination: addressOf(address),
        port: ports.tcp,
        flags: ["syn"],
      }),
      oddities: mac === undefined ? {} : { destinationMac: mac },
    })),
  ];
}

function datagramProbes(family: Family): Omit<Probe, "packet">[] {
  const payload = new Uint8Array(60);
  return [
    { name: "a datagram", oddities: {} },
    { name: "a datagram with a wrong checksum", oddities: { checksum: "wrong" } },
    { name: "a datagram without a checksum", oddities: { checksum: "none" } },
    {
      name: "a datagram shorter than it says",
      oddities: { udpLength: 500 },
      differs: true,
    },
    {
      name: "a datagram longer than it says",
      oddities: { payload, udpLength: 12 },
      differs: true,
    },
    { name: "a datagram that says it is shorter than its header", oddities: { udpLength: 4 } },
    ...(family === "ipv4"
      ? [
          {
            name: "a datagram with IPv4 options",
            oddities: { ipv4Options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) },
          },
        ]
      : (["hop-by-hop", "destination-options", "atomic-fragment"] as const).map((header) => ({
          name: `a datagram behind ${header}`,
          oddities: { ipv6Headers: [header] },
        }))),
    ...([8, 24] as const).flatMap((bytes) =>
      (["forward", "reverse"] as const).map((order) => ({
        name: `a datagram in fragments of ${bytes}, ${order}`,
        oddities: { payload, fragments: { bytes, order } },
      })),
    ),
  ];
}

/** Addresses from which nobody sends, and to which nobody should answer. */
function nobodysAddresses({ link }: Network, family: Family): string[] {
  const own = link.server[family];
  return family === "ipv4"
    ? [own, "127.0.0.1", "0.0.0.0", NETWORK_BROADCAST, "255.255.255.255", "224.0.0.1"]
    : [own, "::1", "::", "ff02::1"];
}

/** Addresses that a wildcard listener hears, although they belong to no host alone. */
function everyonesAddresses(
  { link }: Network,
  family: Family,
): { name: string; address: string; mac?: Uint8Array }[] {
  return family === "ipv4"
    ? [
        {
          name: "the broadcast address of the network",
          address: NETWORK_BROADCAST,
          mac: BROADCAST_MAC,
        },
        { name: "the broadcast address of all networks", address: "255.255.255.255" },
        { name: "a multicast address", address: "224.0.0.1" },
        {
          name: "the broadcast address in a frame for the host",
          address: NETWORK_BROADCAST,
          mac: link.server.mac,
        },
        {
          name: "a multicast address in a frame for the host",
          address: "224.0.0.1",
          mac: link.server.mac,
        },
        { name: "the host in a frame for everybody", address: "10.91.0.2", mac: BROADCAST_MAC },
      ]
    : [
        { name: "all nodes", address: "ff02::1" },
        { name: "all nodes in a frame for the host", address: "ff02::1", mac: link.server.mac },
        { name: "the host in a frame for everybody", address: "fd91::2", mac: BROADCAST_MAC },
      ];
}
