/** The gates of others, configured as their manuals have it. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printAddress } from "../../src/policy/address.ts";
import { type Host, untilListening } from "../../test/kernel/host.ts";
import { until } from "../../test/kernel/until.ts";
import {
  type DaemonSite,
  datagram,
  frameTo,
  makeHosts,
  newSources,
  onOneProcessor,
  PROTECTED_PORT,
  type Site,
  type Way,
} from "./site.ts";
import { STEPS } from "./ways.ts";

export const SPA_PORT = 62_201;
const KEYS = { rijndael: "key-of-the-bench", hmac: "other-key-of-the-bench" } as const;

/** It reads every packet by libpcap (`pcap`), or has a socket of its own (`udp`). */
export type FwknopMode = "pcap" | "udp";

export async function makeFwknopd(mode: FwknopMode): Promise<DaemonSite> {
  const network = await makeHosts();
  const { server, link } = network;
  const folder = server.newPath("fwknop");
  mkdirSync(folder, { mode: 0o700 });
  const write = (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, lines.join("\n").concat("\n"));
    chmodSync(path, 0o600);
    return path;
  };
  const config = write("fwknopd.conf", [
    `PCAP_INTF ${link.server.interface};`,
    `ENABLE_UDP_SERVER ${mode === "udp" ? "Y" : "N"};`,
    `FWKNOP_RUN_DIR ${folder};`,
    `FWKNOP_CONF_DIR ${folder};`,
  ]);
  const access = write("access.conf", [
    "SOURCE ANY",
    `OPEN_PORTS tcp/${PROTECTED_PORT}`,
    "FW_ACCESS_TIMEOUT 60",
    `KEY ${KEYS.rijndael}`,
    `HMAC_KEY ${KEYS.hmac}`,
  ]);
  await server.run(DROP);
  const argv = ["fwknopd", "-f", "-c", config, "-a", access, "-i", link.server.interface];
  const daemon = server.start(onOneProcessor(argv));
  if (mode === "udp") await untilListening(daemon, { protocol: "udp", port: SPA_PORT }, "ipv4");
  await until("fwknopd to have its chain", async () => {
    if (daemon.hasEnded()) throw new Error(`fwknopd has ended: ${daemon.stderr()}`);
    return (await rulesOf(server)).includes("FWKNOP_INPUT");
  });
  return { name: `fwknopd, ${mode}`, network, daemon, ...openings(server, "FWKNOP_INPUT") };
}

export function fwknopWay(site: Site): Way {
  const { client, link } = site.network;
  const file = client.newPath("spa");
  return {
    ...{ name: site.name, site },
    knocks: async (sources) => {
      const made: Buffer[][] = [];
      for (const source of sources) {
        await client.run(["rm", "-f", file]);
        const argv = fwknopTo(link.server.ipv4, printAddress(source));
        // It writes what it would send.
        await client.run([...argv, "--test", "--save-packet", file]);
        const { stdout } = await client.run(["cat", file]);
        const payload = Buffer.from(stdout.split("\n")[0] ?? "");
        made.push([frameTo(site.network, source, datagram(payload, SPA_PORT))]);
      }
      return made;
    },
  };
}

export function fwknopTo(server: string, source: string): string[] {
  return [
    ...["fwknop", "--no-home-dir", "--no-rc-file", "--save-args-file", "/dev/null"],
    ...["-A", `tcp/${PROTECTED_PORT}`, "-a", source, "-D", server],
    ...["--key-rijndael", KEYS.rijndael, "--key-hmac", KEYS.hmac, "--use-hmac"],
  ];
}

/** What a request has. */
const SPA_BYTES = 225;
/** As many as are sent over and over, each from a source of its own. */
const DIFFERENT_REQUESTS = 4096;

/** In the letters that fwknop sends: only its HMAC shows that it is none. */
export function rubbishForFwknopd({ network }: Site): Buffer[] {
  return newSources(DIFFERENT_REQUESTS).map((source) => {
    const text = randomBytes(SPA_BYTES).toString("base64").slice(0, SPA_BYTES);
    return frameTo(network, source, datagram(Buffer.from(text), SPA_PORT));
  });
}

/** @param seconds so long a knock may take. */
export async function makeKnockd(seconds = 10): Promise<DaemonSite> {
  const network = await makeHosts();
  const { server, link } = network;
  const config = server.newPath("knockd.conf");
  const lines = [
    ...["[options]", "logfile = /dev/null", "[open]", `sequence = ${STEPS.join(",")}`],
    ...[`seq_timeout = ${seconds}`, "tcpflags = syn"],
    `command = iptables -I INPUT -s %IP% -p tcp --dport ${PROTECTED_PORT} -j ACCEPT`,
  ];
  writeFileSync(config, lines.join("\n").concat("\n"));
  await server.run(DROP);
  const argv = ["knockd", "--verbose", "-i", link.server.interface, "-c", config];
  const daemon = server.start(onOneProcessor(["stdbuf", "-oL", ...argv]));
  await until("knockd to listen", () => {
    if (daemon.hasEnded()) throw new Error(`knockd has ended: ${daemon.stderr()}`);
    return daemon.stdout().includes("listening on");
  });
  return { name: "knockd", network, daemon, ...openings(server, "INPUT") };
}

const DROP = `iptables -A INPUT -p tcp --syn --dport ${PROTECTED_PORT} -j DROP`.split(" ");

async function rulesOf(server: Host): Promise<string> {
  return (await server.run(["iptables", "-S"])).stdout;
}

/** The rules that a daemon has put into a chain of iptables. */
function openings(server: Host, chain: string): Pick<Site, "letIn" | "shut"> {
  return {
    letIn: async () =>
      new Set((await rulesOf(server)).match(/(?<=-s )\d+\.\d+\.\d+\.\d+(?=\/32 .*ACCEPT)/g) ?? []),
    shut: async () => {
      await server.run(["iptables", "-F", chain]);
      if (chain === "INPUT") await server.run(DROP);
    },
  };
}
