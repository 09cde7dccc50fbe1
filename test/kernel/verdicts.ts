/**
 * Which packets passed the gate, told by the kernel itself and without loss: a table of our
 * own, right behind the gate's hook, adds each packet's id to a set.
 *
 *     gate (raw - 10; on iptables raw) ──> judge (raw + 10) ──> NAT, ..., sockets
 */
import type { Packet } from "../../src/model/packet.ts";
import { isNamedInIp } from "./frames.ts";
import type { Host } from "./host.ts";
import { isNamedInPing } from "./segments.ts";

/** More packets than this in one run are not all remembered; reading then throws. */
export const JUDGE_CAPACITY = 1_048_576;

const SETS = {
  acknowledgements: { holds: "tcp ackseq", of: "meta l4proto tcp" },
  // Of first fragments too short for the rest.
  sequences: { holds: "tcp sequence", of: "meta l4proto tcp" },
  datagrams: { holds: "@th,64,32", of: "meta l4proto udp" },
  "ipv4-datagrams": { holds: "ip id", of: "meta l4proto udp" },
  "ipv6-datagrams": { holds: "ip6 flowlabel", of: "meta l4proto udp" },
  "ping-payloads": { holds: "@th,64,32", of: "meta l4proto { icmp, ipv6-icmp }" },
  "ping-headers": { holds: "@th,32,32", of: "meta l4proto { icmp, ipv6-icmp }" },
} as const;
type SetName = keyof typeof SETS;
const SET_NAMES = Object.keys(SETS) as SetName[];

const JUDGE = `table inet judge
delete table inet judge
table inet judge {
${SET_NAMES.map((name) => `  set ${name} { typeof ${SETS[name].holds}; flags dynamic; size ${JUDGE_CAPACITY}; }`).join("\n")}
  chain prerouting {
    type filter hook prerouting priority raw + 10; policy accept;
    iif lo accept
${SET_NAMES.map((name) => `    ${SETS[name].of} add @${name} { ${SETS[name].holds} }`).join("\n")}
  }
}
`;

/** Puts a judge on the host that has seen nothing yet. */
export async function seatJudge(host: Host): Promise<void> {
  await host.run(["nft", "-f", "-"], { stdin: JUDGE });
}

export interface Verdicts {
  /** Whether a packet sent with this id came past the gate. */
  readonly passed: (packet: Packet, id: number) => boolean;
  /** Those of the packets that came past it, when they were sent by `framesInOrder`. */
  readonly passing: (packets: readonly Packet[]) => readonly Packet[];
  /** How many ids of TCP segments were seen. */
  readonly segmentCount: number;
}

/** What the judge has seen until now. */
export async function readVerdicts(host: Host): Promise<Verdicts> {
  const seen = new Map<SetName, ReadonlySet<number>>();
  for (const name of SET_NAMES) seen.set(name, await readSet(host, name));
  const passed = (packet: Packet, id: number) =>
    seen.get(setFor(packet))?.has(nameOf(packet, id)) === true;
  return {
    passed,
    passing: (packets) => packets.filter((packet, index) => passed(packet, index + 1)),
    segmentCount: seen.get("acknowledgements")?.size ?? 0,
  };
}

async function readSet(host: Host, name: SetName): Promise<ReadonlySet<number>> {
  const { stdout } = await host.run(["nft", "-j", "list", "set", "inet", "judge", name]);
  const listing = JSON.parse(stdout) as { nftables: { set?: { elem?: number[] } }[] };
  const elements = listing.nftables.flatMap(({ set }) => set?.elem ?? []);
  if (elements.length >= JUDGE_CAPACITY) throw new Error(`readSet: ${name} is full`);
  return new Set(elements);
}

function setFor(packet: Packet): SetName {
  const { content, source } = packet;
  if (isNamedInIp(packet)) return `${source.family}-datagrams`;
  switch (content.protocol) {
    case "tcp":
      return content.flags === undefined ? "sequences" : "acknowledgements";
    case "udp":
      return "datagrams";
    case "ping":
      return isNamedInPing(content) ? "ping-payloads" : "ping-headers";
    case "hidden":
      throw new Error("setFor: no judge can find what netfilter cannot");
  }
}

function nameOf({ content }: Packet, id: number): number {
  return content.protocol === "tcp" && content.flags === undefined ? content.sequenceNumber : id;
}
