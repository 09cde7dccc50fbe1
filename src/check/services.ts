/** The ports that nmap looks at first, from the file `nmap-services` that comes with it. */

import type { Chance } from "./fresh.ts";

/** What the caller of the check has to give. */
export interface Known {
  /**
   * Ports in the order in which nmap-services says they are most often open, by protocol;
   * undefined: not known on this host.
   */
  readonly commonPorts: CommonPorts | undefined;
  /** Draws the steps that are proposed, so that nobody can work them out. */
  readonly chance: Chance;
}

export interface CommonPorts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** `name<white space>port/protocol<white space>frequency`, and maybe a comment. */
const LINE = /^[^#\s]\S*[ \t]+(\d{1,5})\/(tcp|udp)[ \t]+([\d.]+)(?=\s|$)/gm;

/**
 * Reads the text of nmap-services. Lines that say nothing of a TCP or UDP port from 1 to 65535
 * are passed over; of ports that are open equally often the lower comes first, as in nmap.
 */
export function parseServices(text: string): CommonPorts {
  const found = { tcp: new Map<number, number>(), udp: new Map<number, number>() };
  for (const [, number, protocol, frequency] of text.matchAll(LINE)) {
    const port = Number(number);
    const ports = protocol === "tcp" ? found.tcp : found.udp;
    if (port >= 1 && port <= 65535 && !ports.has(port)) ports.set(port, Number(frequency));
  }
  return { tcp: byFrequency(found.tcp), udp: byFrequency(found.udp) };
}

/** Most of the many ports share few frequencies, so that there is little to compare. */
function byFrequency(frequencies: ReadonlyMap<number, number>): number[] {
  const alike = new Map<number, number[]>();
  for (const [port, frequency] of frequencies) {
    const ports = alike.get(frequency);
    if (ports === undefined) alike.set(frequency, [port]);
    else ports.push(port);
  }
  return [...alike]
    .sort(([often], [seldom]) => seldom - often)
    .flatMap(([, ports]) => [...Uint16Array.from(ports).sort()]);
}
