/** Rules that others have published. */
import { makeHosts, PROTECTED_PORT, type Site } from "../lab/site.ts";
import { firstStepsAt, STEPS, stepsWay } from "../lab/ways.ts";
import { emptyLists, membersOfList } from "./recent.ts";
import { type Maker, SECONDS } from "./system.ts";

/**
 * The shell function with which it began, for both families: steps in lists of `xt_recent`, and every
 * packet asks first whether its source is in one. Only its times are others, see {@link SECONDS}.
 */
function publishedScript(kind: "nft" | "legacy"): string {
  const [first, second, third] = STEPS;
  const recent = (list: string, what: string) => `-m recent --name ${list} ${what}`;
  const isIn = (list: string) => recent(list, `--rcheck --seconds ${SECONDS} --reap`);
  const step = (chain: string, port: number, list: string) =>
    `for p in udp tcp; do $i -A ${chain} -p $p --dport ${port} ${recent(list, "--set")} -j ACCEPT; done`;
  return [
    `for i in iptables-${kind} ip6tables-${kind}; do`,
    "$i -F; $i -X",
    "for chain in knock knock1 knock2 knockp; do $i -N $chain; done",
    `$i -A INPUT -p tcp ! --syn --dport ${PROTECTED_PORT} -j ACCEPT`,
    `$i -A INPUT ${isIn("knockp")} -j knockp`,
    ...["tcp", "udp"].map((protocol) => `$i -A INPUT -p ${protocol} --dport 51000:55000 -j knock`),
    `$i -A INPUT -p tcp --dport ${PROTECTED_PORT} --syn -j DROP`,
    `$i -A knock ${isIn("knock1")} -j knock1`,
    `$i -A knock ${isIn("knock2")} -j knock2`,
    step("knock", first, "knock1"),
    `$i -A knock1 ${recent("knock1", "--remove")}`,
    step("knock1", second, "knock2"),
    `$i -A knock2 ${recent("knock2", "--remove")}`,
    step("knock2", third, "knockp"),
    `$i -A knockp -p tcp --dport ${PROTECTED_PORT} --syn -j ACCEPT`,
    "done",
  ].join("\n");
}

export const published =
  (kind: "nft" | "legacy"): Maker =>
  async (name) => {
    const network = await makeHosts();
    const { server } = network;
    const reload = async () => {
      await server.run(["sh", "-ec", publishedScript(kind)]);
    };
    await reload();
    const site: Site = {
      ...{ name, network, daemon: undefined },
      letIn: () => Promise.resolve(membersOfList(server, "knockp")),
      shut: () => Promise.resolve(emptyLists(server, /^knockp$/)),
    };
    return { ...site, ways: [stepsWay(site)], beginnings: firstStepsAt(site), reload };
  };

/**
 * The example of the nftables wiki (https://wiki.nftables.org/wiki-nftables/index.php/Port_knocking_example),
 * with three steps and our times.
 */
function wikiRuleset(): string {
  const [first, second, third] = STEPS;
  const families = [
    { ip: "ip", type: "ipv4_addr", suffix: "ipv4" },
    { ip: "ip6", type: "ipv6_addr", suffix: "ipv6" },
  ];
  const each = (line: (family: (typeof families)[number]) => string) => families.map(line);
  const timeout = `timeout ${SECONDS}s`;
  return [
    "table inet portknock",
    "delete table inet portknock",
    "table inet portknock {",
    ...each(({ type, suffix }) => `set clients_${suffix} { type ${type}; flags timeout; }`),
    ...each(
      ({ type, suffix }) =>
        `set candidates_${suffix} { type ${type} . inet_service; flags timeout; }`,
    ),
    "chain input {",
    "type filter hook input priority -10; policy accept;",
    'iifname "lo" return',
    ...each(
      ({ ip, suffix }) =>
        `th dport ${first} add @candidates_${suffix} { ${ip} saddr . ${second} ${timeout} }`,
    ),
    ...each(
      ({ ip, suffix }) =>
        `th dport ${second} ${ip} saddr . th dport @candidates_${suffix} add @candidates_${suffix} { ${ip} saddr . ${third} ${timeout} }`,
    ),
    ...each(
      ({ ip, suffix }) =>
        `th dport ${third} ${ip} saddr . th dport @candidates_${suffix} add @clients_${suffix} { ${ip} saddr ${timeout} }`,
    ),
    ...each(
      ({ ip, suffix }) =>
        `tcp dport { ${PROTECTED_PORT} } ${ip} saddr @clients_${suffix} counter accept`,
    ),
    `tcp dport { ${PROTECTED_PORT} } ct state established,related counter accept`,
    `tcp dport { ${PROTECTED_PORT} } counter reject with tcp reset`,
    "}",
    "}",
    "",
  ].join("\n");
}

export const wiki: Maker = async (name) => {
  const network = await makeHosts();
  const { server } = network;
  const reload = async () => {
    await server.run(["nft", "-f", "-"], { stdin: wikiRuleset() });
  };
  await reload();
  const clients = ["set", "inet", "portknock", "clients_ipv4"];
  const site: Site = {
    ...{ name, network, daemon: undefined },
    letIn: async () => {
      const { stdout } = await server.run(["nft", "list", ...clients]);
      return new Set(stdout.match(/\d+\.\d+\.\d+\.\d+(?= timeout| expires)/g) ?? []);
    },
    shut: async () => {
      await server.run(["nft", "flush", ...clients]);
    },
  };
  return { ...site, ways: [stepsWay(site)], beginnings: firstStepsAt(site), reload };
};
