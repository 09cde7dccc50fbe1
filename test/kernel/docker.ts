/**
 * The rules that Docker writes for `docker run -p 2222:22`, and a container of it made of a
 * namespace:
 *
 *     client ── eth0 server docker0 ─┬─ eth0 container (172.17.0.2, fd00:d0c::2: port 22)
 *                    :2222 ─ DNAT ─> │
 *                                    └─ eth0 other     (172.17.0.3, fd00:d0c::3)
 *
 * Of today's Docker they are as its own sources show them (github.com/moby/moby at b985e23:
 * integration/network/bridge/{iptablesdoc,nftablesdoc}/generated/usernet-portmap{,-noproxy}.md and
 * daemon/libnetwork/drivers/bridge/internal/{iptabler,nftabler}/testdata/), and of Docker before 28
 * as iptables-save shows them on hosts that run it; with the bridge, addresses and ports of here.
 */
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Host, type Running, untilListening } from "./host.ts";
import { letForward, type Network } from "./network.ts";

export const PUBLISHED = 2222;
const INSIDE = 22;
const BRIDGE = "docker0";

export interface Docker {
  readonly name: string;
  /** Which kind of iptables it writes to. */
  readonly writes: "nftables" | "iptables-nft" | "iptables-legacy";
  readonly isBefore28: boolean;
  /** Whether `docker-proxy` listens on the published port, too; so it does by default. */
  readonly hasProxy: boolean;
}

interface Net {
  readonly of: Family;
  readonly subnet: string;
  readonly gateway: string;
  readonly container: string;
  readonly other: string;
  readonly bits: number;
}

export const NETS: Readonly<Record<Family, Net>> = {
  ipv4: {
    of: "ipv4",
    subnet: "172.17.0.0/16",
    gateway: "172.17.0.1",
    container: "172.17.0.2",
    other: "172.17.0.3",
    bits: 32,
  },
  ipv6: {
    of: "ipv6",
    subnet: "fd00:d0c::/64",
    gateway: "fd00:d0c::1",
    container: "fd00:d0c::2",
    other: "fd00:d0c::3",
    bits: 128,
  },
};

export interface Containers {
  readonly container: Host;
  readonly other: Host;
}

/** The bridge, and two containers at it. */
export async function addContainers(network: Network): Promise<Containers> {
  const { server } = network;
  await letForward(server);
  // Where there is no proxy Docker lets loopback reach containers.
  await server.run(["ip", "link", "add", BRIDGE, "type", "bridge"]);
  await server.run(["sysctl", "-q", "-w", `net.ipv4.conf.${BRIDGE}.route_localnet=1`]);
  await bringUp(server, BRIDGE, "gateway");
  const [container, other] = [await network.addHost("container"), await network.addHost("other")];
  for (const [host, role] of [
    [container, "container"],
    [other, "other"],
  ] as const) {
    const end = `veth-${role}`;
    await server.run([
      ...["ip", "link", "add", end, "master", BRIDGE, "up", "type", "veth"],
      ...["peer", "name", "eth0", "netns", host.namespace],
    ]);
    await bringUp(host, "eth0", role);
    for (const family of FAMILIES) {
      const version = family === "ipv4" ? "-4" : "-6";
      await host.run(["ip", version, "route", "add", "default", "via", NETS[family].gateway]);
    }
  }
  return { container, other };
}

async function bringUp(host: Host, device: string, role: "gateway" | "container" | "other") {
  await host.run(["ip", "link", "set", device, "up"]);
  const { ipv4, ipv6 } = NETS;
  await host.run(["ip", "addr", "add", `${ipv4[role]}/16`, "dev", device]);
  await host.run(["ip", "addr", "add", `${ipv6[role]}/64`, "dev", device, "nodad"]);
}

// --- rules ---

/** For `iptables-restore`: all tables of one family. */
function iptablesRules(net: Net, { isBefore28, hasProxy }: Docker): string {
  const { subnet, container, bits } = net;
  const loopback = net.of === "ipv4" ? "127.0.0.0/8" : "::1/128";
  const one = `${container}/${bits}`;
  const target = net.of === "ipv4" ? container : `[${container}]`;
  const toInside = `-p tcp -m tcp --dport ${INSIDE}`;
  const published = [
    ...(net.of === "ipv6" && !isBefore28 ? ["! -s fe80::/10"] : []),
    ...(hasProxy ? [`! -i ${BRIDGE}`] : []),
    `-p tcp -m tcp --dport ${PUBLISHED} -j DNAT --to-destination ${target}:${INSIDE}`,
  ].join(" ");
  const masquerade = [
    ...(hasProxy ? [] : [`-A POSTROUTING -o ${BRIDGE} -m addrtype --src-type LOCAL -j MASQUERADE`]),
    `-A POSTROUTING -s ${subnet} ! -o ${BRIDGE} -j MASQUERADE`,
    ...(hasProxy && !isBefore28
      ? []
      : [`-A POSTROUTING -s ${one} -d ${one} ${toInside} -j MASQUERADE`]),
  ];
  const nat = [
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    `-A OUTPUT ${hasProxy ? `! -d ${loopback} ` : ""}-m addrtype --dst-type LOCAL -j DOCKER`,
    ...masquerade,
    ...(isBefore28 && hasProxy ? [`-A DOCKER -i ${BRIDGE} -j RETURN`] : []),
    `-A DOCKER ${published}`,
  ];
  const accepted = `-A DOCKER -d ${one} ! -i ${BRIDGE} -o ${BRIDGE} ${toInside} -j ACCEPT`;
  const raw = isBefore28 ? [] : [`-A PREROUTING -d ${one} ! -i ${BRIDGE} -j DROP`];
  return [
    ...tableOf("raw", [], raw),
    ...(isBefore28
      ? tableOf(
          "filter",
          ["DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-USER"],
          filterBefore28(accepted),
        )
      : tableOf(
          "filter",
          [
            "DOCKER",
            "DOCKER-BRIDGE",
            "DOCKER-CT",
            "DOCKER-FORWARD",
            "DOCKER-INTERNAL",
            "DOCKER-USER",
          ],
          filterOfToday(accepted),
        )),
    ...tableOf("nat", ["DOCKER"], nat),
    "",
  ].join("\n");
}

function tableOf(name: string, chains: readonly string[], rules: readonly string[]): string[] {
  return [`*${name}`, ...chains.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT"];
}

const ANSWERS = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";

function filterBefore28(accepted: string): string[] {
  return [
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
    `-A FORWARD -o ${BRIDGE} ${ANSWERS}`,
    `-A FORWARD -o ${BRIDGE} -j DOCKER`,
    `-A FORWARD -i ${BRIDGE} ! -o ${BRIDGE} -j ACCEPT`,
    `-A FORWARD -i ${BRIDGE} -o ${BRIDGE} -j ACCEPT`,
    accepted,
    `-A DOCKER-ISOLATION-STAGE-1 -i ${BRIDGE} ! -o ${BRIDGE} -j DOCKER-ISOLATION-STAGE-2`,
    "-A DOCKER-ISOLATION-STAGE-1 -j RETURN",
    `-A DOCKER-ISOLATION-STAGE-2 -o ${BRIDGE} -j DROP`,
    "-A DOCKER-ISOLATION-STAGE-2 -j RETURN",
    "-A DOCKER-USER -j RETURN",
  ];
}

function filterOfToday(accepted: string): string[] {
  return [
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-FORWARD",
    accepted,
    `-A DOCKER ! -i ${BRIDGE} -o ${BRIDGE} -j DROP`,
    `-A DOCKER-BRIDGE -o ${BRIDGE} -j DOCKER`,
    `-A DOCKER-CT -o ${BRIDGE} ${ANSWERS}`,
    "-A DOCKER-FORWARD -j DOCKER-CT",
    "-A DOCKER-FORWARD -j DOCKER-INTERNAL",
    "-A DOCKER-FORWARD -j DOCKER-BRIDGE",
    `-A DOCKER-FORWARD -i ${BRIDGE} -j ACCEPT`,
  ];
}

/** For `nft -f`: the table of one family. */
function nftablesRules(net: Net, { hasProxy }: Docker): string {
  const { subnet, container } = net;
  const [ip, loopback, target] =
    net.of === "ipv4" ? ["ip", "127.0.0.0/8", container] : ["ip6", "::1", `[${container}]`];
  const jumps = [
    "filter-forward-in",
    "filter-forward-out",
    "nat-postrouting-in",
    "nat-postrouting-out",
  ];
  const maps = jumps.map(
    (name) => `  map ${name}-jumps {
    type ifname : verdict
    elements = { "${BRIDGE}" : jump ${name}__${BRIDGE} }
  }
`,
  );
  const published = [
    ...(hasProxy ? [`iifname != "${BRIDGE}"`] : []),
    ...(net.of === "ipv6" ? ["ip6 saddr != fe80::/10"] : []),
    `tcp dport ${PUBLISHED} counter dnat to ${target}:${INSIDE} comment "DNAT"`,
  ].join(" ");
  const fromHost = hasProxy
    ? ""
    : `fib saddr type local counter masquerade comment "MASQUERADE FROM HOST"
    ${ip} saddr ${container} ${ip} daddr ${container} tcp dport ${INSIDE} counter masquerade comment "MASQ TO OWN PORT"`;
  return `table ${ip} docker-bridges {
${maps.join("")}
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }
  chain nat-OUTPUT {
    type nat hook output priority -100; policy accept;
    ${hasProxy ? `${ip} daddr != ${loopback} ` : ""}fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    iifname vmap @nat-postrouting-out-jumps
    oifname vmap @nat-postrouting-in-jumps
  }
  chain nat-PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-prerouting-and-output {
    ${published}
  }
  chain raw-PREROUTING {
    type filter hook prerouting priority raw; policy accept;
    ${ip} daddr ${container} iifname != "${BRIDGE}" counter drop comment "DROP DIRECT ACCESS"
  }
  chain filter-forward-in__${BRIDGE} {
    ct state established,related counter accept
    iifname "${BRIDGE}" counter accept comment "ICC"
    ${ip} daddr ${container} tcp dport ${INSIDE} counter accept
    counter drop comment "UNPUBLISHED PORT DROP"
  }
  chain filter-forward-out__${BRIDGE} {
    ct state established,related counter accept
    counter accept comment "OUTGOING"
  }
  chain nat-postrouting-in__${BRIDGE} {
    ${fromHost}
  }
  chain nat-postrouting-out__${BRIDGE} {
    oifname != "${BRIDGE}" ${ip} saddr ${subnet} counter masquerade comment "MASQUERADE"
  }
}
`;
}

// --- its life ---

/** The program of iptables for a family: `iptables-legacy-restore`. */
function programOf(net: Net, { writes }: Docker, end: string): string {
  return `${net.of === "ipv4" ? "iptables" : "ip6tables"}${writes.replace("iptables", "")}${end}`;
}

export async function putUpRules(host: Host, docker: Docker): Promise<void> {
  for (const net of Object.values(NETS)) {
    if (docker.writes === "nftables") {
      await host.run(["nft", "-f", "-"], { stdin: nftablesRules(net, docker) });
    } else {
      const restore = [programOf(net, docker, "-restore"), "--noflush"];
      await host.run(restore, { stdin: iptablesRules(net, docker) });
    }
  }
}

/** As it does itself when it starts: first its old rules go. */
export async function takeDownRules(host: Host, docker: Docker): Promise<void> {
  for (const net of Object.values(NETS)) {
    if (docker.writes === "nftables") {
      const table = `table ${net.of === "ipv4" ? "ip" : "ip6"} docker-bridges`;
      await host.run(["nft", "-f", "-"], { stdin: `delete ${table}\n` });
    } else {
      const restore = [programOf(net, docker, "-restore"), "--noflush"];
      await host.run(restore, { stdin: undoOf(iptablesRules(net, docker)) });
    }
  }
}

/** Takes away what a text for `iptables-restore` puts up, and nothing else. */
function undoOf(text: string): string {
  return text
    .split(/(?<=^COMMIT\n)/m)
    .map((table) => {
      const lines = table.split("\n");
      const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []);
      const builtIn = lines.filter(
        (line) => /^-A [A-Z]+ /.test(line) && !line.startsWith("-A DOCKER "),
      );
      return [
        ...lines.filter((line) => line.startsWith("*")),
        ...builtIn.map((line) => line.replace("-A", "-D")),
        ...chains.map((chain) => `-F ${chain}`),
        ...chains.map((chain) => `-X ${chain}`),
        ...lines.filter((line) => line === "COMMIT"),
        "",
      ].join("\n");
    })
    .join("");
}

/** Its rules as they stand, without counters and without ours. */
export async function rulesOn(host: Host, docker: Docker): Promise<string> {
  const texts: string[] = [];
  for (const net of Object.values(NETS)) {
    const argv =
      docker.writes === "nftables"
        ? [
            "nft",
            "--stateless",
            "list",
            "table",
            net.of === "ipv4" ? "ip" : "ip6",
            "docker-bridges",
          ]
        : [programOf(net, docker, "-save")];
    texts.push((await host.run(argv)).stdout);
  }
  return texts
    .join("")
    .split("\n")
    .filter((line) => !line.startsWith("#") && !line.includes("POSTERN"))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ""))
    .join("\n");
}

const PROXY = `
  const { connect, createServer } = require("node:net");
  const [address, host, port] = process.argv.slice(1);
  createServer((client) => {
    const inside = connect(${INSIDE}, host);
    for (const end of [client, inside]) end.on("error", () => { client.destroy(); inside.destroy(); });
    client.pipe(inside).pipe(client);
  }).listen({ host: address, port: Number(port), ipv6Only: address === "::" });
`;

/** What stands for docker-proxy, of which there is one for each family. */
export async function startProxies(host: Host): Promise<readonly Running[]> {
  return Promise.all(
    FAMILIES.map(async (family) => {
      const wildcard = family === "ipv4" ? "0.0.0.0" : "::";
      const argv = ["-e", PROXY, wildcard, NETS[family].container, `${PUBLISHED}`];
      const proxy = host.start([process.execPath, ...argv]);
      await untilListening(proxy, { protocol: "tcp", port: PUBLISHED }, family);
      return proxy;
    }),
  );
}
