/** Others use the raw table, too: what they do to a gate there, and the gate to them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { banSource, openDoor, readStatus } from "../../src/gate/index.ts";
import { sure } from "../setup/sure.ts";
import { EITHER_IPTABLES, hold, letGo } from "./holders.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { canConnect, connect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

const POLICY = `
doors:
  ssh: { protects: tcp/22, sequence: { steps: [51001, udp/54040, tcp/52777] } }
`;

/** By somebody else, at the same time as ours. */
const LOADS = 150;

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  await listenOnBoth(network.server, { protocol: "tcp", port: 22 });
});
afterAll(() => network.remove());

/** One text is for both families, so what has to be waited for is waited for in one. */
const OVER = { "iptables-nft": "ipv6", "iptables-legacy": "ipv4", nftables: "ipv4" } as const;

describe.each(EITHER_IPTABLES)("of $name", (holder) => {
  const { name, on } = holder;
  const family = OVER[name];
  const program = family === "ipv4" ? name : name.replace("ip", "ip6");
  const host = () => on(network.server);
  const load = () => hold(holder, network.server, POLICY);
  const enters = () => canConnect(network.client, network.link.server[family], 22);
  const raw = (words: string) => network.server.run([program, "-t", "raw", ...words.split(" ")]);
  const rulesIn = async (chain: string) => {
    const { stdout } = await raw(`-S ${chain}`);
    return stdout.split("\n").filter((line) => line.startsWith("-A"));
  };
  const statusSays = async () => {
    const status = await readStatus(host());
    return status.ok ? [] : status.problems.map(({ what }) => what);
  };

  afterEach(async () => {
    await letGo(holder, network.server);
    await raw("-F PREROUTING");
  });

  test("what others accept before the gate gets past it, until it is loaded again", async () => {
    await load();
    await raw("-I PREROUTING -p tcp -j ACCEPT");
    expect(await enters()).toBe(true);
    await load();
    expect(await rulesIn("PREROUTING")).toEqual([
      "-A PREROUTING -j POSTERN",
      "-A PREROUTING -p tcp -j ACCEPT",
    ]);
    expect(await enters()).toBe(false);
  });

  test("what the gate lets pass meets the rules of others behind it", async () => {
    const session = connect(network.client, network.link.server[family], 22);
    await load();
    sure(await openDoor(host(), "ssh", addressOf(network.link.client[family]), 60));
    await raw("-A PREROUTING -p tcp --syn --dport 22 -j DROP");
    await raw("-A PREROUTING -p tcp --dport 22 -j CT --notrack");
    expect(await enters()).toBe(false);
    session.write("still here\n");
    await until("the session to meet the last rule", async () => {
      const { stdout } = await network.server.run([`${program}-save`, "-c", "-t", "raw"]);
      return /^\[[1-9]\d*:\d+\] .* CT --notrack$/m.test(stdout);
    });
    await session.stop();
    await raw("-D PREROUTING -p tcp --syn --dport 22 -j DROP");
    expect(await enters()).toBe(true);
  });

  test("status knows when somebody has taken a part of the gate away, and a load mends it", async () => {
    const label = family === "ipv4" ? "IPv4" : "IPv6";
    const faults = [
      ["rules are gone from its chains", () => raw("-F")],
      ["nothing leads to its chains", () => raw("-F PREROUTING")],
      ["nothing leads to its chains", () => raw("-R PREROUTING 1 -p udp -j POSTERN")],
      [
        "its chains are gone",
        () => network.server.run([`${program}-restore`], { stdin: "*raw\nCOMMIT\n" }),
      ],
    ] as const;
    for (const [said, damage] of faults) {
      await load();
      expect(await statusSays()).toEqual([]);
      await damage();
      expect(await enters()).toBe(true);
      expect(await statusSays()).toEqual([
        expect.stringContaining(`the gate does not filter ${label}: ${said}`),
      ]);
    }
    // What is left of it goes on to learn.
    const stranger = addressOf(family === "ipv4" ? "2001:db8::7" : "192.0.2.7");
    sure(await banSource(host(), stranger, undefined));
    await load();
    expect(await enters()).toBe(false);
  });

  test("a gate that has been flushed can be taken away", async () => {
    await load();
    await raw("-F");
    await letGo(holder, network.server);
    const { stdout } = await network.server.run([`${program}-save`, "-t", "raw"]);
    expect(stdout).not.toContain("POSTERN");
  });

  test("who loads rules all the time and a load of the gate do not undo each other", async () => {
    await load();
    const rule = "*raw\\n-A PREROUTING -p udp --dport 9 -j ACCEPT\\nCOMMIT\\n";
    const command = `printf '${rule}' | ${program}-restore --noflush --wait 5 || exit 1`;
    const loop = `n=0; while [ $n -lt ${LOADS} ]; do ${command}; n=$((n+1)); done`;
    const other = network.server.start(["sh", "-c", loop]);
    do await load();
    while (!other.hasEnded());
    expect(await other.ended).toBe(0);
    expect(await rulesIn("PREROUTING")).toEqual([
      "-A PREROUTING -j POSTERN",
      ...new Array(LOADS).fill("-A PREROUTING -p udp -m udp --dport 9 -j ACCEPT"),
    ]);
    expect(await statusSays()).toEqual([]);
  });
});
