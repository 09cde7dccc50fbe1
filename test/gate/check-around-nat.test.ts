/** Rules of others that lead past a door, as the programs of the host print them. */
import { describe, expect, test } from "vitest";
import { translationsInIptables } from "../../src/gate/check/nat/iptables.ts";
import { listMaps, translationsInNftables } from "../../src/gate/check/nat/nftables.ts";
import { parseSpan, printSpan } from "../../src/gate/check/nat/packets.ts";
import type { Translation } from "../../src/gate/check/nat/translation.ts";
import { listener, told } from "./around.ts";

const SSHD = listener("tcp", "0.0.0.0", 22, "sshd");
const DOOR = "doors:\n  ssh:\n    protects: tcp/22\n    sequence: { steps: [21001, udp/24040] }\n";

const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const dport = (right: unknown, op?: string) => match(payload("tcp", "dport"), right, op);
const daddr = (right: unknown) => match(payload("ip", "daddr"), right);
const to = (...concat: readonly unknown[]) => ({ concat });
const REDIRECT = { redirect: { port: 22 } };

type Expressions = readonly unknown[];

/** The rules of two chains of `ip nat`; the second is for jumps. */
function nft(rules: readonly Expressions[], jumped: readonly Expressions[] = []): Translation[] {
  const place = { family: "ip", table: "nat" };
  const inChain = (chain: string, all: readonly Expressions[], first: number) =>
    all.map((expr, n) => ({ rule: { ...place, chain, handle: first + n, expr } }));
  return translationsInNftables(
    JSON.stringify({
      nftables: [
        { chain: { ...place, name: "pre", hook: "prerouting" } },
        { chain: { ...place, name: "more" } },
        ...inChain("pre", rules, 10),
        ...inChain("more", jumped, 50),
      ],
    }),
  );
}

function iptables(...rules: readonly string[]): Translation[] {
  const saved = `*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n${rules.map((one) => `-A ${one}\n`).join("")}COMMIT\n`;
  return translationsInIptables({ program: "iptables", family: "ipv4", table: "nat", saved });
}

/** `severity: from where to where`, of everything that leads around the door. */
function around(translations: readonly Translation[], door = DOOR): string[] {
  return told(door, { listeners: [SSHD], translations })
    .filter((line) => line.includes("nat-around-door"))
    .map((line) =>
      line.replace(/^(\w+) nat-around-door: .* sends (.*?)(, which| ?: ).*/s, "$1: $2"),
    );
}

const TO_HOST = "to tcp/22 of this host";

describe("nftables", () => {
  test.each<[string, Expressions, string[]]>([
    ["one port", [dport(443), REDIRECT], [`error: tcp/443 ${TO_HOST}`]],
    [
      "a map of addresses and ports",
      [
        {
          dnat: {
            addr: {
              map: {
                key: { concat: [payload("ip", "daddr"), payload("tcp", "dport")] },
                data: { set: [[to("198.51.100.1", 8443), to("198.51.100.1", 22)]] },
              },
            },
          },
        },
      ],
      ["error: tcp/8443 to tcp/22 of 198.51.100.1"],
    ],
    [
      "several, of which the door has one",
      [dport({ set: [22, 80, { range: [90, 99] }] }), { counter: null }, REDIRECT],
      [`error: tcp/80 and tcp/90-99 ${TO_HOST}`],
    ],
    ["the door's own port", [dport(22), REDIRECT], []],
    ["all but some", [dport(22, "!="), REDIRECT], [`error: tcp/0-21 and tcp/23-65535 ${TO_HOST}`]],
    [
      "every port",
      [match({ meta: { key: "l4proto" } }, "tcp"), REDIRECT],
      [`error: every tcp port ${TO_HOST}`],
    ],
    ["another protocol", [match(payload("udp", "dport"), 443), REDIRECT], []],
    ["any protocol", [match(payload("th", "dport"), 443), REDIRECT], [`error: tcp/443 ${TO_HOST}`]],
    ["another port", [dport(443), { redirect: { port: 80 } }], []],
    ["the same port", [dport(443), { redirect: null }], []],
    [
      "one of several ports",
      [dport(443), { redirect: { port: { range: [20, 30] } } }],
      ["warning: tcp/443 to tcp/20-30 of this host"],
    ],
    [
      "by a map",
      [
        {
          redirect: {
            port: {
              map: {
                key: payload("tcp", "dport"),
                data: {
                  set: [
                    [443, 22],
                    [80, 81],
                  ],
                },
              },
            },
          },
        },
      ],
      [`error: tcp/443 ${TO_HOST}`],
    ],
    ["by a set with a name", [dport("@some"), REDIRECT], [`warning: every tcp port ${TO_HOST}`]],
    [
      "what has a mark",
      [match({ meta: { key: "mark" } }, 1), dport(443), REDIRECT],
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    [
      "some sources",
      [match(payload("ip", "saddr"), "192.0.2.1"), dport(443), REDIRECT],
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    [
      "what is no first packet",
      [match({ ct: { key: "state" } }, "established"), dport(443), REDIRECT],
      [],
    ],
    ["loopback", [match({ meta: { key: "iifname" } }, "lo"), dport(443), REDIRECT], []],
    [
      "an own address",
      [daddr("198.51.100.1"), dport(443), { dnat: { addr: "198.51.100.1", port: 22 } }],
      ["error: tcp/443 to tcp/22 of 198.51.100.1"],
    ],
    [
      "to a socket of TPROXY",
      [dport(443), { tproxy: { port: 22 } }],
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    [
      "without connection tracking",
      [dport(443), { mangle: { key: payload("tcp", "dport"), value: 22 } }],
      [`error: tcp/443 ${TO_HOST}`],
    ],
    [
      "another host's address",
      [daddr("203.0.113.7"), { dnat: { addr: "10.9.0.10" } }],
      ["warning: tcp/22 of 203.0.113.7 to tcp/22 of 10.9.0.10"],
    ],
    ["another host's other port", [dport(8022), { dnat: { addr: "10.9.0.10", port: 22 } }], []],
  ])("%s", (_, rule, expected) => {
    expect(around(nft([rule]))).toEqual(expected);
  });

  test("a rule that an earlier one hides is none, and what an earlier may take is a warning", () => {
    expect(
      around(
        nft([
          [dport(443), { accept: null }],
          [dport(443), REDIRECT],
        ]),
      ),
    ).toEqual([]);
    const some = match({ meta: { key: "mark" } }, 1);
    expect(
      around(
        nft([
          [some, { accept: null }],
          [dport(443), REDIRECT],
        ]),
      ),
    ).toEqual([`warning: tcp/443 ${TO_HOST}`]);
  });

  test("jumps are followed, and return comes back from them", () => {
    const jump = [
      match({ fib: { result: "type", flags: ["daddr"] } }, "local"),
      { jump: { target: "more" } },
    ];
    const returns = [
      [dport(443), { return: null }],
      [dport({ set: [443, 444] }), REDIRECT],
    ];
    expect(around(nft([jump], returns))).toEqual([`warning: tcp/443 and tcp/444 ${TO_HOST}`]);
    expect(around(nft([jump], [[dport(444), REDIRECT]]))).toEqual([`error: tcp/444 ${TO_HOST}`]);
    const vmap = {
      vmap: { key: payload("tcp", "dport"), data: { set: [[445, { goto: { target: "more" } }]] } },
    };
    expect(around(nft([[vmap]], [[dport({ range: [1, 999] }), REDIRECT]]))).toEqual([
      `error: tcp/445 ${TO_HOST}`,
    ]);
  });

  test("a loop of chains and JSON of any kind end", () => {
    const again = [{ jump: { target: "more" } }];
    expect(around(nft([again], [again, [dport(443), REDIRECT]]))).toEqual([
      `error: tcp/443 ${TO_HOST}`,
    ]);
    for (const text of [
      "",
      "{}",
      '{"nftables": [5, null, {"chain": {"hook": "prerouting"}}, {"rule": {"expr": [{"dnat": 5}]}}]}',
    ]) {
      expect(translationsInNftables(text)).toEqual([]);
    }
  });

  test.each(["input", "forward", "output"])("writes to packets at the hook %s", (hook) => {
    const place = { family: "ip", table: "filter" };
    const rules = (expr: Expressions) =>
      JSON.stringify({
        nftables: [
          { chain: { ...place, name: "base", hook } },
          { rule: { ...place, chain: "base", handle: 1, expr } },
        ],
      });
    const write = { mangle: { key: payload("tcp", "dport"), value: 22 } };
    expect(around(translationsInNftables(rules([dport(443), write])))).toEqual(
      hook === "output" ? [] : [`warning: tcp/443 ${TO_HOST}`],
    );
    expect(around(translationsInNftables(rules([dport(443), { accept: null }])))).toEqual([]);
  });

  test("maps with a name are read, and those of the gate are not", () => {
    const place = { family: "ip", table: "nat" };
    const own = { map: { family: "inet", table: "postern", name: "theirs" } };
    const map = { ...place, name: "ports", type: "inet_service", map: "inet_service" };
    const key = payload("tcp", "dport");
    const expr = [{ redirect: { port: { map: { key, data: "@ports" } } } }];
    const ruleset = JSON.stringify({
      nftables: [
        { chain: { ...place, name: "pre", hook: "prerouting" } },
        { map },
        own,
        { rule: { ...place, chain: "pre", handle: 1, expr } },
      ],
    });
    expect(listMaps(ruleset)).toEqual([["nft", "--json", "list", "map", "ip", "nat", "ports"]]);
    const elem = [
      [443, 22],
      [{ elem: { val: 8443, comment: "and another" } }, 22],
    ];
    const printed = (table: string) =>
      JSON.stringify({ nftables: [{ map: { ...map, table, elem } }] });
    expect(around(translationsInNftables(ruleset, [printed("nat")]))).toEqual([
      `error: tcp/443 ${TO_HOST}`,
      `error: tcp/8443 ${TO_HOST}`,
    ]);
    expect(around(translationsInNftables(ruleset, [printed("other"), "no JSON"]))).toEqual([]);
  });

  test("the gate's own table is not looked at", () => {
    const place = { family: "inet", table: "postern" };
    const items = [
      { chain: { ...place, name: "pre", hook: "prerouting" } },
      { rule: { ...place, chain: "pre", handle: 1, expr: [dport(443), REDIRECT] } },
    ];
    expect(translationsInNftables(JSON.stringify({ nftables: items }))).toEqual([]);
  });
});

describe("iptables", () => {
  test.each<[string, string[]]>([
    [
      "PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 22",
      [`error: tcp/443 ${TO_HOST}`],
    ],
    [
      "PREROUTING -p tcp -m tcp ! --dport 22 -j REDIRECT --to-ports 22",
      [`error: tcp/0-21 and tcp/23-65535 ${TO_HOST}`],
    ],
    [
      'PREROUTING -p tcp -m multiport --dports 80,90:99 -m comment --comment "a \\"-j\\" b" -j REDIRECT --to-ports 22 --random',
      [`error: tcp/80 and tcp/90-99 ${TO_HOST}`],
    ],
    ["PREROUTING -p udp -m udp --dport 443 -j REDIRECT --to-ports 22", []],
    [
      "PREROUTING -s 192.0.2.0/24 -p tcp --dport 443 -j REDIRECT --to-ports 22",
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    ["PREROUTING -i lo -p tcp --dport 443 -j REDIRECT --to-ports 22", []],
    [
      "PREROUTING ! -i docker0 -p tcp --dport 443 -j REDIRECT --to-ports 22",
      [`error: tcp/443 ${TO_HOST}`],
    ],
    [
      "PREROUTING -p tcp --dport 443 -m conntrack --ctstate ESTABLISHED -j REDIRECT --to-ports 22",
      [],
    ],
    [
      "PREROUTING -p tcp --dport 443 -m time --timestart 01:00 -j REDIRECT --to-ports 22",
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    [
      "PREROUTING -p tcp --dport 443 -j DNAT --to-destination 198.51.100.1:22",
      ["error: tcp/443 to tcp/22 of 198.51.100.1"],
    ],
    ["PREROUTING -p tcp --dport 443 -j DNAT --to-destination :22", [`error: tcp/443 ${TO_HOST}`]],
    [
      "PREROUTING -d 203.0.113.0/24 -j NETMAP --to 10.9.0.0/24",
      ["warning: tcp/22 of 203.0.113.0/24 to tcp/22 of 10.9.0.0/24"],
    ],
    [
      "PREROUTING -p tcp --dport 443 -j TPROXY --on-port 22 --on-ip 0.0.0.0",
      [`warning: tcp/443 ${TO_HOST}`],
    ],
    ["PREROUTING -p tcp --dport 443 -j MARK --set-mark 1", []],
    ["DOCKER -p tcp --dport 443 -j REDIRECT --to-ports 22", []],
  ])("%s", (rule, expected) => {
    expect(around(iptables(rule))).toEqual(expected);
  });

  test("shows the rule, and the command that deletes it", () => {
    const rule = "PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 22";
    const [line = ""] = told(DOOR, { listeners: [SSHD], translations: iptables(rule) });
    expect(line).toBe(
      `error nat-around-door: the rule "-A ${rule}" in the table nat of iptables sends tcp/443 to tcp/22 of this host, which door ssh protects: it is open there without a knock; let door ssh judge those packets too: \`protects: [tcp/22, tcp/443]\`; or delete the rule, also where it is loaded from: \`iptables -t nat -D ${rule}\``,
    );
  });
});

describe("a container's port", () => {
  const docker = (port: number, to = "172.17.0.2:80") => [
    `DOCKER ! -i docker0 -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${to}`,
  ];
  const WEB = DOOR.replace("tcp/22", "tcp/8080");
  const JUMP = "PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";

  test("is no way around its own door, nor around one of the host's port 80", () => {
    expect(around(iptables(JUMP, ...docker(8080)), WEB)).toEqual([]);
    expect(around(iptables(JUMP, ...docker(8080)), DOOR.replace("tcp/22", "tcp/80"))).toEqual([]);
  });

  test("by a second port is one", () => {
    expect(around(iptables(JUMP, ...docker(8080), ...docker(8081)), WEB)).toEqual([
      "error: tcp/8081 to tcp/80 of 172.17.0.2",
    ]);
    expect(around(iptables(JUMP, ...docker(8080), ...docker(8081, "172.17.0.3:80")), WEB)).toEqual(
      [],
    );
  });

  test("by a port of another door says whose", () => {
    const two = `${WEB}  other: { protects: tcp/8081, sequence: { steps: [21001, udp/24040] } }\n`;
    const [first = ""] = told(two, {
      listeners: [SSHD],
      translations: iptables(JUMP, ...docker(8080), ...docker(8081)),
    }).filter((line) => line.includes("nat-around-door"));
    expect(first).toContain("who may use door other reaches it without a knock at ssh");
  });
});

test("destinations say what a door is for", () => {
  const rule = [daddr("203.0.113.7"), dport(22), { dnat: { addr: "10.9.0.10" } }];
  const before = (list: string) => `${DOOR}    destinations: [${list}]\n`;
  const forwards = { ipv4: true, ipv6: true };
  const of = (list: string) =>
    told(before(list), { listeners: [SSHD], translations: nft([rule]), forwards });
  expect(of("198.51.100.1")).toEqual([]);
  expect(of("10.9.0.10")).toEqual([
    expect.stringMatching(/^error .*`destinations: \[10\.9\.0\.10, 203\.0\.113\.7\]`/),
  ]);
  expect(of("10.9.0.10, 203.0.113.7")).toEqual([]);
});

test("a range of addresses is written as prefixes", () => {
  const printed = (text: string) => printSpan(parseSpan(text) ?? expect.fail());
  expect(printed("203.0.113.1-203.0.113.3")).toEqual(["203.0.113.1", "203.0.113.2/31"]);
  expect(printed("0.0.0.0-255.255.255.255")).toEqual(["0.0.0.0/0"]);
  expect(printed("2001:db8::-2001:db8::ffff")).toEqual(["2001:db8::/112"]);
  expect(printed("203.0.113.7")).toEqual(["203.0.113.7"]);
});
