/** docs/performance.md and its pictures, made of the results alone. */
import type { Results } from "../results.ts";
import { aims } from "./aims.ts";
import { delayChart, floodChart, ordinaryChart } from "./charts.ts";
import {
  bulkTable,
  delayTable,
  floodsTable,
  idleTable,
  memoryTable,
  packetsTables,
  reloadsTable,
  stateTables,
} from "./tables.ts";

/** By their paths from docs/. */
export type Pages = Readonly<Record<string, string>>;

export function pagesOf(results: Results): Pages {
  return {
    "performance.md": `${textOf(results).join("\n\n")}\n`,
    "performance/ordinary.svg": ordinaryChart(results),
    "performance/delay.svg": delayChart(results),
    "performance/flood.svg": floodChart(results),
  };
}

function textOf(results: Results): string[] {
  return [
    "# Performance",
    "<!-- Made by `./dev bench` of bench/results/compare.json. -->",
    intro(results),
    "## What was aimed at",
    aims(results),
    "## An ordinary packet",
    ORDINARY_TEXT,
    "![What each gate adds to a packet of an established TCP connection](performance/ordinary.svg)",
    ...packetsTables(results),
    "## With many part way through a knock",
    STATE_TEXT,
    ...stateTables(results),
    "## A busy connection",
    BULK_TEXT,
    bulkTable(results),
    "## From the last packet to the open port",
    "Packets are sent 20 ms apart; from then on it is looked every 0.1 ms.",
    "![From the last packet of a knock to the open port](performance/delay.svg)",
    delayTable(results),
    "## A knock among forged ones",
    FLOOD_TEXT,
    "![Knocks that opened among forged beginnings of knocks](performance/flood.svg)",
    floodsTable(results),
    "## While the gate is put up again",
    RELOAD_TEXT,
    reloadsTable(results),
    "## Memory",
    MEMORY_TEXT,
    memoryTable(results),
    "## A daemon at rest",
    idleTable(results),
    "## What is not good",
    NOT_GOOD,
  ];
}

function intro({ machine, packets }: Results): string {
  const { kernel, processor, processors, versions } = machine;
  const named = ["nftables", "iptables", "knockd", "fwknop-server", "node"]
    .map((name) => `${name} ${versions[name] ?? "unknown"}`)
    .join(", ");
  return `What a gate costs, and what it is worth, beside what one would pick instead. \`./dev bench\` measures all
of it again, in less than 20 minutes, and writes this page; \`./dev bench quick\` prints less exact figures in three.

These are of ${packets.date}: Linux ${kernel}, ${processors} processors (${processor}), in a virtual machine; ${named}.
Every gate stands on a host of its own, made of a network namespace, and all of them stand at once. They are
measured in turn, round after round, in an order that changes; what is given is the median of the rounds, in
brackets the quartiles. What differs less than the two hosts without rules do does not differ. Another
machine has other figures: compare them with each other.

- *no rules, again*: a second host without rules, for how exact this is.
- *a counter*: one rule of nftables, \`counter\`, at the input hook: about the least that any firewall costs.
- *published rules*: the shell function of \`xt_recent\` rules that this project began with.
- *nftables wiki*: the example of its [page on port knocking](https://wiki.nftables.org/wiki-nftables/index.php/Port_knocking_example).
- *knockd*, *fwknopd*: as their manuals configure them, with one rule that drops what has not knocked; fwknopd
  with a socket of its own (udp) and with libpcap (pcap). Their rules are for IPv4 alone.`;
}

const ORDINARY_TEXT = `Packets that have nothing to do with knocking. The kernel hands itself each frame as if it had come in by
the wire (the test run of an XDP program that passes it on), so that nothing but the way in is measured: taps,
rules, routing, up to the socket. What a daemon takes of another processor for the same packets stands below.`;

const STATE_TEXT = `So many sources have made the first step of a knock, and no more. Nanoseconds added, as above. knockd keeps
them in its own memory; the lists of iptables hold 100 each here, as the kernel comes.`;

const BULK_TEXT = `\`iperf3\` over one connection to another port, in packets of 1500 bytes, none of which the kernel puts together:
each meets the rules. Processor seconds are those of the whole machine, the sender included.`;

const FLOOD_TEXT = `Forged packets that look like the beginning of a knock come from 100,000 invented sources (to fwknopd: of the
right form, with a wrong signature). Meanwhile 20 knock as they should, three a second, and it is
counted who has been let in when the flood ends, after 11 seconds.`;

const RELOAD_TEXT = `The same gate is loaded again and again in the place of the one that stands, while SYNs come to the service
from sources that have not knocked. What the service answers got through.`;

const MEMORY_TEXT = `MiB of the kernel's memory (slabs, vmalloc and per-processor data) more than a host without rules takes, and of
the resident memory of a daemon; at rest, and when 60,000 sources are part way, or as many as it holds.`;

const NOT_GOOD = `- A sequence needs memory for who is part way. Where more first steps come than a set has room for, within the
  time that a knock may take, newcomers find no room. On iptables, whose lists hold 100 sources as the kernel
  comes, a few hundred a second are enough; with nftables it takes 65,536. One-time tokens and signed knocks need none.
- On iptables every look-up in a list first looks for the list, by its name, among all others: with 50 doors a SYN
  to a door whose lists come last costs several times what it does with one door. Ordinary packets do not come that far.
- A SYN to the door itself costs more than with a bare \`DROP\`, which is all that knockd and fwknopd have there: the
  kernel looks whether the source may come in, for both families and for bans.
- Signed knocks and the agent are measured by themselves: see [signed.md](signed.md#what-it-costs).`;
