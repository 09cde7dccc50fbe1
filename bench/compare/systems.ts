/** What is compared: gates, and hosts without one, each on a wire of its own, and all of them at once. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { printAddress } from "../../src/policy/address.ts";
import {
  type Holder,
  hold,
  IPTABLES_LEGACY,
  IPTABLES_NFT,
  NFTABLES,
} from "../../test/kernel/holders.ts";
import type { Host } from "../../test/kernel/host.ts";
import { inNamespace } from "../../test/kernel/namespace.ts";
import { sure } from "../../test/setup/sure.ts";
import {
  type FwknopMode,
  fwknopWay,
  knockdWay,
  makeFwknopd,
  makeKnockd,
  rubbishForFwknopd,
  STEPS,
  stepsFrom,
} from "../lab/peers.ts";
import {
  datagram,
  frameTo,
  makeHosts,
  newSources,
  PROTECTED_PORT,
  type Site,
  syn,
  type Way,
} from "../lab/site.ts";

export interface System extends Site {
  /** How to knock at it. */
  readonly ways: readonly Way[];
  /** Frames that look like the beginning of knocks; undefined: nobody knocks here. */
  readonly beginnings: ((count: number) => readonly Buffer[]) | undefined;
  /** Puts the same gate up again, in the place of the one that stands. */
  readonly reload: (() => Promise<void>) | undefined;
}

/** Everything is kept for so long, that it lasts while it is measured. */
const SECONDS = 600;
const TOKEN_PORT = 62_210;

/** The first is what the others are compared with; the second shows how far two of the same differ. */
export const MAKERS = {
  "no rules": () => withoutKnocks("no rules", []),
  "no rules, again": () => withoutKnocks("no rules, again", []),
  "a counter": () => withoutKnocks("a counter", [COUNTER]),
  postern: () => postern("postern", NFTABLES, sequencePolicy()),
  "postern, tokens": () => postern("postern, tokens", NFTABLES, tokenPolicy(), true),
  "postern, 50 doors": () => postern("postern, 50 doors", NFTABLES, manyDoors()),
  "postern, iptables-nft": () => postern("postern, iptables-nft", IPTABLES_NFT, sequencePolicy()),
  "postern, iptables-legacy": () =>
    postern("postern, iptables-legacy", IPTABLES_LEGACY, sequencePolicy()),
  "postern, iptables-legacy, 50 doors": () =>
    postern("postern, iptables-legacy, 50 doors", IPTABLES_LEGACY, manyDoors()),
  "published rules, iptables-nft": () => published("nft"),
  "published rules, iptables-legacy": () => published("legacy"),
  "nftables wiki": wiki,
  knockd: knockd,
  "fwknopd, udp": () => fwknopd("udp"),
  "fwknopd, pcap": () => fwknopd("pcap"),
} as const satisfies Readonly<Record<string, () => Promise<System>>>;

export type Name = keyof typeof MAKERS;

const COUNTER = "table inet t { chain c { type filter hook input priority 0; counter; }; }";

async function withoutKnocks(name: string, rulesets: readonly string[]): Promise<System> {
  const network = await makeHosts();
  for (const ruleset of rulesets) await network.server.run(["nft", ruleset]);
  return {
    ...{ name, network, daemon: undefined, ways: [], beginnings: undefined, reload: undefined },
    letIn: () => Promise.resolve(new Set()),
    shut: () => Promise.resolve(),
  };
}

function doorOf(name: string, port: number, steps: readonly number[], more = ""): string {
  const sequence = `sequence: { steps: [${steps.join(", ")}], within: ${SECONDS}s }`;
  return `  ${name}: { protects: tcp/${port}, open-for: ${SECONDS}s, ${sequence}${more} }\n`;
}

function sequencePolicy(): string {
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS)}`;
}

function tokenPolicy(): string {
  const token = `, token: { carriers: [ping, udp/${TOKEN_PORT}], clients: 1 }`;
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS, token)}`;
}

/** The door of the others, and 49 more, each with a watch range of its own. */
function manyDoors(): string {
  const others = Array.from({ length: 49 }, (_, n) =>
    doorOf(
      `door-${n}`,
      2000 + 7 * n,
      [20_001, 20_021, 20_041].map((step) => step + 60 * n),
    ),
  );
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS)}${others.join("")}`;
}

async function postern(
  name: string,
  holder: Holder,
  policy: string,
  hasTokens = false,
): Promise<System> {
  const network = await makeHosts();
  const { server } = network;
  await hold(holder, server, policy);
  const site: Site = {
    ...{ name, network, daemon: undefined },
    letIn: async () => {
      const listing = sure(await holder.backend.read(holder.on(server), { members: true }));
      const grants = listing?.sets.filter(({ label }) => label.role.kind === "grants") ?? [];
      const members = grants.flatMap((set) => set.members);
      return new Set(
        members.flatMap(({ source }) => (source === undefined ? [] : [printAddress(source)])),
      );
    },
    shut: async () => {
      if (holder === NFTABLES) {
        await server.run(["nft", "flush", "set", "inet", "postern", "ssh_grants4"]);
      } else {
        emptyLists(server, /^postern-ssh_grants4-/);
      }
    },
  };
  const bySteps = stepsWay(site, hasTokens ? `${name}: steps` : name);
  return {
    ...site,
    ways: hasTokens ? [bySteps, tokensWay(site)] : [bySteps],
    ...{ beginnings: firstSteps(site), reload: () => hold(holder, server, policy) },
  };
}

function stepsWay(site: Site, name = site.name): Way {
  return {
    ...{ name, site },
    knocks: (sources) => Promise.resolve(sources.map((source) => stepsFrom(site, source))),
  };
}

function tokensWay(site: Site): Way {
  const set = `inet postern ssh_udp_${TOKEN_PORT}_tokens`;
  return {
    ...{ name: `${site.name}: token`, site },
    knocks: async (sources) => {
      const tokens = sources.map(() => Buffer.from(randomBytes(8).toString("hex")));
      const elements = tokens.map((token) => `0x${token.toString("hex")} timeout 10m`);
      const stdin = `add element ${set} { ${elements.join(", ")} }\n`;
      await site.network.server.run(["nft", "-f", "-"], { stdin });
      return sources.map((source, n) => [
        frameTo(site.network, source, datagram(tokens[n] ?? Buffer.alloc(0), TOKEN_PORT)),
      ]);
    },
  };
}

function firstSteps({ network }: Site) {
  return (count: number) =>
    newSources(count).map((source) => frameTo(network, source, syn(STEPS[0])));
}

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

async function published(kind: "nft" | "legacy"): Promise<System> {
  const network = await makeHosts();
  const { server } = network;
  const reload = async () => {
    await server.run(["sh", "-ec", publishedScript(kind)]);
  };
  await reload();
  const site: Site = {
    ...{ name: `published rules, iptables-${kind}`, network, daemon: undefined },
    letIn: () => Promise.resolve(membersOfList(server, "knockp")),
    shut: () => Promise.resolve(emptyLists(server, /^knockp$/)),
  };
  return { ...site, ways: [stepsWay(site)], beginnings: firstSteps(site), reload };
}

const LISTS = "/proc/self/net/xt_recent";

function membersOfList({ namespace }: Host, name: string): ReadonlySet<string> {
  const text = inNamespace(namespace, () => readFileSync(`${LISTS}/${name}`, "utf8"));
  return new Set(text.match(/(?<=^src=)\S+/gm) ?? []);
}

function emptyLists({ namespace }: Host, names: RegExp): void {
  inNamespace(namespace, () => {
    for (const name of readdirSync(LISTS).filter((name) => names.test(name))) {
      writeFileSync(`${LISTS}/${name}`, "/");
    }
  });
}

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

async function wiki(): Promise<System> {
  const network = await makeHosts();
  const { server } = network;
  const reload = async () => {
    await server.run(["nft", "-f", "-"], { stdin: wikiRuleset() });
  };
  await reload();
  const clients = ["set", "inet", "portknock", "clients_ipv4"];
  const site: Site = {
    ...{ name: "nftables wiki", network, daemon: undefined },
    letIn: async () => {
      const { stdout } = await server.run(["nft", "list", ...clients]);
      return new Set(stdout.match(/\d+\.\d+\.\d+\.\d+(?= timeout| expires)/g) ?? []);
    },
    shut: async () => {
      await server.run(["nft", "flush", ...clients]);
    },
  };
  return { ...site, ways: [stepsWay(site)], beginnings: firstSteps(site), reload };
}

async function knockd(): Promise<System> {
  const site = await makeKnockd(SECONDS);
  return { ...site, ways: [knockdWay(site)], beginnings: firstSteps(site), reload: undefined };
}

async function fwknopd(mode: FwknopMode): Promise<System> {
  const site = await makeFwknopd(mode);
  return {
    ...site,
    ways: [fwknopWay(site)],
    beginnings: () => rubbishForFwknopd(site),
    reload: undefined,
  };
}

export async function makeSystems(names: readonly Name[]): Promise<readonly System[]> {
  const systems: System[] = [];
  for (const name of names) systems.push(await MAKERS[name]());
  return systems;
}
