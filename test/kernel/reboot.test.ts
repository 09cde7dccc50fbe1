/** After a boot the gate stands, and so do the rules of other firewalls that come up with the host. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BootedHost, bootHost, bootObstacle, CHECKOUT } from "./booted.ts";
import { makeNetwork, type Network } from "./network.ts";
import { until } from "./until.ts";

const obstacle = bootObstacle();
const PORT = 2222;

let network: Network;
let booted: BootedHost;
beforeAll(async () => {
  if (obstacle !== undefined) return;
  network = await makeNetwork();
  booted = await bootHost(network.server);
  await booted.lines(
    `cd ${CHECKOUT} && ./dev install`,
    // What the packages have, put where dpkg would put it.
    `tar -C ${CHECKOUT}/dist/debian -c . | tar -C / -x --keep-directory-symlink`,
  );
});
afterAll(async () => {
  await booted?.remove();
  network?.remove();
});

async function apply(backend: string, step: number): Promise<void> {
  const door = `{ protects: tcp/${PORT}, sequence: { steps: [51001, udp/54040, ${step}] } }`;
  await booted.lines(
    "umask 077",
    `printf 'backend: ${backend}\\ndoors:\\n  ssh: ${door}\\n' > /etc/postern/policy.yaml`,
    "postern apply --no-confirm --anyway",
    "systemctl enable --quiet postern.service",
  );
}

/** `status` fails where a part of the gate is gone, or packets get past it. */
async function expectGate(): Promise<void> {
  expect(await booted.lines("postern status")).toContain("at boot: this gate");
  expect(await booted.lines("systemctl is-failed postern.service || :")).toBe("active\n");
}

interface Other {
  readonly name: string;
  readonly start: readonly string[];
  readonly again: string;
  readonly stop: readonly string[];
  /** Finds a rule of it, once it is up. */
  readonly rule: string;
  /** It flushes what iptables has, as late as it likes: docs/backends.md has what to do then. */
  readonly isForNftables?: true;
}

const OTHERS: readonly Other[] = [
  {
    name: "netfilter-persistent",
    start: [
      "iptables -A INPUT -p tcp --dport 9 -j DROP",
      "netfilter-persistent save 2>&1",
      "systemctl enable --quiet netfilter-persistent",
    ],
    again: "systemctl restart netfilter-persistent",
    stop: [
      "systemctl disable --quiet --now netfilter-persistent",
      "iptables -F INPUT",
      "rm /etc/iptables/rules.*",
    ],
    rule: "iptables -S INPUT | grep -e '--dport 9 -j DROP'",
  },
  {
    name: "ufw",
    start: ["ufw --force enable", "systemctl enable --quiet ufw"],
    again: "ufw reload",
    stop: ["ufw --force reset", "systemctl disable --quiet ufw"],
    rule: "iptables -S INPUT | grep ufw-before-input",
  },
  {
    name: "firewalld",
    start: ["systemctl enable --quiet --now firewalld"],
    again: "firewall-cmd --reload",
    stop: ["systemctl disable --quiet --now firewalld"],
    rule: "nft list table inet firewalld | grep 'chain filter_INPUT '",
    isForNftables: true,
  },
  {
    name: "nftables.conf",
    start: [
      "printf 'flush ruleset\\ntable inet mine { chain c { tcp dport 9 drop; }; }\\n' > /etc/nftables.conf",
      "systemctl enable --quiet --now nftables",
      // Where iptables holds the gate, it has gone with the rest.
      "systemctl restart postern",
    ],
    again: "systemctl reload nftables",
    stop: ["systemctl disable --quiet --now nftables", "systemctl restart postern"],
    rule: "nft list table inet mine | grep 'dport 9'",
  },
];

describe.skipIf(obstacle !== undefined)(
  `a booted host${obstacle === undefined ? "" : `: ${obstacle}`}`,
  () => {
    describe.each(["nftables", "iptables"])("with a gate of %s", (backend) => {
      beforeAll(() => apply(backend, 52_777));
      afterAll(async () => {
        await booted.lines("postern remove");
      });

      const others = OTHERS.filter((one) => backend === "nftables" || !one.isForNftables);
      describe.each(others)("beside $name", ({ name, start, again, stop, rule }) => {
        const untilUp = () =>
          until(
            `the rules of ${name}`,
            async () => (await booted.shell(rule, { mayFail: true })).status === 0,
          );
        beforeAll(async () => {
          await booted.lines(...start);
        });
        afterAll(async () => {
          await booted.lines(...stop);
        });

        test("both are up after a boot", async () => {
          await booted.reboot();
          await untilUp();
          await expectGate();
        });

        test("and when the other one starts anew", async () => {
          await booted.lines(again);
          await untilUp();
          await expectGate();
        });
      });
    });

    test("netfilter-persistent brings back the iptables gate that was saved, not a newer one: the status says so", async () => {
      await apply("iptables", 52_777);
      await booted.lines("netfilter-persistent save 2>&1");
      await apply("iptables", 52_778);
      await booted.lines("netfilter-persistent start");
      expect(await booted.lines("postern status")).toContain("at boot: another gate");
      await booted.lines("systemctl restart postern");
      await expectGate();
    });
  },
);
