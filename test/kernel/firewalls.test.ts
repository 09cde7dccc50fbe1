/** Other firewalls of Debian's, really running on a booted host, before and behind a gate. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BootedHost, bootHost, bootObstacle, CHECKOUT } from "./booted.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/2222
    open-for: 1h
    sequence: { steps: [tcp/21001, tcp/24040, tcp/22777] }
`;
const KNOCK = ["21001", "24040", "22777"];

interface Firewall {
  readonly name: string;
  /** Lines of shell that put it up, with a default that lets nobody in. */
  readonly start: readonly string[];
  readonly reload: string;
  readonly stop: readonly string[];
  /** What `check` tells to do. */
  readonly remedy: string;
  /** Shows its rules, without counters. */
  readonly rules: string;
}

/** Without the time of day. */
const SAVED = "{ iptables-save; ip6tables-save; } | sed '/^#/d; s/ \\[[0-9:]*\\]$//'";

const FIREWALLS: readonly Firewall[] = [
  {
    name: "ufw",
    start: ["ufw --force enable"],
    reload: "ufw reload",
    stop: ["ufw disable"],
    remedy: "ufw allow 2222/tcp",
    rules: SAVED,
  },
  ...["nftables", "iptables"].map((backend) => ({
    name: `firewalld with ${backend}`,
    start: [
      `sed -i 's/^FirewallBackend=.*/FirewallBackend=${backend}/' /etc/firewalld/firewalld.conf`,
      "systemctl start firewalld",
    ],
    reload: "firewall-cmd --reload",
    stop: ["systemctl stop firewalld", "rm /etc/firewalld/zones/*"],
    remedy: "firewall-cmd --permanent --add-port=2222/tcp && firewall-cmd --reload",
    rules: backend === "nftables" ? "nft --stateless list table inet firewalld" : SAVED,
  })),
  {
    name: "nftables.conf",
    start: [
      "printf 'flush ruleset\\ntable inet filter { chain input { type filter hook input priority 0; policy drop; ct state established accept; iif lo accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }; }\\n' >/etc/nftables.conf",
      "systemctl start nftables",
    ],
    reload: "true",
    stop: ["nft delete table inet filter"],
    remedy: "nft insert rule inet filter input tcp dport 2222 accept",
    rules: "nft --stateless list table inet filter",
  },
];

const obstacle = bootObstacle();

let network: Network;
let booted: BootedHost;
beforeAll(async () => {
  if (obstacle !== undefined) return;
  network = await makeNetwork();
  booted = await bootHost(network.server);
  await booted.lines(
    `cd ${CHECKOUT} && ./dev install`,
    `cat >/etc/postern/policy.yaml <<'END'\n${POLICY}END`,
  );
  await listenOnBoth(network.server, { protocol: "tcp", port: 2222 });
});
afterAll(async () => {
  await booted?.remove();
  network?.remove();
});

async function told(): Promise<string> {
  return (await booted.shell("postern check 2>&1", { mayFail: true })).stdout;
}

describe.skipIf(obstacle !== undefined).each(FIREWALLS)(
  "$name",
  ({ start, stop, reload, remedy, rules }) => {
    beforeAll(() => booted.lines(...start));
    afterAll(() => booted.lines("postern remove", ...stop));

    const addresses = () => [network.link.server.ipv4, network.link.server.ipv6];
    const reaches = async () => {
      const reached = await Promise.all(
        addresses().map((address) => canConnect(network.client, address, 2222)),
      );
      return reached.every((one) => one);
    };

    test("check tells that it stops who has knocked, and with its one command a knock opens", async () => {
      // A service may have started before all of its rules are there.
      await until("the rules", async () => (await told()).includes(`\`${remedy}\` opens the port`));
      const before = await booted.lines(rules);
      await booted.lines("postern apply --no-confirm");
      expect(await booted.lines(rules)).toBe(before);
      await booted.lines(remedy);
      expect(await told()).not.toContain("stopped-elsewhere");
      expect(await reaches()).toBe(false);
      for (const address of addresses()) {
        await network.client.run(["knock", "-d", "50", address, ...KNOCK]);
      }
      await until("the door to be open", reaches);
    });

    test("its reload leaves the gate, and who is open stays so", async () => {
      await booted.lines(reload);
      expect(await booted.lines("nft list table inet postern")).not.toBe("");
      expect(await reaches()).toBe(true);
    });
  },
);
