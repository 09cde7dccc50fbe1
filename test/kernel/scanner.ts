/** nmap, and what it says of ports. */
import type { Host } from "./host.ts";

export interface Finding {
  /** `closed`, `filtered`, `open|filtered`, `unfiltered`, ... */
  readonly state: string;
  /** `reset`, `no-response`, `port-unreach`, ...; the TTL tells who answered. */
  readonly reason: string;
}

/** Scans `ports` of `address` with the given flags of nmap, without waiting long for answers. */
export async function scan(
  host: Host,
  address: string,
  ports: readonly number[],
  flags: string,
): Promise<ReadonlyMap<number, Finding>> {
  const { stdout } = await host.run([
    "nmap",
    "-n",
    "-Pn",
    "--disable-arp-ping",
    "--reason",
    "-oX",
    "-",
    ...(address.includes(":") ? ["-6"] : []),
    "--max-retries",
    "1",
    "--initial-rtt-timeout",
    "100ms",
    "--max-rtt-timeout",
    "100ms",
    "--min-parallelism",
    "10",
    ...flags.split(" "),
    "-p",
    ports.join(),
    address,
  ]);
  const entries = [
    ...stdout.matchAll(
      /portid="(\d+)"><state state="([^"]*)" reason="([^"]*)" reason_ttl="([^"]*)"/g,
    ),
  ];
  const findings = new Map(
    entries.map(([, port, state = "", reason = "", ttl = ""]) => [
      Number(port),
      { state, reason: `${reason} ttl ${ttl}` },
    ]),
  );
  if (findings.size !== ports.length)
    throw new Error(`scan: nmap tells only ${entries.length} ports of ${stdout}`);
  return findings;
}
