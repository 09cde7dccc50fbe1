/** The text of a first policy, in which every line that was chosen says why it is there. */
import type { FreshSequence } from "../check/fresh.ts";
import { type Address, printAddress } from "../policy/address.ts";
import type { DoorName, Seconds, Service } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";

export interface NewPolicy {
  readonly door: DoorName;
  readonly service: Service;
  /** What listens there, where that is known. Outside text. */
  readonly process: string | undefined;
  readonly openForSeconds: Seconds;
  readonly singleUse: boolean;
  /** Who need not knock. */
  readonly trusted: readonly Address[];
  readonly sequence: FreshSequence;
}

export function renderNewPolicy(policy: NewPolicy): string {
  const { door, service, openForSeconds, singleUse } = policy;
  return `\
# The gate of this host. \`postern check\` looks for what is wrong with it, \`postern apply\` puts
# it to work. docs/policy.md has every key, and \`man postern\` every command.
#
# Keep it to yourself: whoever knows the steps can open the door.

# Sources that never need to knock, addresses or whole networks.
${trusted(policy.trusted)}

# Nobody is banned for wrong steps: packets can be forged, and somebody could send them in your
# name. Where that is the smaller risk:
# ban: { after: 5, within: 1m, for: 1h }

doors:
  # The name is yours to choose. \`postern open ${door} ADDRESS\` lets somebody in without a knock.
  ${door}:
    # ${shut(policy)}
    protects: ${printService(service)}
    # How long after the knock its sender may connect. Connections go on after that.
    open-for: ${printSeconds(openForSeconds)}
    # true: the first connection shuts the door again, and the next one takes a new knock.
    single-use: ${singleUse}
${service.protocol === "udp" ? SESSION : ""}\
    sequence:
${sequence(policy.sequence)}`;
}

const SESSION = `\
    # UDP has no connections: a session ends when nothing has passed for so long.
    session-idle: 2m
`;

function trusted(addresses: readonly Address[]): string {
  if (addresses.length === 0) return "# trusted: [192.0.2.0/24]";
  // In quotes, since YAML takes an address that ends in a colon for a key.
  return `trusted: [${addresses.map((address) => `"${printAddress(address)}"`).join(", ")}]`;
}

/** A process may call itself what it likes, also the next line of a policy. */
function shut({ process = "" }: NewPolicy): string {
  const service = /^[\w.-]{1,32}$/.test(process) ? `This is ${process}. ` : "";
  return `${service}Without a knock nobody can connect to it, over IPv4 or IPv6.`;
}

function sequence({ steps, watch }: FreshSequence): string {
  const written = steps.map(({ protocol, port }) => `${protocol}/${port}`);
  return `\
      # One packet to each of these ports, in this order. They were drawn at random.
      steps: [${written.join(", ")}]
      # The longest pause between two of them.
      within: 10s
      # Any other packet to these ports starts over, so that a scan does not get far.
      watch: ${watch.first}-${watch.last}
`;
}
