/** A host that is installed, set up, booted again and cleared: a real systemd runs the real units. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSealingKey } from "../../src/signed/index.ts";
import { sure } from "../setup/sure.ts";
import { makeSigner } from "../signed/signer.ts";
import { type BootedHost, bootHost, bootObstacle, CHECKOUT } from "./booted.ts";
import { framesOf } from "./frames.ts";
import type { Output } from "./host.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { signedKnock } from "./signed-knock.ts";
import { UNITS } from "./units.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/2222
    open-for: 1h
    sequence: { steps: [51001, udp/54040, 52777] }
    token: { carriers: [ping] }
    signed: { carriers: [ping] }
`;
const ANA = makeSigner("ssh-ed25519");

const obstacle = bootObstacle();

let network: Network;
let booted: BootedHost;
/** What was there before anything was installed. */
let filesBefore: string;
beforeAll(async () => {
  if (obstacle !== undefined) return;
  network = await makeNetwork();
  booted = await bootHost(network.server);
  filesBefore = await listFiles();
});
afterAll(async () => {
  await booted?.remove();
  network?.remove();
});

/**
 * Everywhere where something may be installed: what is there, its mode, and where links lead. Not
 * /etc/netns, which is this machine's: tests that run meanwhile name hosts there.
 */
function listFiles(): Promise<string> {
  return booted.lines(
    "find /etc /usr/local /var/lib -path /etc/netns -prune -o -printf '%p %M %l\\n' | sort",
  );
}

function dev(command: string): Promise<Output> {
  return booted.shell(`cd ${CHECKOUT} && ./dev ${command}`);
}

async function isUp(): Promise<boolean> {
  const argv = ["nft", "list", "chain", "inet", "postern", "made_of"];
  return (await booted.run(argv, { mayFail: true })).status === 0;
}

/** Everybody who is in a set. */
async function membersOf(set: string): Promise<string> {
  return await booted.lines(`nft list set inet postern ${set} | sed -n 's/.*elements = //p'`);
}

/** The last lines that a unit has written to the journal. */
function journal(unit: string): Promise<string> {
  return booted.lines(
    `journalctl --sync && journalctl --no-pager --output=cat --unit ${unit} | tail -n 30`,
  );
}

describe.skipIf(obstacle !== undefined)(
  `a booted host${obstacle === undefined ? "" : `: ${obstacle}`}`,
  () => {
    test("install puts it in place, says what is next, and neither enables nor starts anything", async () => {
      const { stderr } = await dev("install");
      expect(stderr).toContain("next: postern init && postern check && postern apply\n");
      expect(await booted.lines(`systemctl is-enabled ${UNITS.join(" ")} || :`)).toBe(
        "disabled\ndisabled\ndisabled\ndisabled\n",
      );
      expect(await booted.lines(`systemctl is-active ${UNITS.join(" ")} || :`)).toBe(
        "inactive\n".repeat(4),
      );
      expect(await isUp()).toBe(false);
      expect(await booted.lines("postern --version", "MANPAGER=cat man -w postern")).toMatch(
        /^\d+\.\d+\.\d+\n.*postern\.8\n$/,
      );
    });

    test("systemd finds no fault in the units, and little that the agent need not have", async () => {
      const { stdout, stderr } = await booted.run([
        "systemd-analyze",
        "verify",
        "--man=no",
        ...UNITS,
      ]);
      expect([stdout, stderr]).toEqual(["", ""]);
      for (const unit of ["postern-agent.service", "postern-refill.service"]) {
        // In tenths; past it the command fails.
        const file = `/usr/local/lib/systemd/system/${unit}`;
        await booted.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", file]);
      }
    });

    test("where no gate is kept the unit that loads it does nothing, and is no failure", async () => {
      await booted.lines("systemctl enable --now --quiet postern.service");
      expect(await booted.lines("systemctl is-failed postern.service || :")).toBe("inactive\n");
    });

    describe("from the first apply on", () => {
      beforeAll(async () => {
        await booted.lines(
          "umask 077",
          `cat > /etc/postern/policy.yaml <<'END'\n${POLICY}END`,
          `echo 'ana ${ANA.line}' > /etc/postern/allowed_signers`,
          "systemd-run --quiet nc -lk 2222",
          "until ss -Hltn sport = 2222 | grep -q .; do sleep 0.1; done",
          "postern apply --no-confirm",
          "postern key add bob > /dev/null",
        );
      });

      test("the gate is kept, for root alone, as compile prints it", async () => {
        expect(await booted.lines("stat -c '%a %n' /var/lib/postern /var/lib/postern/*")).toBe(
          "700 /var/lib/postern\n600 /var/lib/postern/gate.nft\n",
        );
        await booted.lines("postern compile | diff - /var/lib/postern/gate.nft");
      });

      test("the status says what the next boot brings", async () => {
        const atBoot = async () => /^at boot: .*$/m.exec(await booted.lines("postern status"))?.[0];
        const THIS = "at boot: this gate (postern.service is enabled)";
        expect(await atBoot()).toBe(THIS);
        await booted.lines("systemctl disable --quiet postern.service");
        expect(await atBoot()).toBe(
          "at boot: postern.service loads no gate: `systemctl enable postern.service`",
        );
        await booted.lines(
          "systemctl enable --quiet postern.service",
          "sed s/52777/52778/ /etc/postern/policy.yaml >/root/other.yaml",
          "postern apply /root/other.yaml --confirm 1h 2>/dev/null",
        );
        expect(await atBoot()).toBe(
          "at boot: another gate than this, the last that was applied for good",
        );
        await booted.lines("postern rollback");
        expect(JSON.parse(await booted.lines("postern status --json"))).toMatchObject({
          atBoot: { isEnabled: true, kept: "this" },
        });
      });

      test("it stands after a boot, before the network, and without Node.js", async () => {
        await booted.lines("chmod 0 $(command -v node)");
        await booted.reboot();
        expect(await isUp()).toBe(true);
        expect(await booted.lines("systemctl is-active postern.service")).toBe("active\n");
        const times = await booted.lines(
          "systemctl show --value --property ActiveEnterTimestampMonotonic postern.service network-pre.target",
        );
        const [gate = 0, network = 0] = times.split("\n\n").map(Number);
        expect(gate).toBeGreaterThan(0);
        expect(network).toBeGreaterThan(gate);
        await booted.lines("chmod 755 /usr/bin/node /usr/local/bin/node 2>/dev/null || :");
      });

      test.each([["restart"], ["reload"], ["stop", "start"]])(
        "%s of nftables.service flushes it, and it is back",
        async (...verbs) => {
          await booted.lines(
            "printf 'flush ruleset\\ntable inet mine {}\\n' > /etc/nftables.conf",
            "systemctl start nftables.service",
            "systemctl restart postern.service",
            "nft add table inet others",
            ...verbs.map((verb) => `systemctl ${verb} nftables.service`),
          );
          await until("the gate", isUp);
          expect(await booted.lines("nft list tables")).toBe(
            "table inet mine\ntable inet postern\ntable ip6 postern\n",
          );
          await until("tokens", async () => (await membersOf("ssh_ping_tokens")) !== "");
        },
      );

      test("tokens are back also where it was flushed while they were being filled", async ({
        onTestFinished,
      }) => {
        const hasTokens = async () => (await membersOf("ssh_ping_tokens")) !== "";
        const folder = "/run/systemd/system/postern-refill.service.d";
        await booted.lines(
          `mkdir -p ${folder}`,
          `printf '[Service]\\nExecStartPost=sleep 1h\\n' > ${folder}/slow.conf`,
          "systemctl daemon-reload",
          "systemctl restart --no-block postern-refill.service",
        );
        onTestFinished(async () => {
          await booted.lines(
            `rm -r ${folder}`,
            "systemctl daemon-reload",
            "systemctl stop postern-refill.service",
          );
        });
        const state = "systemctl show --property=ActiveState --value postern-refill.service";
        await until(
          "tokens, and a refill that goes on",
          async () => (await hasTokens()) && (await booted.lines(state)) === "activating\n",
        );
        await booted.lines("systemctl reload nftables.service");
        await until("tokens again", hasTokens);
      });

      test("to stop the unit opens no door", async () => {
        await booted.lines("systemctl stop postern.service");
        expect(await isUp()).toBe(true);
        await booted.lines("systemctl start postern.service");
      });

      test("the timer has tokens refilled when the clock is set, and its service after each sleep", async () => {
        await booted.lines("systemctl enable --quiet postern-refill.timer");
        expect(await booted.lines("systemctl show -p OnClockChange postern-refill.timer")).toBe(
          "OnClockChange=yes\n",
        );
        const sleeps = ["suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate"];
        for (const sleep of sleeps) {
          expect(await booted.lines(`systemctl show -p Wants --value ${sleep}.target`)).toContain(
            "postern-refill.service",
          );
        }
        await booted.lines("systemctl disable --quiet postern-refill.timer");
        expect(await booted.lines("systemctl is-enabled postern-refill.service || :")).toBe(
          "disabled\n",
        );
      });

      test("the timer's service fills in tokens, in its narrow place", async () => {
        await booted.lines("systemctl start postern-refill.service");
        expect(await booted.lines("postern status")).toContain("tokens");
        expect(await membersOf("ssh_ping_tokens")).not.toBe("");
      });

      test("a newest gate that is refused leaves the one of before up, and the unit failed", async () => {
        await booted.lines(
          "cp /var/lib/postern/gate.nft /root/gate.nft",
          "cp /var/lib/postern/gate.nft /var/lib/postern/before.nft",
          "echo 'add rule inet postern prerouting no such thing' >> /var/lib/postern/gate.nft",
          // It comes first, with rules of its own.
          "systemctl enable --quiet nftables.service",
        );
        await booted.reboot();
        expect(await isUp()).toBe(true);
        expect(await booted.lines("systemctl is-failed postern.service")).toBe("failed\n");
        expect(await journal("postern.service")).toContain("that of before is up");
        expect(await booted.lines("nft list tables")).toContain("table inet mine\n");
        await booted.lines(
          "cp /root/gate.nft /var/lib/postern/gate.nft",
          "systemctl restart postern.service",
        );
      });
    });

    describe("the agent's unit", () => {
      beforeAll(async () => {
        await booted.lines("systemctl enable --quiet --now postern-agent.service");
      });

      test("runs with one privilege and no way to more", async () => {
        expect(await booted.lines("systemctl is-active postern-agent.service")).toBe("active\n");
        const pid = (
          await booted.lines("systemctl show --value --property MainPID postern-agent.service")
        ).trim();
        const status = await booted.lines(`cat /proc/${pid}/status`);
        expect(status).toMatch(
          /\nCapPrm:\t0000000000001000\nCapEff:\t0000000000001000\nCapBnd:\t0000000000001000\n/,
        );
        expect(status).toMatch(/\nNoNewPrivs:\t1\nSeccomp:\t2\n/);
      });

      test("lets in whose signed knock is good", async () => {
        const key = await booted.lines("cat /etc/postern/sealing.key");
        const { publicKey } = sure(parseSealingKey(key, "sealing.key"));
        const payload = signedKnock({ signer: ANA, sealingPublicKey: publicKey, carrier: "ping" });
        const [source, destination] = [network.link.client.ipv4, network.link.server.ipv4].map(
          addressOf,
        );
        if (source === undefined || destination === undefined) throw new Error("no addresses");
        const content = { protocol: "ping", payloadBytes: payload.length, payload } as const;
        const packet = {
          source,
          destination,
          destined: "here",
          interface: "eth0",
          content,
        } as const;
        await send(network.link.client, framesOf(packet, 1, network.link));
        await until("a grant", async () => (await membersOf("ssh_grants4")).includes("10.91.0.1"));
        expect(await journal("postern-agent.service")).toContain(
          "open door=ssh SRC=10.91.0.1 via=ping client=ana",
        );
      });

      const isWatched = async () =>
        (await journal("postern-agent.service")).split("signed knocks open the gate's doors")
          .length;
      /** Told to read the gate anew, it also reads who is in it, for which it has 15 seconds else. */
      const readMembers = async () => {
        const before = await isWatched();
        await booted.lines("systemctl reload postern-agent.service");
        await until("that it is read", async () => (await isWatched()) > before);
      };

      test("brings back a gate that somebody has flushed, and whom it had banned", async () => {
        await booted.lines("postern ban 192.0.2.66");
        await readMembers();
        await booted.lines("nft flush ruleset");
        await until("the gate", isUp);
        await until("the ban", async () => (await membersOf("banned4")).includes("192.0.2.66"));
      });

      test("a restart of nftables.service lifts no ban", async () => {
        await readMembers();
        await booted.lines("systemctl restart nftables.service");
        await until("the ban", async () => (await membersOf("banned4")).includes("192.0.2.66"));
      });

      test("says when it starts that it cannot ask the older iptables, and can with what the manual says", async () => {
        await booted.lines(
          "iptables-legacy --table raw --list",
          "systemctl restart postern-agent.service",
        );
        expect(await journal("postern-agent.service")).toContain("[agent-no-raw-sockets]");
        const page = readFileSync("docs/boot.md", "utf8");
        const [, lines = ""] = /```ini\n(\[Service\]\nCapability[^`]*)```/.exec(page) ?? [];
        const folder = "/etc/systemd/system/postern-agent.service.d";
        await booted.lines(
          `mkdir ${folder}`,
          `cat > ${folder}/iptables.conf <<'END'\n${lines}END`,
          "systemctl daemon-reload",
          "systemctl restart postern-agent.service",
          "nft flush ruleset",
        );
        await until("the gate", isUp);
      });

      test("is read anew, watched over and ended by systemd", async () => {
        await booted.lines(
          "systemctl reload postern-agent.service",
          "systemctl restart postern-agent.service",
        );
        expect(
          await booted.lines("systemctl show --value --property NRestarts postern-agent.service"),
        ).toBe("0\n");
      });
    });

    describe("over a session through the door", () => {
      test("install over an older one keeps it and what runs; uninstall takes all but the policy, and cuts nothing", async () => {
        const listener = network.server.start(["nc", "-l", "-p", "2222"]);
        await until("a listener", async () => (await booted.lines("ss -Htnl")).includes(":2222 "));
        await booted.lines("postern open ssh 10.91.0.1 > /dev/null");
        const session = network.client.start(["nc", "10.91.0.2", "2222"]);
        const pass = async (word: string) => {
          session.write(`${word}\n`);
          await until(`${word} through the session`, () => listener.stdout().includes(word));
        };
        await pass("one");
        const pid = await booted.lines(
          "systemctl show --value --property MainPID postern-agent.service",
        );
        await dev("install");
        expect(await booted.lines("systemctl is-active postern-agent.service")).toBe("active\n");
        expect(
          await booted.lines("systemctl show --value --property MainPID postern-agent.service"),
        ).not.toBe(pid);
        await pass("two");
        const { stderr } = await dev("uninstall");
        expect(stderr).toContain("/etc/postern stays, with the policy and the keys that are in it");
        await pass("three");
        expect(await isUp()).toBe(false);
        expect(await booted.lines("systemctl list-units --no-legend 'postern*'")).toBe("");
        expect(await booted.lines("ls /etc/postern")).toBe(
          "allowed_signers\nkeys\npolicy.yaml\nsealing.key\n",
        );
        await booted.lines(
          "systemctl disable --quiet nftables.service",
          "rm -r /etc/postern /etc/systemd/system/postern-agent.service.d",
        );
        expect(await listFiles()).toBe(filesBefore);
        session.signal("SIGTERM");
        listener.signal("SIGTERM");
      });
    });
  },
);
