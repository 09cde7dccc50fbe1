/** docs/locked-out.md: each of its commands, on a booted host into which nobody gets. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type BootedHost, bootHost, bootObstacle, CHECKOUT } from "./booted.ts";
import { makeNetwork, type Network } from "./network.ts";
import { blocksOf, linesOf } from "./page.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { type Account, accountOn } from "./ssh-account.ts";
import { until } from "./until.ts";

const PAGE = "docs/locked-out.md";
const [FOUR = "", SIX = "", RECIPE = ""] = linesOf(PAGE, "## Knock by hand");
const [LOOK = "", LET_IN = "", ROLLBACK = "", REMOVE = ""] = blocksOf(
  PAGE,
  "## At the console",
  "sh",
);
const [BY_NFT = "", BY_IPTABLES = "", DISABLE = ""] = blocksOf(
  PAGE,
  "## When the command does not start",
  "sh",
);
const [RESCUE = ""] = blocksOf(PAGE, "## When there is no shell at all", "sh");
const [MASK = ""] = blocksOf(PAGE, "## When there is no shell at all", "");

const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/2222
    sequence: { steps: [51001, udp/54040, 52777] }
`;

test("these are all blocks of the page", () => {
  expect(blocksOf(PAGE, "# Locked out", "sh")).toEqual([
    `${FOUR}\n${SIX}\n`,
    `${RECIPE}\n`,
    ...[LOOK, LET_IN, ROLLBACK, REMOVE, BY_NFT, BY_IPTABLES, DISABLE, RESCUE],
  ]);
});

const obstacle = bootObstacle();

let bundle: Bundle;
let network: Network;
let booted: BootedHost;
let account: Account;
beforeAll(async () => {
  if (obstacle !== undefined) return;
  bundle = makeBundle();
  network = await makeNetwork();
  account = accountOn(network.client, bundle, []);
  booted = await bootHost(network.server);
  await shell(`cd ${CHECKOUT} && ./dev install`, "systemctl enable --quiet postern.service");
  await listenOnBoth(network.server, { protocol: "tcp", port: 2222 });
});
afterAll(async () => {
  await booted?.remove();
  network?.remove();
  bundle?.remove();
});
beforeEach(async () => {
  if (obstacle === undefined) await shell(`cat >/etc/postern/policy.yaml <<'END'\n${POLICY}END`);
});

/** Lines of shell at the host's console, of which none may fail. */
async function shell(...lines: readonly string[]): Promise<string> {
  const { ipv4 } = network.link.client;
  return await booted.lines(...lines.map((line) => line.replaceAll("ADDRESS", ipv4)));
}

const reaches = () => canConnect(network.client, network.link.server.ipv4, 2222);
const apply = (...options: readonly string[]) =>
  shell(`postern apply ${options.join(" ") || "--no-confirm"} 2>/dev/null`);

describe.skipIf(obstacle !== undefined)(
  `who is locked out${obstacle === undefined ? "" : `: ${obstacle}`}`,
  () => {
    test("waits, and is in; or the host is started anew", async () => {
      await apply("--confirm 2s");
      expect(await reaches()).toBe(false);
      await until("the end of the gate", reaches);
      await apply("--confirm 1h");
      await booted.reboot();
      expect(await reaches()).toBe(true);
    });

    test("knocks by hand over each family, with and without Postern", async () => {
      await apply();
      const { ipv4, ipv6 } = network.link.server;
      const policy = await shell("cat /etc/postern/policy.yaml");
      for (const [address, line] of [
        [ipv4, FOUR],
        [ipv6, SIX],
      ] as const) {
        await account.shell(`$postern profile add ${address} --from -`, { stdin: policy });
        const { stdout } = await account.shell(
          line.replace("postern", "$postern").replace("HOST", address),
        );
        expect(stdout).toContain("open");
      }
      await shell("postern close ssh");
      expect(await reaches()).toBe(false);
      const asked = RECIPE.replace("postern", "$postern").replace("HOST", ipv4);
      const recipe = (await account.shell(asked)).stdout.trim();
      await network.client.run(["sh", "-c", recipe]);
      expect(await reaches()).toBe(true);
    });

    describe("and has a console", () => {
      test("sees why, and lets an address in that was banned", async () => {
        await apply();
        await shell("postern ban ADDRESS");
        expect(await reaches()).toBe(false);
        expect(await shell(LOOK)).toMatch(/^ssh {2}shut[\s\S]*banned by hand/);
        await shell(LET_IN);
        expect(await reaches()).toBe(true);
        await shell("postern close ssh");
      });

      test("goes back to the gate of before, whose knock is known", async () => {
        await apply();
        await shell("sed -i s/52777/52778/ /etc/postern/policy.yaml");
        await apply();
        const knock = () =>
          network.client.run([
            ...["knock", "-d", "50", network.link.server.ipv4],
            ...["51001", "54040:udp", "52777"],
          ]);
        await knock();
        expect(await reaches()).toBe(false);
        await shell(ROLLBACK);
        await knock();
        await until("an open door", reaches);
        await shell("postern close ssh");
      });

      test("takes the gate away, now and from the next boot on", async () => {
        await apply();
        await shell(REMOVE);
        expect(await reaches()).toBe(true);
        await booted.reboot();
        expect(await reaches()).toBe(true);
      });

      test("needs no Node.js for that, and the agent does not put it back", async () => {
        await apply();
        await shell("systemctl enable --quiet --now postern-agent.service");
        await shell("nft delete table inet postern");
        await until("the agent to put it back", async () => !(await reaches()));
        await shell("chmod 0 $(command -v node)");
        await shell(BY_NFT);
        // Otherwise it might not have looked yet.
        expect(await shell("systemctl is-active postern-agent.service || :")).toBe("inactive\n");
        expect(await reaches()).toBe(true);
        await booted.reboot();
        expect(await reaches()).toBe(false);
        await shell(BY_NFT, DISABLE);
        await booted.reboot();
        expect(await reaches()).toBe(true);
        await shell(
          "chmod 755 /usr/bin/node /usr/local/bin/node 2>/dev/null || :",
          "systemctl disable --quiet --now postern-agent.service",
          "systemctl enable --quiet postern.service",
        );
      });

      test("needs two lines where iptables holds it", async () => {
        await shell("sed -i 's/nftables/iptables/' /etc/postern/policy.yaml");
        await apply();
        expect(await reaches()).toBe(false);
        expect(await shell("iptables -t raw -S")).toContain("-A PREROUTING -j POSTERN\n");
        await shell(BY_IPTABLES);
        for (const address of [network.link.server.ipv4, network.link.server.ipv6]) {
          expect(await canConnect(network.client, address, 2222)).toBe(true);
        }
        await shell("postern remove");
      });
    });

    describe("and has none", () => {
      test("boots once without the gate, by a word on the kernel's command line", async () => {
        await apply();
        await shell("systemctl enable --quiet postern-agent.service");
        await booted.reboot(MASK.trim().split("\n"));
        expect(await shell("systemctl is-active postern-agent.service")).toBe("active\n");
        expect(await reaches()).toBe(true);
        await shell("systemctl disable --quiet postern-agent.service");
        await booted.reboot();
        expect(await reaches()).toBe(false);
      });

      test("takes its files away from a rescue system", async () => {
        await apply();
        await shell(RESCUE.replaceAll("/mnt/", "/"));
        await booted.reboot();
        expect(await reaches()).toBe(true);
      });
    });
  },
);
