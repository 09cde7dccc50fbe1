/** Packets as tests speak of them: from whom, to where, and only what matters besides. */
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import type { Address } from "../../src/policy/address.ts";

interface Ends {
  readonly source: Address;
  readonly destination: Address;
}

interface Ports extends Ends {
  readonly port: number;
  /** Default 40000. */
  readonly sourcePort?: number | undefined;
}

interface Segment extends Ports {
  readonly flags: readonly TcpFlag[] | undefined;
  readonly sequenceNumber?: number;
}

export function segment({
  port,
  sourcePort = 40000,
  flags,
  sequenceNumber = 1000,
  ...ends
}: Segment): Packet {
  return packet(ends, {
    protocol: "tcp",
    sourcePort,
    destinationPort: port,
    flags,
    sequenceNumber,
    socket: "none",
  });
}

export function syn(ports: Ports): Packet {
  return segment({ ...ports, flags: ["syn"] });
}

export function datagram({ port, sourcePort = 40000, ...ends }: Ports): Packet {
  return packet(ends, { protocol: "udp", sourcePort, destinationPort: port });
}

export function ping({ payloadBytes, ...ends }: Ends & { readonly payloadBytes: number }): Packet {
  return packet(ends, { protocol: "ping", payloadBytes });
}

function packet({ source, destination }: Ends, content: Packet["content"]): Packet {
  return { source, destination, destined: "here", interface: "eth0", content };
}
