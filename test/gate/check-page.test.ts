/** docs/check.md shows every problem that a check knows, word for word. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LIMIT_CODES, type LimitCode, limitsOf } from "../../src/backend/iptables/index.ts";
import { CHECK_CODES, type CheckCode, checkPolicy } from "../../src/check/index.ts";
import { checkBypasses, type Paths } from "../../src/gate/check/bypass/index.ts";
import { checkCarrierNeeds } from "../../src/gate/check/carriers.ts";
import { HOST_CODES, type HostCode } from "../../src/gate/check/codes.ts";
import { checkHost } from "../../src/gate/check/host.ts";
import { translationsInIptables } from "../../src/gate/check/nat/iptables.ts";
import { checkOnIptables, type IptablesHost } from "../../src/gate/check/on-iptables.ts";
import { checkSigners } from "../../src/gate/check/signers.ts";
import type { Surroundings } from "../../src/gate/check/surroundings.ts";
import { prefixOf } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { renderProblem } from "../../src/problem/render.ts";
import { address } from "../scenarios/arbitrary.ts";
import { seededChance } from "../setup/chance.ts";
import { type Answers, fails, fakeHost } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";
import { ALL_SAFE, arrival, listener, NOTHING } from "./around.ts";
import { link, NO_PATHS, portOf } from "./paths.ts";

const page = readFileSync("docs/check.md", "utf8");

interface Example {
  readonly policy: string;
  readonly around?: Partial<Surroundings>;
  readonly paths?: Partial<Paths>;
  readonly iptables?: Partial<IptablesHost>;
  readonly answers?: Answers;
}

const SMALL: IptablesHost = { recent: { capacity: 100, module: "loaded" }, isWide: true };

function policy(lines: string, before = ""): string {
  return `${before}doors:\n  ssh:\n    protects: tcp/22\n${lines}`;
}

function steps(list: string): string {
  return policy(`    sequence:\n      steps: [${list}]\n`);
}

const BY_HAND = policy("");
const KNOCKED = steps("21001, udp/24040, tcp/22777");
const ME = arrival("192.0.2.7", "198.51.100.1", 22);
const SSHD = listener("tcp", "0.0.0.0", 22, "sshd");

/** As nft prints a chain with `policy drop` and nothing in it. */
const DROPPING = JSON.stringify({
  nftables: [
    { table: { family: "inet", name: "filter" } },
    {
      chain: {
        ...{ family: "inet", table: "filter", name: "input" },
        ...{ type: "filter", hook: "input", prio: 0, policy: "drop" },
      },
    },
  ],
});

/** As iptables prints a redirect. */
const REDIRECTED = translationsInIptables({
  ...({ program: "iptables", family: "ipv4", table: "nat" } as const),
  saved:
    ":PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 22\n",
});

const CONTAINER: Paths["children"][number] = {
  link: link("eth0", { kind: "macvlan", isParentElsewhere: true }),
  on: "enp3s0",
  addresses: [arrival("203.0.113.7", "::1", 22).source],
  listeners: [SSHD],
};

const EXAMPLES: Readonly<Record<CheckCode | HostCode | LimitCode, Example>> = {
  "opened-by-scan": { policy: steps("51001, 51002, 51003") },
  "predictable-steps": { policy: steps("udp/2222, tcp/3333, udp/4444") },
  "easily-guessed": { policy: steps("51500, tcp/51200, udp/51801") },
  "no-way-in": { policy: BY_HAND },
  "short-lookahead": { policy: policy("    token: { carriers: [ping], lookahead: 5m }\n") },
  "locks-you-out": { policy: BY_HAND, around: { session: ME } },
  "you-must-knock": { policy: KNOCKED, around: { session: ME } },
  "others-must-knock": {
    policy: KNOCKED,
    around: {
      others: [8, 9].map((n) => ({
        ...ME,
        source: arrival(`192.0.2.${n}`, "198.51.100.1", 22).source,
      })),
    },
  },
  "nothing-listens": { policy: KNOCKED, around: { listeners: [] } },
  "bound-listener": {
    policy: KNOCKED,
    around: { listeners: [listener("tcp", "198.51.100.1", 22, "sshd")] },
  },
  "carrier-without-server": {
    policy: policy("    token: { carriers: [ping, http/80] }\n"),
    around: { listeners: [SSHD] },
  },
  "stopped-elsewhere": {
    policy: KNOCKED,
    around: { listeners: [SSHD], otherRules: { nftables: DROPPING, iptables: [] } },
  },
  "signers-missing": { policy: policy("    signed: { carriers: [ping] }\n") },
  "watch-over-ephemeral": {
    policy: steps("51001, udp/54040, tcp/52777"),
    around: { ephemeral: { range: { first: 32_768, last: 60_999 }, reserved: [] } },
  },
  "watch-over-service": {
    policy: KNOCKED,
    around: { listeners: [SSHD, listener("udp", "0.0.0.0", 22_000, "openvpn")] },
  },
  "udp-over-ephemeral": {
    policy: policy("").replace("tcp/22", "udp/60000-61000"),
    around: { ephemeral: { range: { first: 32_768, last: 60_999 }, reserved: [] } },
  },
  "nat-around-door": {
    policy: KNOCKED,
    around: { listeners: [SSHD], translations: REDIRECTED },
  },
  "second-port": {
    policy: KNOCKED,
    around: {
      listeners: [22, 2222].map((port) => ({
        ...listener("tcp", "0.0.0.0", port, "sshd"),
        pids: [712],
      })),
    },
  },
  "local-elsewhere": {
    policy: policy("").replace("tcp/22", "udp/51820"),
    around: {
      otherLocals: [{ prefix: prefixOf(address("198.51.100.9")), table: "100", isForAll: true }],
    },
  },
  "source-routes": {
    policy: policy("    destinations: [203.0.113.7]\n"),
    around: {
      addresses: [address("203.0.113.7")],
      sourceRoutes: [{ family: "ipv4", setting: "net.ipv4.conf.all.accept_source_route" }],
    },
  },
  "no-such-interface": { policy: policy("", "interfaces: [ppp0]\n"), around: {} },
  "not-this-host": { policy: policy("    destinations: [203.0.113.7]\n") },
  "port-of-bridge": {
    policy: policy("", "interfaces: [eth0]\n"),
    paths: { links: [portOf("vmbr0", "eth0"), link("vmbr0", { kind: "bridge" })] },
  },
  "default-route-uncovered": {
    policy: policy("", "interfaces: [eth0]\n"),
    paths: { links: [link("eth0"), link("ppp0")], defaults: { ipv4: ["ppp0"], ipv6: [] } },
  },
  "macvlan-uncovered": {
    policy: policy("", "interfaces: [eth0]\n"),
    paths: { links: [link("eth0"), link("vrrp.51", { kind: "macvlan", parent: "eth0" })] },
  },
  "guest-not-gated": {
    policy: policy("    destinations: [203.0.113.7]\n"),
    paths: {
      links: [link("vmbr0", { kind: "bridge" }), portOf("vmbr0", "enp3s0")],
      routes: new Map([["203.0.113.7", { type: "unicast", interface: "vmbr0", isFarther: false }]]),
    },
  },
  "container-not-gated": { policy: KNOCKED, paths: { children: [CONTAINER] } },
  "redirected-before-gate": {
    policy: KNOCKED,
    paths: {
      ingress: [{ interface: "eth0", kind: "redirect", to: "tap0" }],
      links: [link("eth0")],
    },
  },
  "carrier-needs-newer": {
    policy: policy("    token: { carriers: [ping, http/80] }\n"),
    answers: { kernel: "5.10.0-28-amd64", check: fails("Error: syntax error, unexpected @ih") },
  },
  "short-lists": { policy: KNOCKED, iptables: {} },
  "strays-pass": { policy: KNOCKED, iptables: {} },
  "one-syn-each": { policy: policy("    single-use: true\n"), iptables: {} },
  "cut-log-names": {
    policy: policy("  mail-submission:\n    protects: tcp/587\n", "log: true\n"),
    iptables: {},
  },
  "ticks-wrap": { policy: KNOCKED, iptables: { isWide: false } },
  "reset-needs-nftables": { policy: policy("    refuse: reset\n"), iptables: {} },
  "token-needs-nftables": {
    policy: policy("    token: { carriers: [ping] }\n"),
    iptables: {},
  },
  "signed-needs-nftables": {
    policy: policy("    signed: { carriers: [ping] }\n"),
    iptables: {},
  },
  "too-many-to-count": {
    policy: policy("", "ban: { after: 300, within: 1h, for: 24h }\n"),
    iptables: {},
  },
};

const CODES = [...CHECK_CODES, ...HOST_CODES, ...LIMIT_CODES];

test.each(CODES)("%s has a part of its own, and an example", async (code) => {
  const { policy: text, around = {}, iptables, answers = {}, paths } = EXAMPLES[code];
  const placed = sure(parsePlacedPolicy(text, "policy.yaml"));
  const problems = [
    ...checkPolicy(placed, { commonPorts: undefined, chance: seededChance(16) }).problems,
    ...checkHost(placed, { ...NOTHING, ...around }, ALL_SAFE),
    ...checkBypasses(placed, { ...NO_PATHS, ...paths }),
    ...(await checkCarrierNeeds(fakeHost(answers), placed)),
    ...(await checkSigners(fakeHost(answers), placed)),
    ...(iptables === undefined
      ? []
      : [...limitsOf(placed), ...checkOnIptables(placed, { ...SMALL, ...iptables })]),
  ];
  const problem = problems.find((one) => one.code === code);
  expect(problem).toBeDefined();
  if (problem === undefined) return;
  const [, part = ""] = page.split(`### \`${code}\`\n`);
  expect(part.split("\n### ")[0]).toContain(
    `\n\`\`\`\n${renderProblem(problem, { colour: false })}\n\`\`\`\n`,
  );
});

test("a scan that opens a door by chance is shown as well", () => {
  const placed = sure(parsePlacedPolicy(steps("443, 8443, 3389"), "policy.yaml"));
  const known = { commonPorts: undefined, chance: seededChance(17) };
  const [problem] = checkPolicy(placed, known).problems;
  if (problem === undefined) throw new Error("no problem");
  expect(page).toContain(`\n\`\`\`\n${renderProblem(problem, { colour: false })}\n\`\`\`\n`);
});

test("no other code has one", () => {
  const named = [...page.matchAll(/^### `(.*)`$/gm)].map(([, code]) => code);
  expect(named).toEqual(CODES);
});
