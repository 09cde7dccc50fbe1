/**
 * Doors before hosts behind this one: a port published to a namespace by DNAT, as container
 * engines do it, and a forwarded host named in `destinations`.
 *
 *     client ── eth0 ── eth0 server eth1 ── eth0 inner (10.91.9.2, fd91:0:0:9::2: port 22)
 *                            :8022 ─ DNAT ─> inner:22
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { removeGate, untilNone } from "./gate.ts";
import { type Holder, holdAsFound, holdersOver, NFTABLES } from "./holders.ts";
import type { Running } from "./host.ts";
import { type End, letForward, makeNetwork, type Network } from "./network.ts";
import { scan } from "./scanner.ts";
import { canConnect, connect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { capture } from "./wire.ts";

const PUBLISHED = 8022;
const SCANS = ["-sS", "-sA", "-sF", "-sX", "-sN", "-sM", "-sW", "-sT"];
const SEQUENCE = "sequence: { steps: [51001, udp/54040, tcp/52777], within: 2s }";

const doorBefore = {
  "a published port": (refuse: string) => `
doors:
  web: { protects: tcp/${PUBLISHED}, open-for: 1s, refuse: ${refuse}, ${SEQUENCE} }
`,
  "a forwarded host": (refuse: string) => `
doors:
  web:
    protects: tcp/22
    destinations: [10.91.9.2, "fd91:0:0:9::2"]
    open-for: 1s
    refuse: ${refuse}
    ${SEQUENCE}
`,
} as const;
type Kind = keyof typeof doorBefore;

/** What podman's netavark and Docker load, less what a test does not meet. */
const CONTAINER_ENGINE = `
table inet netavark {
  chain NETAVARK-HOSTPORT-DNAT {
    meta nfproto ipv4 tcp dport ${PUBLISHED} dnat ip to 10.91.9.2:22
    meta nfproto ipv6 tcp dport ${PUBLISHED} dnat ip6 to [fd91:0:0:9::2]:22
  }
  chain PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain OUTPUT {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.91.9.0/24 ip daddr != 10.91.9.0/24 masquerade
    ip6 saddr fd91:0:0:9::/64 ip6 daddr != fd91:0:0:9::/64 masquerade
  }
}
`;

let network: Network;
let inner: End;
let listeners: Readonly<Record<Family, Running>>;
beforeAll(async () => {
  network = await makeNetwork();
  const { client, server, link } = network;
  const host = await network.addHost("inner");
  const [outer, innerEnd] = await network.join(server, host, 9);
  inner = innerEnd;
  await letForward(server);
  for (const [flag, net, family] of [
    ["-4", "10.91.9.0/24", "ipv4"],
    ["-6", "fd91:0:0:9::/64", "ipv6"],
  ] as const) {
    await client.run(["ip", flag, "route", "add", net, "via", link.server[family]]);
    await host.run(["ip", flag, "route", "add", "default", "via", outer[family]]);
  }
  listeners = await listenOnBoth(host, { protocol: "tcp", port: 22 });
  await server.run(["nft", "-f", "-"], { stdin: CONTAINER_ENGINE });
});
afterAll(() => network.remove());

/** Whom the client talks to: the address and port of the door, and a port of that host without anything. */
function targetOf(kind: Kind, family: Family) {
  return kind === "a published port"
    ? { address: network.link.server[family], port: PUBLISHED, empty: PUBLISHED + 1 }
    : { address: inner[family], port: 22, empty: 23 };
}

/** Something of this host that listens at the port of the door, and sees none of its connections. */
const PORT_HERE: Readonly<Record<Kind, Readonly<Record<string, boolean>>>> = {
  "a published port": { "with a userland proxy": true, "without one": false },
  "a forwarded host": { "with a service here of the same number": true, "without one": false },
};

function describeDoor(kind: Kind, family: Family, holder: Holder): void {
  /** What does not hang on the holder, or is only for nftables. */
  const testOnce = (claim: string, run: () => Promise<void>) => {
    if (holder === NFTABLES) test(claim, run);
  };
  const target = () => targetOf(kind, family);
  const opens = () => canConnect(network.client, target().address, target().port);
  const load = (refuse: string) => holdAsFound(holder, network.server, doorBefore[kind](refuse));
  afterEach(() => removeGate(network.server, holder));

  testOnce("is open without a gate, and shut behind one", async () => {
    expect(await opens()).toBe(true);
    await load("drop");
    expect(await opens()).toBe(false);
  });

  test("sends nothing back to a scanner, with refuse: drop", async () => {
    await load("drop");
    const { address, port } = target();
    const watching = await capture(network.link.client, `src host ${address} and tcp`);
    await Promise.all(SCANS.map((flags) => scan(network.client, address, [port], flags)));
    expect(await watching.stop()).toEqual([]);
  });

  testOnce("looks closed to a scanner, with refuse: reset", async () => {
    await load("reset");
    const { address, port, empty } = target();
    for (const flags of SCANS) {
      const findings = await scan(network.client, address, [port, empty], flags);
      const [door, nothing] = [findings.get(port), findings.get(empty)];
      // The reset for a host behind this one comes from here, so it has a hop less behind it.
      if (kind === "a forwarded host") expect(door?.state, flags).toBe(nothing?.state);
      else expect(door, flags).toEqual(nothing);
    }
  });

  test("opens to a knock, for a session that goes on when the grant has ended", async () => {
    await load("drop");
    const { address, port } = target();
    await network.client.run(["knock", "-d", "20", address, "51001:tcp", "54040:udp", "52777:tcp"]);
    const session = connect(network.client, address, port);
    const talks = async (word: string) => {
      session.write(`${word}\n`);
      await until(`${word} inside`, () => listeners[family].stdout().includes(`${word}\n`));
      listeners[family].write(`${word} heard\n`);
      await until(`an answer to ${word}`, () => session.stdout().includes(`${word} heard\n`));
    };
    await talks(`${kind} open ${family}`);
    await untilNone(network.server, family, "grants", holder);
    await talks(`${kind} shut ${family}`);
    expect(await opens()).toBe(false);
    await load("drop");
    await talks(`${kind} renewed ${family}`);
    await session.stop();
  });
}

/** Rules that name no port where they hand on what comes to the server. */
function handOn(how: string, family: Family): string {
  const [ip, to, inside] =
    family === "ipv4"
      ? ["ip", network.link.server.ipv4, "10.91.9.2"]
      : ["ip6", network.link.server.ipv6, "fd91:0:0:9::2"];
  const rule =
    how === "by a mark" ? `mark 7 dnat to ${inside}` : `${ip} daddr ${to} dnat to ${inside}`;
  return `
table ${ip} handed {
  chain marks { type filter hook prerouting priority mangle
    ${ip} daddr ${to} tcp dport 22 mark set 7
  }
  chain pre { type nat hook prerouting priority dstnat
    ${rule}
  }
}
`;
}

describe.each(FAMILIES)("over %s", (family) => {
  /** On iptables each kind of door is tried over one family. */
  const holders = (isOnIptables: boolean) =>
    holdersOver(family).filter((holder) => holder === NFTABLES || isOnIptables);

  describe.each([
    { kind: "a published port", port: PUBLISHED },
    { kind: "a forwarded host", port: 22 },
  ] as const)("$kind", ({ kind, port }) => {
    describe.each(Object.entries(PORT_HERE[kind]))("%s", (_, isListening) => {
      let listening: readonly Running[] = [];
      beforeAll(async () => {
        if (!isListening) return;
        listening = Object.values(await listenOnBoth(network.server, { protocol: "tcp", port }));
      });
      afterAll(async () => {
        for (const listener of listening) await listener.stop();
      });
      describe.each(holders(isListening === (family === "ipv4")))("held by $name", (holder) =>
        describeDoor(kind, family, holder),
      );
    });
  });

  describe.each(["by an address", "by a mark"])("an address that is handed on %s", (how) => {
    let here: readonly Running[] = [];
    beforeAll(async () => {
      here = Object.values(await listenOnBoth(network.server, { protocol: "tcp", port: 22 }));
      await network.server.run(["nft", "-f", "-"], { stdin: handOn(how, family) });
    });
    afterAll(async () => {
      for (const listener of here) await listener.stop();
      const ip = family === "ipv4" ? "ip" : "ip6";
      await network.server.run(["nft", "delete", "table", ip, "handed"]);
    });

    test.each(holders(how === "by an address"))(
      "has connections that go on, though a service here has the port ($name)",
      async (holder) => {
        const address = network.link.server[family];
        const policy = `doors: { web: { protects: tcp/22, open-for: 1s, ${SEQUENCE} } }`;
        await holdAsFound(holder, network.server, policy);
        const knocks = ["51001:tcp", "54040:udp", "52777:tcp"];
        await network.client.run(["knock", "-d", "20", address, ...knocks]);
        const session = connect(network.client, address, 22);
        for (const word of ["one", "two", "three"]) {
          const line = `${how} ${family} ${holder.name} ${word}\n`;
          session.write(line);
          await until(`${word} inside`, () => listeners[family].stdout().includes(line));
        }
        await session.stop();
        await removeGate(network.server, holder);
      },
    );
  });
});
