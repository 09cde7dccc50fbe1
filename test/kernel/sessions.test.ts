/**
 * What exists is never disturbed, and a door opens to the stock clients. Where a third host
 * is needed, it stands behind the server:
 *
 *     client ── eth0 ── eth0 server eth1 ── eth0 inner (10.91.9.2, fd91:0:0:9::2)
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { countMembers, loadGate, removeGate, untilNone } from "./gate.ts";
import { HOLDERS, holdersOver, NFTABLES } from "./holders.ts";
import type { Host, Running } from "./host.ts";
import { type End, letForward, makeNetwork, type Network } from "./network.ts";
import { canConnect, connect, listenOnBoth, type SshServer, startSshd } from "./services.ts";
import { until } from "./until.ts";

const STEPS = ["51001:tcp", "54040:udp", "52777:tcp"];
const SEQUENCE = "sequence: { steps: [51001, udp/54040, tcp/52777], within: 2s }";

function policy({ more = "", refuse = "drop", protects = "tcp/22" } = {}): string {
  return `
doors:
  ssh: { protects: ${protects}, open-for: 2s, refuse: ${refuse}, ${more} ${SEQUENCE} }
`;
}

const gatesOver = (family: Family) => [
  ...holdersOver(family).map((holder) => ({ refuse: "drop", holder })),
  { refuse: "reset", holder: NFTABLES },
];

let network: Network;
let inner: End;
let ssh: SshServer;
beforeAll(async () => {
  network = await makeNetwork();
  const { client, server, link } = network;
  ssh = await startSshd(server);
  const host = await network.addHost("inner");
  const [outer, innerEnd] = await network.join(server, host, 9);
  inner = innerEnd;
  await letForward(server);
  for (const family of FAMILIES) {
    const flag = family === "ipv4" ? "-4" : "-6";
    const net = family === "ipv4" ? "10.91.9.0/24" : "fd91:0:0:9::/64";
    await client.run(["ip", flag, "route", "add", net, "via", link.server[family]]);
    await host.run(["ip", flag, "route", "add", "default", "via", outer[family]]);
  }
  for (const each of [client, host]) await listenOnBoth(each, { protocol: "tcp", port: 22 });
  await listenOnBoth(server, { protocol: "tcp", port: 52000 });
});
afterAll(() => network.remove());

async function knock(family: Family): Promise<void> {
  await network.client.run(["knock", "-d", "20", network.link.server[family], ...STEPS]);
}

/** Writes a word into a session and waits until it comes back. */
async function echoes(session: Running, word: string): Promise<void> {
  session.write(`${word}\n`);
  await until(`${word} to come back: ${session.stderr()}`, () => session.stdout().includes(word));
}

async function conntrackCount(host: Host): Promise<number> {
  const { stdout } = await host.run(["cat", "/proc/sys/net/netfilter/nf_conntrack_count"]);
  return Number(stdout);
}

describe.each(FAMILIES)("over %s", (family) => {
  const address = () => network.link.server[family];
  const shut = async () => expect(await canConnect(network.client, address(), 22)).toBe(false);

  describe.each(gatesOver(family))(
    "with refuse: $refuse, held by $holder.name",
    ({ refuse, holder }) => {
      test("a session older than the gate outlives its coming, its renewal and its going", async () => {
        const session = ssh.session(network.client, address());
        await echoes(session, "before");
        await loadGate(network.server, policy({ refuse }), holder);
        await shut();
        await echoes(session, "guarded");
        await loadGate(network.server, policy({ refuse, more: "single-use: true," }), holder);
        await echoes(session, "renewed");
        await shut();
        await removeGate(network.server, holder);
        await echoes(session, "after");
        await session.stop();
      });

      test("the stock client opens, and the session outlives grant and gate", async () => {
        await loadGate(network.server, policy({ refuse }), holder);
        await shut();
        await knock(family);
        const session = ssh.session(network.client, address());
        await echoes(session, "knocked");
        await untilNone(network.server, family, "grants", holder);
        await shut();
        await echoes(session, "shut");
        await loadGate(network.server, policy({ refuse }), holder);
        await echoes(session, "renewed");
        await removeGate(network.server, holder);
        await echoes(session, "after");
        await session.stop();
      });
    },
  );

  describe("when it remembers connections", () => {
    beforeEach(() => loadGate(network.server, policy()));
    afterEach(() => removeGate(network.server));

    test("a handshake with this host leaves nothing behind but its source", async () => {
      await knock(family);
      for (let n = 0; n < 3; n++) await canConnect(network.client, address(), 22);
      expect(await countMembers(network.server, family, "begun")).toBe(1);
      expect(await countMembers(network.server, family, "opening")).toBe(0);
      expect(await countMembers(network.server, family, "flows")).toBe(0);
    });
  });

  describe.each(holdersOver(family))("with a door for single use, held by $name", (holder) => {
    beforeEach(() => loadGate(network.server, policy({ more: "single-use: true," }), holder));
    afterEach(async () => {
      await removeGate(network.server, holder);
      await network.client.run(["nft", "delete", "table", "inet", "lossy"], { mayFail: true });
    });

    test("one knock makes one connection, which lasts", async () => {
      await knock(family);
      const session = ssh.session(network.client, address());
      await echoes(session, "first");
      await shut();
      await echoes(session, "still");
      await session.stop();
    });

    // What comes after the SYN a socket vouches for, whatever holds the gate.
    const LOSSES = [
      ["its SYN-ACK", "input", "tcp sport 22 tcp flags & (syn | ack) == syn | ack"],
      ["the ACK to it", "output", "tcp dport 22 tcp flags & (syn | ack | psh) == ack"],
      ["the first data", "output", "tcp dport 22 tcp flags & psh == psh"],
    ] as const;
    test.each(LOSSES.slice(0, holder === NFTABLES ? 3 : 1))(
      "a connection that loses %s on the way comes about",
      async (_, hook, lost) => {
        await network.client.run(["nft", "-f", "-"], {
          stdin: `table inet lossy { chain lose {
          type filter hook ${hook} priority 0
          ${lost} limit rate 1/hour burst 1 packets counter drop
        }\n }`,
        });
        await knock(family);
        const session = ssh.session(network.client, address());
        await echoes(session, "in spite of it");
        const { stdout } = await network.client.run(["nft", "list", "table", "inet", "lossy"]);
        expect(stdout).toContain("counter packets 1 ");
        await session.stop();
      },
    );

    test("a connection made with SYN cookies comes about", async () => {
      await network.server.run(["sysctl", "-q", "-w", "net.ipv4.tcp_syncookies=2"]);
      await knock(family);
      const session = ssh.session(network.client, address());
      await echoes(session, "with a cookie");
      await network.server.run(["sysctl", "-q", "-w", "net.ipv4.tcp_syncookies=1"]);
      await session.stop();
    });
  });

  describe.each(holdersOver(family))("what is not for the door held by $name", (holder) => {
    beforeEach(() => loadGate(network.server, policy(), holder));
    afterEach(() => removeGate(network.server, holder));

    test("the host's own connections to port 22 of others come about", async () => {
      expect(await canConnect(network.server, network.link.client[family], 22)).toBe(true);
      expect(await canConnect(network.server, inner[family], 22)).toBe(true);
    });

    test("the host reaches its own port 22", async () => {
      expect(await canConnect(network.server, network.link.server[family], 22)).toBe(true);
    });

    test("connections through the host to port 22 of others come about", async () => {
      expect(await canConnect(network.client, inner[family], 22)).toBe(true);
      expect(await canConnect(inner.host, network.link.client[family], 22)).toBe(true);
    });

    test("a listener in the watch range is reached", async () => {
      expect(await canConnect(network.client, network.link.server[family], 52000)).toBe(true);
    });

    test("the host's own connections from a port in the watch range come about", async () => {
      const listener = await listenOnBoth(network.client, { protocol: "tcp", port: 9000 });
      const session = connect(network.server, network.link.client[family], 9000, [
        "-p",
        `${52001 + HOLDERS.indexOf(holder) + (family === "ipv4" ? 0 : HOLDERS.length)}`,
      ]);
      session.write("out\n");
      await until("what the host sends", () => listener[family].stdout().includes("out"));
      listener[family].write("back\n");
      await until("what comes back", () => session.stdout().includes("back"));
      await session.stop();
      await Promise.all(FAMILIES.map((each) => listener[each].stop()));
    });
  });

  test.each(family === "ipv4" ? holdersOver(family) : [NFTABLES])(
    "a UDP session that $name sees lasts while it is not silent for too long",
    async (holder) => {
      const listener = await listenOnBoth(network.server, { protocol: "udp", port: 5353 });
      const hears = async (word: string) => {
        client.write(`${word}\n`);
        await until(`${word} at the server`, () => listener[family].stdout().includes(word));
      };
      await loadGate(
        network.server,
        policy({ protects: "udp/5353", more: "session-idle: 2s," }),
        holder,
      );
      const client = connect(network.client, address(), 5353, ["-u"]);
      client.write("too early\n");
      await knock(family);
      await hears("first");
      let words = 0;
      await until("the grant to end", async () => {
        await hears(`again ${words++}`);
        return (await countMembers(network.server, family, "grants", holder)) === 0;
      });
      await hears("after the grant");
      await untilNone(network.server, family, "sessions", holder);
      client.write("too late\n");
      await knock(family);
      await hears("last");
      expect(listener[family].stdout()).not.toContain("too");
      await client.stop();
      await removeGate(network.server, holder);
      await Promise.all(FAMILIES.map((each) => listener[each].stop()));
    },
  );
});

test.each(holdersOver("ipv6"))(
  "the door held by $name is shut at the host's link-local address, too",
  async (holder) => {
    const { stdout } = await network.server.run([
      "ip",
      "-6",
      "-o",
      "address",
      "show",
      "dev",
      "eth0",
      "scope",
      "link",
    ]);
    const address = /fe80:[^/ ]*/.exec(stdout)?.[0];
    const connects = () => canConnect(network.client, `${address}%eth0`, 22);
    await until("the address to be in use", connects);
    await loadGate(network.server, policy(), holder);
    expect(await connects()).toBe(false);
    await removeGate(network.server, holder);
  },
);

describe("beside other tables", () => {
  const OTHERS = `table inet others {
  set friends { type ipv4_addr; flags timeout; elements = { 10.91.0.1 timeout 1h } }
  chain input { type filter hook input priority 0; policy accept; tcp dport 23 counter drop; }
}
table ip older {
  chain prerouting { type filter hook prerouting priority raw; tcp dport 2222 counter accept; }
}
`.replaceAll("; }\n", ";\n}\n");
  const listOthers = async () => {
    const tables = ["inet others", "ip older"];
    const listings = await Promise.all(
      tables.map((table) => network.server.run(["nft", "list", "table", ...table.split(" ")])),
    );
    // How long the element still has to live goes on falling.
    return listings.map(({ stdout }) => stdout.replaceAll(/expires \S+/g, "")).join("");
  };
  afterEach(async () => {
    for (const table of ["inet others", "ip older"]) {
      await network.server.run(["nft", "delete", "table", ...table.split(" ")]);
    }
  });

  test("the gate comes, is renewed and goes, and leaves them as they were", async () => {
    await network.server.run(["nft", "-f", "-"], { stdin: OTHERS });
    const before = await listOthers();
    for (const step of [loadGate, loadGate]) {
      await step(network.server, policy());
      expect(await listOthers()).toBe(before);
    }
    await removeGate(network.server);
    expect(await listOthers()).toBe(before);
  });

  test("what others load leaves the gate shut and who is open in", async () => {
    await loadGate(network.server, policy());
    await knock("ipv4");
    await network.server.run(["nft", "-f", "-"], { stdin: OTHERS });
    await network.server.run(["nft", "-f", "-"], { stdin: `flush table inet others\n${OTHERS}` });
    expect(await canConnect(network.client, network.link.server.ipv4, 22)).toBe(true);
    expect(await canConnect(network.client, network.link.server.ipv6, 22)).toBe(false);
    await removeGate(network.server);
  });
});

test("nothing of all this was tracked", async () => {
  expect(await conntrackCount(network.server)).toBe(0);
});
