/** What is said of one source, from what the kernel lists and the policy that the gate is made of. */
import { describe, expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import { FINGERPRINT, MADE_OF } from "../../src/backend/nftables/names.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Paths } from "../../src/gate/check/bypass/index.ts";
import { explainSource } from "../../src/gate/explain/index.ts";
import { readExplanation } from "../../src/gate/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { address } from "../scenarios/arbitrary.ts";
import { fakeHost, prints } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";
import { type Element, element, listingOf } from "./listings.ts";
import { link, NO_PATHS, portOf } from "./paths.ts";

const POLICY = `interfaces: [eth0]
ipv6-prefix: 64
trusted: [10.0.0.0/24, 10.1.0.0/16]
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh:
    protects: [tcp/22, udp/22, tcp/2200-2210]
    single-use: true
    sequence: { steps: [51001, udp/54040, ping/63] }
  six:
    protects: tcp/80
    destinations: [2001:db8::1]
    sequence: { steps: [ping/64] }
  hand: { protects: udp/53 }
`;

function explained(
  source: string,
  members: Readonly<Record<string, readonly Element[]>> = {},
  { policy = POLICY, isOfThisHost = false, only = undefined as string | undefined } = {},
) {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  const program = compilePolicy(placed.policy);
  const listing = parseListing(listingOf(program, members));
  return explainSource({ placed, program, listing }, address(source), isOfThisHost, only);
}

test("everything that is known of a stranger", () => {
  expect(explained("192.0.2.7")).toEqual({
    address: "192.0.2.7",
    source: "192.0.2.7",
    bannedAs: "192.0.2.7",
    isOfThisHost: false,
    interfaces: ["eth0"],
    comesBy: null,
    isCovered: true,
    beforeGate: [],
    trustedBy: null,
    bans: [],
    wrongSteps: null,
    doors: [
      {
        name: "ssh",
        bypasses: [],
        visits: [
          {
            protocol: "tcp",
            services: ["tcp/22", "tcp/2200-2210"],
            passes: false,
            why: "no-grant",
          },
          { protocol: "udp", services: ["udp/22"], passes: false, why: "no-grant" },
        ],
        grant: null,
        session: null,
        openForSeconds: 10,
        carriers: [],
        signed: null,
        singleUse: true,
        attempt: {
          made: 0,
          secondsLeft: null,
          withinSeconds: 10,
          steps: ["51001", "udp/54040", "ping/63"],
          watch: "51001-54040",
          wouldEnd: "opens",
        },
      },
      {
        name: "six",
        bypasses: [],
        visits: [{ protocol: "tcp", services: ["tcp/80"], passes: true, why: "other-address" }],
        grant: null,
        session: null,
        openForSeconds: 10,
        carriers: [],
        signed: null,
        singleUse: false,
        attempt: {
          made: 0,
          secondsLeft: null,
          withinSeconds: 10,
          steps: ["ping/64"],
          watch: null,
          wouldEnd: "not-gated",
        },
      },
      {
        name: "hand",
        bypasses: [],
        visits: [{ protocol: "udp", services: ["udp/53"], passes: false, why: "no-grant" }],
        grant: null,
        session: null,
        openForSeconds: 10,
        carriers: [],
        signed: null,
        singleUse: false,
        attempt: null,
      },
    ],
  });
});

test("an IPv6 source is found under its prefix, and has doors of its own", () => {
  const said = explained("2001:db8::7", {
    ssh_stage2_6: [element("2001:db8::", 4)],
    ssh_sessions6: [element("2001:db8::", 100)],
    banned6: ["2001:db8:1::"],
  });
  expect(said).toMatchObject({ source: "2001:db8::/64", bans: [] });
  expect(said.doors[0]).toMatchObject({
    visits: [{ why: "no-grant" }, { why: "session" }],
    session: { secondsLeft: 100 },
    attempt: { made: 2, secondsLeft: 4 },
  });
  expect(said.doors[1]?.visits[0]?.why).toBe("no-grant");
});

test("an IPv6 source is banned with its /64, and has its grants by itself", () => {
  const policy = POLICY.replace("ipv6-prefix: 64\n", "");
  const members = {
    banned6: ["2001:db8::"],
    auto_banned6: ["2001:db8:0:1::"],
    wrong6: [element("2001:db8::", 9)],
    ssh_stage1_6: [element("2001:db8::8", 5)],
  };
  const said = explained("2001:db8::7", members, { policy });
  expect(said).toMatchObject({
    source: "2001:db8::7",
    bannedAs: "2001:db8::/64",
    bans: [{ automatic: false }],
    wrongSteps: { secondsLeft: 9 },
  });
  expect(said.doors[0]).toMatchObject({
    visits: [{ why: "banned" }, { why: "banned" }],
    attempt: { made: 0, wouldEnd: "banned" },
  });
});

test("a source in the last second of its grant still has it", () => {
  const [ssh] = explained("192.0.2.7", { ssh_single_grants4: [element("192.0.2.7", 0)] }).doors;
  expect(ssh).toMatchObject({ visits: [{ why: "grant" }, {}], grant: { secondsLeft: 0 } });
});

test("bans of both kinds are told, and they outrank a grant", () => {
  const said = explained("192.0.2.7", {
    banned4: ["192.0.2.7"],
    auto_banned4: [element("192.0.2.7", 60)],
    wrong4: [element("192.0.2.7", 9)],
    ssh_single_grants4: [element("192.0.2.7", 5)],
  });
  expect(said.bans).toEqual([
    { automatic: false, secondsLeft: null },
    { automatic: true, secondsLeft: 60 },
  ]);
  expect(said.wrongSteps).toEqual({ secondsLeft: 9, after: 5 });
  expect(said.doors[0]).toMatchObject({
    visits: [{ why: "banned" }, { why: "banned" }],
    attempt: { wouldEnd: "banned" },
  });
});

describe("trust", () => {
  test("is told with the place of the prefix in the policy, and outranks a ban", () => {
    const said = explained("10.1.2.3", { banned4: ["10.1.2.3"] });
    expect(said.trustedBy).toEqual({ prefix: "10.1.0.0/16", file: "policy.yaml", line: 3 });
    expect(said.doors[0]?.visits[0]).toMatchObject({ passes: true, why: "trusted" });
  });
});

test("the host itself is not judged, with interfaces named or not", () => {
  for (const policy of [POLICY, POLICY.replace("interfaces: [eth0]", "")]) {
    const [ssh] = explained("192.0.2.7", {}, { policy, isOfThisHost: true }).doors;
    expect(ssh).toMatchObject({
      visits: [{ passes: true, why: "not-gated" }, { why: "not-gated" }],
      attempt: { wouldEnd: "not-gated" },
    });
  }
});

test("one door alone, where it is asked for", () => {
  expect(explained("192.0.2.7", {}, { only: "hand" }).doors.map(({ name }) => name)).toEqual([
    "hand",
  ]);
});

describe("a full set", () => {
  const CROWD = Array.from({ length: 65_536 }, (_, n) => `10.200.${n >> 8}.${n & 255}`);
  const wouldEnd = (members: Readonly<Record<string, readonly Element[]>>) =>
    explained("192.0.2.7", members, { only: "ssh" }).doors[0]?.attempt?.wouldEnd;

  test.each(["ssh_stage1_4", "ssh_stage2_4", "ssh_single_grants4"])("%s stops a knock", (set) => {
    expect(wouldEnd({ [set]: CROWD })).toBe("full");
  });

  test("does not stop who is in it, or past it", () => {
    const [, ...most] = CROWD;
    expect(wouldEnd({ ssh_stage1_4: [...most, "192.0.2.7"] })).toBe("opens");
    expect(wouldEnd({ ssh_stage1_4: CROWD, ssh_stage2_4: ["192.0.2.7"] })).toBe("opens");
  });

  test("of the other family, or with room for one, does not matter", () => {
    const six = Array.from({ length: 65_536 }, (_, n) => `2001:db8:1:${n.toString(16)}::`);
    expect(wouldEnd({ ssh_stage1_6: six })).toBe("opens");
    expect(wouldEnd({ ssh_stage1_4: CROWD.slice(1) })).toBe("opens");
  });
});

describe("on a host", () => {
  const program = compilePolicy(sure(parsePlacedPolicy(POLICY, "p")).policy);
  /** nft tells the fingerprint as the comment of a rule. */
  const table = JSON.stringify({
    nftables: [
      ...(JSON.parse(listingOf(program)) as { nftables: unknown[] }).nftables,
      {
        rule: {
          ...{ family: "inet", table: "postern", chain: MADE_OF },
          comment: `${FINGERPRINT}${program.fingerprint}`,
        },
      },
    ],
  });
  const host = (ip?: string) => {
    const fake = fakeHost({ tables: [table], files: { "/p.yaml": POLICY } });
    return {
      ...fake,
      run: (argv: readonly string[], options?: { readonly stdin?: string }) =>
        argv[0] === "ip" && ip !== undefined
          ? Promise.resolve(prints(ip))
          : fake.run(argv, options),
    };
  };
  const ask = (source: string, door?: string, ip?: string) =>
    readExplanation(host(ip), "/p.yaml", address(source), door);

  test("loopback and its own addresses are known", async () => {
    const own = '[{"addr_info":[{"family":"inet","local":"192.0.2.1","prefixlen":24}]}]';
    for (const [source, is] of [
      ["192.0.2.1", true],
      ["192.0.2.2", false],
      ["127.9.9.9", true],
      ["::1", true],
    ] as const) {
      expect(await ask(source, "ssh", own)).toMatchObject({ value: { isOfThisHost: is } });
    }
    expect(await ask("192.0.2.1")).toMatchObject({ value: { isOfThisHost: false } });
  });

  test("a door that there is not is a problem that names those there are", async () => {
    expect(await ask("192.0.2.7", "\u001b[2J")).toEqual({
      ok: false,
      problems: [
        {
          code: "no-such-door",
          severity: "error",
          what: 'the gate has no door called "\\u001b[2J"',
          fix: "name one of its doors: ssh, six, hand",
        },
      ],
    });
  });
});

test("a signed knock is told of with what carries it, and whether it opens from here", () => {
  const signed = "signed: { carriers: [udp/53, ping], from: [192.0.2.0/24], bound: true }";
  const policy = `doors: { ssh: { protects: tcp/22, ${signed} } }`;
  const toldOf = (source: string) => explained(source, {}, { policy }).doors[0]?.signed;
  const carriers = ["udp/53", "ping"];
  expect(toldOf("192.0.2.7")).toEqual({ carriers, opensFromHere: true, bound: true });
  expect(toldOf("198.51.100.7")).toEqual({ carriers, opensFromHere: false, bound: true });
  expect(toldOf("2001:db8::7")).toEqual({ carriers, opensFromHere: false, bound: true });
  const anywhere = "doors: { ssh: { protects: tcp/22, signed: { carriers: [ping] } } }";
  expect(explained("2001:db8::7", {}, { policy: anywhere }).doors[0]?.signed).toEqual({
    carriers: ["ping"],
    opensFromHere: true,
    bound: false,
  });
  expect(explained("192.0.2.7").doors.map((door) => door.signed)).toEqual([null, null, null]);
});

test("what carries a token to a door is told, as the policy writes it", () => {
  const policy = "doors: { ssh: { protects: tcp/22, token: { carriers: [ping, http/8080] } } }";
  expect(explained("192.0.2.7", {}, { policy }).doors).toMatchObject([
    { attempt: null, carriers: ["ping", "http/8080"], visits: [{ passes: false }] },
  ]);
});

describe("a source whose packets do not come to the gate", () => {
  const guest = 'doors: { ssh: { protects: tcp/22, destinations: [198.51.100.5, "2001:db8::5"] } }';
  const at = (name: string) => ({ type: "unicast", interface: name, isFarther: false });
  const bridge = [link("vmbr0", { kind: "bridge" }), portOf("vmbr0", "enp3s0"), link("lan0")];
  const ask = (policy: string, comesBy: string, over: Partial<Paths> = {}) => {
    const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
    const program = compilePolicy(placed.policy);
    const listing = parseListing(listingOf(program));
    const routes = new Map([
      ["192.0.2.7", at(comesBy)],
      ["198.51.100.5", at("vmbr0")],
      ["2001:db8::5", at("vmbr0")],
    ]);
    const paths: Paths = { ...NO_PATHS, links: bridge, routes, ...over };
    return explainSource(
      { placed, program, listing },
      address("192.0.2.7"),
      false,
      undefined,
      paths,
    );
  };

  test("comes in by an interface that is not covered, as far as the routes tell", () => {
    expect(ask(POLICY, "lan0")).toMatchObject({
      ...{ comesBy: "lan0", isCovered: false },
      doors: [{ visits: [{ passes: true, why: "other-interface" }, {}] }, {}, {}],
    });
    expect(ask(POLICY, "eth0")).toMatchObject({
      ...{ comesBy: "eth0", isCovered: true },
      doors: [{ visits: [{ passes: false, why: "no-grant" }, {}] }, {}, {}],
    });
    const excluded = POLICY.replace("[eth0]", '["!lan0"]');
    expect(ask(excluded, "lan0").isCovered).toBe(false);
    expect(ask(excluded, "wg0").doors[0]?.visits[0]?.why).toBe("no-grant");
  });

  test("reaches a guest of the same bridge, and is not told that it is refused", () => {
    const [door] = ask(guest, "vmbr0").doors;
    expect(door).toMatchObject({
      visits: [{ passes: true, why: "past-gate" }],
      bypasses: [{ destination: "198.51.100.5", isCertain: true }],
    });
    const [routed] = ask(guest, "lan0").doors;
    expect(routed).toMatchObject({ visits: [{ why: "no-grant" }], bypasses: [] });
    const showsBridged = { ipv4: true, ipv6: true };
    expect(ask(guest, "vmbr0", { showsBridged }).doors[0]?.visits[0]?.why).toBe("no-grant");
  });

  test("may reach a host of its network directly, which nobody can tell", () => {
    const over = {
      links: [link("eth0")],
      defaults: { ipv4: ["eth0"], ipv6: [] },
      routes: new Map([
        ["192.0.2.7", at("eth0")],
        ["198.51.100.5", at("eth0")],
      ]),
    };
    expect(ask(guest, "eth0", over).doors[0]).toMatchObject({
      visits: [{ passes: false, why: "no-grant" }],
      bypasses: [{ isCertain: false }],
    });
  });

  test("meets one more destination, which is gated", () => {
    const two = guest.replace("[198.51.100.5,", "[198.51.100.5, 203.0.113.9,");
    expect(ask(two, "vmbr0").doors[0]).toMatchObject({
      visits: [{ why: "no-grant" }],
      bypasses: [{ destination: "198.51.100.5" }],
    });
  });

  test("meets what stands before the gate first", () => {
    const links = [...bridge, link("eth0", { xdp: ["program (id 7)"] })];
    expect(ask(POLICY, "eth0", { links }).beforeGate).toEqual([
      "XDP program (id 7) on eth0 sees packets before the gate does, and may answer them or send them elsewhere",
    ]);
  });
});
