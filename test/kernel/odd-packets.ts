/** SYNs that are well formed, or nearly, and that not every rule for SYNs would match. */
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import type { Address, Family } from "../../src/policy/address.ts";
import type { Ipv6Header, Oddities } from "./frames.ts";
import { segment } from "./packets.ts";

export interface OddSyn {
  readonly name: string;
  readonly families: readonly Family[];
  readonly flags?: readonly TcpFlag[];
  readonly sourcePort?: number;
  readonly oddities?: Oddities;
  /**
   * A first fragment that does not hold all of the header. Over IPv6 a host throws it away
   * (RFC 8200, section 4.5) and says so, whatever the port.
   */
  readonly incomplete?: boolean;
  /** Whether Linux answers it where nothing stands in front of a listener. */
  readonly answered: boolean;
}

const BOTH: readonly Family[] = ["ipv4", "ipv6"];

/** Record route: type 7, 7 bytes, room for one address, and an end of options. */
const RECORD_ROUTE = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0);
/** Maximum segment size 1460, then no-operation and window scale. */
const TCP_OPTIONS = Uint8Array.of(2, 4, 0x05, 0xb4, 1, 3, 3, 7);

const MD5_OPTION = Uint8Array.of(19, 18, ...new Uint8Array(16));

export const ODD_SYNS: readonly OddSyn[] = [
  { name: "a plain SYN", families: BOTH, answered: true },
  {
    name: "a SYN with TCP options",
    families: BOTH,
    oddities: { tcpOptions: TCP_OPTIONS },
    answered: true,
  },
  // A host answers nothing to those who sign and do not share a key with it.
  {
    name: "a SYN with an MD5 signature",
    families: BOTH,
    oddities: { tcpOptions: MD5_OPTION },
    answered: false,
  },
  {
    name: "a SYN with data",
    families: BOTH,
    oddities: { payload: new Uint8Array(64) },
    answered: true,
  },
  { name: "a SYN from port 22", families: BOTH, sourcePort: 22, answered: true },
  { name: "a SYN from port 53", families: BOTH, sourcePort: 53, answered: true },
  ...(["psh", "urg", "ece", "cwr"] as const).map((flag) => ({
    name: `a SYN with ${flag.toUpperCase()}`,
    families: BOTH,
    flags: ["syn", flag] as const,
    answered: true,
  })),
  { name: "a SYN that asks for ECN", families: BOTH, flags: ["syn", "ece", "cwr"], answered: true },
  {
    name: "a SYN with PSH, URG, ECE and CWR",
    families: BOTH,
    flags: ["syn", "psh", "urg", "ece", "cwr"],
    answered: true,
  },
  { name: "a SYN-FIN", families: BOTH, flags: ["syn", "fin"], answered: false },
  { name: "a SYN-RST", families: BOTH, flags: ["syn", "rst"], answered: false },
  {
    name: "a SYN with IPv4 options",
    families: ["ipv4"],
    oddities: { ipv4Options: RECORD_ROUTE },
    answered: true,
  },
  ...([8, 16, 24] as const).flatMap((bytes) =>
    (["forward", "reverse"] as const).map((order) => ({
      name: `a SYN in IPv4 fragments of ${bytes} bytes, ${order}`,
      families: ["ipv4"] as const,
      oddities: { tcpOptions: TCP_OPTIONS, fragments: { bytes, order } },
      answered: true,
    })),
  ),
  ...(
    [
      ["hop-by-hop"],
      ["destination-options"],
      ["hop-by-hop", "destination-options"],
      ["atomic-fragment"],
      ["hop-by-hop", "atomic-fragment"],
      ["atomic-fragment", "destination-options"],
      ["routing"],
      new Array<Ipv6Header>(6).fill("destination-options"),
    ] as const
  ).map((ipv6Headers) => ({
    name: `a SYN behind ${ipv6Headers.join(" and ")}`,
    families: ["ipv6"] as const,
    oddities: { ipv6Headers },
    answered: true,
  })),
  ...([8, 16, 24] as const).map((bytes) => ({
    name: `a SYN in IPv6 fragments of ${bytes} bytes`,
    families: ["ipv6"] as const,
    oddities: { tcpOptions: TCP_OPTIONS, fragments: { bytes, order: "forward" as const } },
    incomplete: bytes < 20,
    answered: bytes >= 20,
  })),
  {
    name: "a SYN in IPv6 fragments behind hop-by-hop",
    families: ["ipv6"],
    oddities: {
      payload: new Uint8Array(32),
      ipv6Headers: ["hop-by-hop"],
      fragments: { bytes: 32, order: "reverse" },
    },
    answered: true,
  },
];

/** The packet of `odd` between two addresses of one family. */
export function packetOf(
  odd: OddSyn,
  ends: { readonly source: Address; readonly destination: Address; readonly port: number },
): Packet {
  return segment({ ...ends, sourcePort: odd.sourcePort, flags: odd.flags ?? ["syn"] });
}
