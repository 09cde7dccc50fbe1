/** Findings about ways past a gate that the kernel of a test may not have: bonds, ipvlan, XDP. */
import { describe, expect, test } from "vitest";
import type { Child, Paths, Route } from "../../src/gate/check/bypass/index.ts";
import { address } from "../scenarios/arbitrary.ts";
import { codesOf, link, portOf, toldOf } from "./paths.ts";

const SSH = "doors: { ssh: { protects: tcp/22 } }\n";
const on = (list: string) => `interfaces: ${list}\n${SSH}`;
const doorTo = (list: string) => `doors: { guest: { protects: tcp/22, destinations: ${list} } }\n`;

describe("a covered port of something else", () => {
  const bond = link("bond0", { kind: "bond" });
  const bridge = link("vmbr0", { kind: "bridge" });
  const slave = link("eth0", { master: "bond0", masterKind: "bond" });

  test("of a bond in a bridge comes in by the name of the bridge", () => {
    const links = [slave, { ...bond, master: "vmbr0", masterKind: "bridge" }, bridge];
    expect(toldOf(on("[eth0]"), { links })).toEqual([
      "error port-of-bridge: eth0 is a port of the bridge vmbr0: its packets come in by the name vmbr0, which `interfaces` does not cover, and get past the gate; cover it as well: write vmbr0 in `interfaces`",
    ]);
    expect(codesOf(on("[eth0, bond0]"), { links })).toEqual([
      "error port-of-bridge",
      "error port-of-bridge",
    ]);
    expect(codesOf(on("[eth0, vmbr0]"), { links })).toEqual([]);
    expect(codesOf(on('["!lan0"]'), { links })).toEqual([]);
  });

  test("of a team or bond is named, and of a pattern each port", () => {
    const links = [slave, { ...slave, name: "eth1" }, link("eth2"), bond];
    expect(codesOf(on('["eth*"]'), { links })).toEqual([
      "error port-of-bridge",
      "error port-of-bridge",
    ]);
    expect(codesOf(on('["eth*", "!eth1"]'), { links })).toEqual(["error port-of-bridge"]);
  });

  test("of a VRF keeps its name", () => {
    const links = [
      link("eth0", { master: "red", masterKind: "vrf" }),
      link("red", { kind: "vrf" }),
    ];
    expect(codesOf(on("[eth0]"), { links })).toEqual([]);
  });

  test("of Open vSwitch comes in by one of the switch's own names", () => {
    const port = link("eth0", { master: "ovs-system", masterKind: "openvswitch" });
    const own = ["ovs-system", "br-ext"].map((name) => link(name, { kind: "openvswitch" }));
    const [told = ""] = toldOf(on("[eth0]"), { links: [port, ...own] });
    expect(told).toMatch(/^error port-of-bridge: eth0 is a port of Open vSwitch.*: br-ext$/);
    expect(codesOf(on("[eth0, br-ext]"), { links: [port, ...own] })).toEqual([]);
  });

  test("in a circle, as no kernel has it, ends", () => {
    const links = [portOf("b", "a", { kind: "bridge" }), portOf("a", "b", { kind: "bridge" })];
    expect(codesOf(on("[a, b]"), { links })).toEqual([]);
  });
});

describe("the default route", () => {
  const links = [link("eth0"), link("ppp0"), link("sit1")];
  const defaults = { ipv4: ["ppp0"], ipv6: ["sit1"] };

  test("by an interface that is not covered is told, unless that is meant", () => {
    expect(codesOf(on("[eth0, ppp0]"), { links, defaults })).toEqual([
      "warning default-route-uncovered",
    ]);
    expect(toldOf(on("[eth0, ppp0]"), { links, defaults })[0]).toContain("(IPv6) goes by sit1");
    for (const list of ['[eth0, "ppp*", "!sit1"]', "[ppp0, sit1]", '["!eth0"]']) {
      expect(codesOf(on(list), { links, defaults })).toEqual([]);
    }
    expect(codesOf(SSH, { links, defaults })).toEqual([]);
  });
});

describe("interfaces that are not there", () => {
  const links = [link("lo"), link("eth0"), link("wg0")];

  test("are errors where the gate would see nothing, and warnings where it sees something", () => {
    expect(codesOf(on('[ppp0, "wl*"]'), { links })).toEqual([
      ...["error no-such-interface", "error no-such-interface"],
    ]);
    expect(codesOf(on('[ppp0, "wg*"]'), { links })).toEqual(["warning no-such-interface"]);
    expect(codesOf(on('["!eth*", "!wg0"]'), { links })).toEqual(["error no-such-interface"]);
    expect(codesOf(on('["eth*", "!eth0"]'), { links })).toEqual(["error no-such-interface"]);
    expect(codesOf(on('["!lan0"]'), { links })).toEqual([]);
  });

  test("of a number have a pattern as a remedy", () => {
    expect(toldOf(on("[ppp0, eth0]"), { links })[0]).toContain('number, write "ppp*"');
    expect(toldOf(on("[wan, eth0]"), { links })[0]).not.toContain("*");
    expect(toldOf(on('["ppp*", eth0]'), { links })[0]).toContain("start the link before you apply");
  });
});

describe("a guest", () => {
  const at = (name: string, over: Partial<Route> = {}): Route => ({
    ...{ type: "unicast", interface: name, isFarther: false },
    ...over,
  });
  const bridge = link("vmbr0", { kind: "bridge" });
  const guests = ["tap0", "veth1"].map((name) =>
    portOf("vmbr0", name, { kind: name.replace(/\d/, "") === "tap" ? "tun" : "veth" }),
  );
  const paths = (over: Partial<Paths>, route = at("vmbr0")): Partial<Paths> => ({
    links: [bridge, ...guests],
    routes: new Map([
      ["192.0.2.5", route],
      ["2001:db8::5", route],
    ]),
    ...over,
  });
  const GUEST = doorTo("[192.0.2.5]");

  test("behind a bridge that leads out is open for certain, by a card or a default route", () => {
    const card = portOf("vmbr0", "enp3s0");
    expect(codesOf(GUEST, paths({ links: [bridge, ...guests, card] }))).toEqual([
      "error guest-not-gated",
    ]);
    expect(codesOf(GUEST, paths({ defaults: { ipv4: ["vmbr0"], ipv6: [] } }))).toEqual([
      "error guest-not-gated",
    ]);
  });

  test("behind a bridge of guests alone is open to them", () => {
    expect(toldOf(GUEST, paths({}))[0]).toMatch(
      /^warning guest-not-gated: packets to 192\.0\.2\.5, before which door guest stands, may not pass the gate: what else is connected to bridge vmbr0/,
    );
    expect(codesOf(GUEST, paths({ links: [bridge, ...guests.slice(1)] }))).toEqual([]);
  });

  test("behind a bridge that shows the firewall its packets is gated, each family by itself", () => {
    const defaults = { ipv4: ["vmbr0"], ipv6: ["vmbr0"] };
    const both = doorTo('[192.0.2.5, "2001:db8::5"]');
    const showsBridged = { ipv4: true, ipv6: false };
    for (const over of [{ showsBridged }, { links: [{ ...bridge, showsBridged }, ...guests] }]) {
      const told = toldOf(both, paths({ defaults, ...over }));
      expect(told).toHaveLength(1);
      expect(told[0]).toContain("packets to 2001:db8::5");
      expect(told[0]).toContain("net.bridge.bridge-nf-call-ip6tables=1");
    }
  });

  test("of a VLAN of a bridge is behind the bridge", () => {
    const vlan = link("vmbr0.10", { kind: "vlan", parent: "vmbr0" });
    const links = [bridge, vlan, ...guests];
    const defaults = { ipv4: ["vmbr0.10"], ipv6: [] };
    expect(codesOf(GUEST, paths({ links, defaults }, at("vmbr0.10")))).toEqual([
      "error guest-not-gated",
    ]);
  });

  test("of a prefix is found by what is in it", () => {
    const card = portOf("vmbr0", "enp3s0");
    const routes = new Map([
      ["192.0.2.1", at("lo", { type: "local" })],
      ["192.0.2.254", at("vmbr0")],
    ]);
    expect(codesOf(doorTo("[192.0.2.0/24]"), paths({ routes, links: [bridge, card] }))).toEqual([
      "error guest-not-gated",
    ]);
  });

  test("that is routed, or this host itself, is gated", () => {
    const defaults = { ipv4: ["vmbr0"], ipv6: [] };
    for (const route of [at("vmbr0", { isFarther: true }), at("lo", { type: "local" })]) {
      expect(codesOf(GUEST, paths({ defaults }, route))).toEqual([]);
    }
    expect(codesOf(GUEST, paths({ defaults: { ipv4: ["eth0"], ipv6: [] } }, at("eth1")))).toEqual(
      [],
    );
    expect(codesOf(GUEST, paths({ routes: new Map() }))).toEqual([]);
  });

  test("on the network of the default route may be reached directly", () => {
    const defaults = { ipv4: ["eth0"], ipv6: [] };
    expect(codesOf(GUEST, paths({ links: [link("eth0")], defaults }, at("eth0")))).toEqual([
      "warning guest-not-gated",
    ]);
  });
});

describe("a container on the wire", () => {
  const child = (kind: string, mode: string): Child => ({
    link: link("net1", { kind, mode, isParentElsewhere: true }),
    on: "eth1",
    addresses: [address("192.0.2.5")],
    listeners: [
      {
        ...{ protocol: "tcp", address: address("0.0.0.0"), isEveryAddress: true },
        ...{ isLoopback: false, port: 22, process: undefined },
      },
    ],
  });

  test.each([
    ["macvlan", "bridge", "a macvlan"],
    ["ipvlan", "l2", "an ipvlan"],
    ["ipvlan", "l3", "an ipvlan"],
  ])("by %s, mode %s, is not gated", (kind, mode, words) => {
    const children = [child(kind, mode)];
    const [told = ""] = toldOf(doorTo("[192.0.2.0/28]"), { children });
    expect(told).toMatch(/^error guest-not-gated: packets to 192\.0\.2\.0\/28,/);
    expect(told).toContain(`has that address by ${words} on eth1`);
    expect(codesOf(SSH, { children })).toEqual(["warning container-not-gated"]);
    expect(codesOf(doorTo("[192.0.2.77]"), { children })).toEqual([]);
  });

  test("by ipvlan, mode l3s, is routed by this host", () => {
    const children = [child("ipvlan", "l3s")];
    expect(codesOf(doorTo("[192.0.2.5]"), { children })).toEqual([]);
    expect(codesOf(SSH, { children })).toEqual([]);
  });
});

describe("what sees packets before the gate", () => {
  const links = [
    link("eth0", { xdp: ['program "lb" (id 7)'] }),
    link("eth1"),
    link("ifb0", { kind: "ifb" }),
  ];

  test("is told of covered interfaces, and of ports below them", () => {
    expect(toldOf(SSH, { links })).toEqual([
      'warning redirected-before-gate: XDP program "lb" (id 7) on eth0 sees packets before the gate does, and may answer them or send them elsewhere; find out what it does: `ip -details link show eth0` shows it',
    ]);
    expect(codesOf(on("[eth1]"), { links })).toEqual([]);
    const below = [
      portOf("vmbr0", "eth0", { xdp: ["program (id 7)"] }),
      link("vmbr0", { kind: "bridge" }),
    ];
    expect(codesOf(on("[vmbr0]"), { links: below })).toEqual(["warning redirected-before-gate"]);
  });

  test("is a redirection or a program of tc, and no shaper", () => {
    const filter = { interface: "eth1" };
    expect(
      codesOf(SSH, { links, ingress: [{ ...filter, kind: "redirect", to: "ifb0" }] }),
    ).toHaveLength(1);
    const [, told] = toldOf(SSH, {
      links,
      ingress: [{ ...filter, kind: "program", program: 'program "cil_from_netdev" (id 9)' }],
    });
    expect(told).toContain(
      'tc program "cil_from_netdev" (id 9) at the ingress of eth1 sees packets',
    );
  });
});
