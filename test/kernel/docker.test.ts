/** Ports that Docker publishes, by the rules that it writes: covered, and Docker in peace. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPolicy, checkGate, removeGate } from "../../src/gate/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import {
  addContainers,
  type Containers,
  type Docker,
  NETS,
  PUBLISHED,
  putUpRules,
  rulesOn,
  startProxies,
  takeDownRules,
} from "./docker.ts";
import { type Holder, IPTABLES_LEGACY, IPTABLES_NFT, NFTABLES } from "./holders.ts";
import type { Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { scan } from "./scanner.ts";
import { canConnect, connect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { capture } from "./wire.ts";

const ENGINES: readonly (Docker & { readonly holders: readonly Holder[] })[] = [
  {
    name: "Docker before 28, on iptables",
    writes: "iptables-legacy",
    isBefore28: true,
    hasProxy: true,
    holders: [NFTABLES, IPTABLES_LEGACY],
  },
  {
    name: "Docker of today, on iptables",
    writes: "iptables-nft",
    isBefore28: false,
    hasProxy: true,
    holders: [NFTABLES, IPTABLES_NFT],
  },
  {
    name: "the same without docker-proxy",
    writes: "iptables-nft",
    isBefore28: false,
    hasProxy: false,
    holders: [NFTABLES],
  },
  {
    name: "Docker of today, on nftables",
    writes: "nftables",
    isBefore28: false,
    hasProxy: true,
    holders: [NFTABLES, IPTABLES_NFT],
  },
  {
    name: "the same on nftables, without docker-proxy",
    writes: "nftables",
    isBefore28: false,
    hasProxy: false,
    holders: [NFTABLES],
  },
];

const SCANS = ["-sS", "-sA"];
const KNOCK = ["21001:tcp", "24040:udp", "22777:tcp"];

/** At which the client listens. */
const WORLD = 9999;

/** A door before the published port. */
function policy({ name }: Holder, more = ""): string {
  return `backend: ${name === "nftables" ? "nftables" : "iptables"}
${more}
doors:
  box:
    protects: tcp/${PUBLISHED}
    open-for: 1h
    sequence: { steps: [tcp/21001, udp/24040, tcp/22777] }
`;
}

let network: Network;
let containers: Containers;
let inside: Readonly<Record<Family, Running>>;
beforeAll(async () => {
  network = await makeNetwork();
  containers = await addContainers(network);
  await listenOnBoth(network.client, { protocol: "tcp", port: WORLD });
  inside = await listenOnBoth(containers.container, { protocol: "tcp", port: 22 });
});
afterAll(() => network.remove());

const addressOf = (family: Family) => network.link.server[family];
const reaches = (family: Family) => canConnect(network.client, addressOf(family), PUBLISHED);
const reachesByEither = () => Promise.all(FAMILIES.map(reaches));
const knock = (family: Family) =>
  network.client.run(["knock", "-d", "30", addressOf(family), ...KNOCK]);

describe.each(ENGINES)("$name", (docker) => {
  const { holders, hasProxy } = docker;
  let proxies: readonly Running[] = [];

  const start = async () => {
    await putUpRules(network.server, docker);
    if (hasProxy) proxies = await startProxies(network.server);
  };
  const stop = async () => {
    for (const proxy of proxies) await proxy.stop();
    await takeDownRules(network.server, docker);
  };
  beforeAll(start);
  afterAll(stop);

  describe.each(holders)("before a gate held by $name", (holder) => {
    const host = () => holder.on(network.server);
    const apply = async (text = policy(holder)) => sure(await applyPolicy(host(), policyOf(text)));
    const remove = async () => sure(await removeGate(host()));

    describe("that stands", () => {
      beforeAll(async () => {
        expect(await reachesByEither()).toEqual([true, true]);
        await apply();
      });
      afterAll(remove);

      test.each(FAMILIES)("its port is silent over %s", async (family) => {
        const watching = await capture(
          network.link.client,
          `src host ${addressOf(family)} and tcp src port ${PUBLISHED}`,
        );
        for (const flags of SCANS) {
          await scan(network.client, addressOf(family), [PUBLISHED], flags);
        }
        expect(await watching.stop()).toEqual([]);
        expect(await reaches(family)).toBe(false);
      });

      test.each(FAMILIES)(
        "containers reach each other and the world, and the host reaches them, over %s",
        async (family) => {
          const { container } = NETS[family];
          expect(await canConnect(containers.other, container, 22)).toBe(true);
          expect(await canConnect(containers.other, network.link.client[family], WORLD)).toBe(true);
          expect(await canConnect(network.server, container, 22)).toBe(true);
          expect(await canConnect(network.server, addressOf(family), PUBLISHED)).toBe(true);
        },
      );

      test("the host reaches it by loopback", async () => {
        // Without docker-proxy the kernel lets loopback of IPv4 alone leave the host.
        for (const address of hasProxy ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
          expect(await canConnect(network.server, address, PUBLISHED)).toBe(true);
        }
      });

      test("check knows the port for one that is published", async () => {
        const placed = sure(parsePlacedPolicy(policy(holder), "policy.yaml"));
        const { problems } = await checkGate(host(), placed);
        expect(problems.map(({ code }) => code)).not.toContain("nothing-listens");
      });
    });

    test("a knock opens it, and sessions older than the gate go on", async () => {
      const sessions = FAMILIES.map((family) => ({
        family,
        running: connect(network.client, addressOf(family), PUBLISHED),
      }));
      const talk = (word: string) =>
        Promise.all(
          sessions.map(async ({ family, running }) => {
            const line = `${word} ${docker.name} ${holder.name}\n`;
            running.write(line);
            await until(`${line} inside`, () => inside[family].stdout().includes(line));
          }),
        );
      await talk("before");
      await apply();
      await talk("after");
      for (const { running } of sessions) await running.stop();
      expect(await reachesByEither()).toEqual([false, false]);
      for (const family of FAMILIES) {
        await knock(family);
        await until("an open door", () => reaches(family));
      }
      await remove();
    });

    test("apply and remove leave its rules as they are", async () => {
      const before = await rulesOn(network.server, docker);
      expect(before).toMatch(/dnat to|-j DNAT/);
      await apply();
      expect(await rulesOn(network.server, docker)).toBe(before);
      await remove();
      expect(await rulesOn(network.server, docker)).toBe(before);
    });

    if (hasProxy) {
      test("started after the gate it is behind it, and its sessions go on", async () => {
        await stop();
        await apply();
        await start();
        expect(await reaches("ipv4")).toBe(false);
        await knock("ipv4");
        await until("an open door", () => reaches("ipv4"));
        const session = connect(network.client, addressOf("ipv4"), PUBLISHED);
        for (const word of ["first", "second"].map((n) => `${n} ${docker.name} ${holder.name}`)) {
          session.write(`${word}\n`);
          await until(`${word} inside`, () => inside.ipv4.stdout().includes(`${word}\n`));
        }
        await session.stop();
        await remove();
      });
    }

    test("when it starts anew nobody slips in, and who has knocked is in", async () => {
      await apply();
      await knock("ipv6");
      await until("an open door", () => reaches("ipv6"));
      let isOver = false;
      let tries = 0;
      const slippedIn = (async () => {
        while (!isOver) {
          tries += 1;
          const argv = ["nc", "-z", "-w", "1", addressOf("ipv4"), `${PUBLISHED}`];
          const { status } = await network.client.run(argv, { mayFail: true });
          if (status === 0) return true;
        }
        return false;
      })();
      await stop();
      await start();
      await until("tries after the start", () => tries > 2);
      isOver = true;
      expect(await slippedIn).toBe(false);
      expect(await reaches("ipv6")).toBe(true);
      await knock("ipv4");
      await until("an open door", () => reaches("ipv4"));
      await remove();
    });
  });
});

test("a container that uses the published port of another is a source like any other", async () => {
  const docker = ENGINES[1];
  if (docker === undefined) throw new Error("no engine");
  await putUpRules(network.server, docker);
  const proxies = await startProxies(network.server);
  const apply = async (more: string) =>
    sure(await applyPolicy(NFTABLES.on(network.server), policyOf(policy(NFTABLES, more))));
  const reaches = async () =>
    Promise.all(
      FAMILIES.map((family) => canConnect(containers.other, NETS[family].gateway, PUBLISHED)),
    );
  await apply("");
  expect(await reaches()).toEqual([false, false]);
  await apply(`trusted: ["${NETS.ipv4.subnet}", "${NETS.ipv6.subnet}"]`);
  expect(await reaches()).toEqual([true, true]);
  await apply("interfaces: [eth0]");
  expect(await reaches()).toEqual([true, true]);
  for (const proxy of proxies) await proxy.stop();
});
