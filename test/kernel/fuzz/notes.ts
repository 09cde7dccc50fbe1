/** What a host sends from a port of TCP, noted by its own kernel and without loss. */
import type { Host } from "../host.ts";

const tableFor = (port: number) => `table inet fuzz
delete table inet fuzz
table inet fuzz {
  set synacks { typeof tcp ackseq; flags dynamic; size 1048576; }
  set others { typeof tcp sequence . tcp ackseq; flags dynamic; size 1048576; }
  set ends { typeof udp sport; flags dynamic; size 65536; }
  chain arriving {
    type filter hook prerouting priority raw + 10; policy accept;
    udp dport 9 add @ends { udp sport }
  }
  chain leaving {
    type filter hook output priority filter; policy accept;
    tcp sport ${port} tcp flags & (syn | ack) == syn | ack add @synacks { tcp ackseq } accept
    tcp sport ${port} add @others { tcp sequence . tcp ackseq }
  }
}
`;

/** Begins anew, with nothing noted. */
export async function noteOn(host: Host, port: number): Promise<void> {
  await host.run(["nft", "-f", "-"], { stdin: tableFor(port) });
}

/** Of TCP segments from the port, and of datagrams to the port discard. */
export interface Notes {
  /** Acknowledgement numbers of SYN-ACKs. */
  readonly synacks: readonly number[];
  /** Sequence and acknowledgement numbers of all others. */
  readonly others: readonly (readonly number[])[];
  /** Source ports. */
  readonly ends: readonly number[];
}

export async function readNotes(host: Host): Promise<Notes> {
  const { stdout } = await host.run(["nft", "-j", "list", "table", "inet", "fuzz"]);
  const { nftables } = JSON.parse(stdout) as { nftables: { set?: ListedSet }[] };
  const elements = (name: string): ListedElement[] =>
    nftables.flatMap(({ set }) => (set?.name === name ? (set.elem ?? []) : []));
  const numbers = (name: string) =>
    elements(name).map((element) => (typeof element === "number" ? [element] : element.concat));
  return {
    synacks: numbers("synacks").flat(),
    others: numbers("others"),
    ends: numbers("ends").flat(),
  };
}

type ListedElement = number | { readonly concat: readonly number[] };

interface ListedSet {
  readonly name: string;
  readonly elem?: ListedElement[];
}
