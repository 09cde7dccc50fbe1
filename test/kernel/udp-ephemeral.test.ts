/** A UDP door over the ports from which the host itself asks, and the setting that mends it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { lookAround } from "../../src/gate/check/surroundings.ts";
import { checkUdpEphemeral } from "../../src/gate/check/udp-ephemeral.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { sure } from "../setup/sure.ts";
import { loadGate, removeGate } from "./gate.ts";
import { holdersOver } from "./holders.ts";
import { type Host, type Running, untilListening } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { connect } from "./services.ts";
import { until } from "./until.ts";

const POLICY =
  "doors: { mosh: { protects: udp/60000-60499, sequence: { steps: [21001, udp/24040, tcp/22777] } } }\n";

let network: Network;
let server: Host;
const started: Running[] = [];
beforeAll(async () => {
  network = await makeNetwork();
  ({ server } = network);
});
afterAll(() => network.remove());

/** Answers every datagram. */
const RESOLVER = { ipv4: resolver("udp4"), ipv6: resolver("udp6") };

function resolver(kind: string): string {
  return `const socket = require("node:dgram").createSocket("${kind}"); socket.on("message", (_, { port, address }) => socket.send("answer", port, address)); socket.bind(5353);`;
}

const setting = (name: string, value: string) =>
  server.run(["sysctl", "-q", "-w", `net.ipv4.ip_local_${name}=${value}`]);

async function found(): Promise<Problem[]> {
  const placed = sure(parsePlacedPolicy(POLICY, "policy.yaml"));
  return checkUdpEphemeral(placed, await lookAround(liveHost(server), placed.policy, undefined));
}

describe.each(FAMILIES)("over %s", (family) => {
  afterEach(async () => {
    for (const running of started.splice(0)) await running.stop();
    for (const holder of holdersOver(family)) await removeGate(server, holder);
  });

  test.each(holdersOver(family))(
    "an answer to the host passes $name once the ports are reserved",
    async (holder) => {
      // All of these ports but the last are the door's.
      await setting("port_range", "60000 60500");
      await setting("reserved_ports", "60500");
      const { [family]: address } = network.link.client;
      const resolver = network.client.start([process.execPath, "-e", RESOLVER[family]]);
      started.push(resolver);
      await untilListening(resolver, { protocol: "udp", port: 5353 }, family);
      await loadGate(server, POLICY, holder);
      const question = connect(server, address, 5353, ["-u"]);
      started.push(question);
      question.write("question\n");
      await until("the answer to be refused", async () => (await refusals(holder.name)) > 0);
      expect(question.stdout()).toBe("");

      await setting("reserved_ports", "");
      const [problem] = await found();
      expect(problem?.fix).toContain("net.ipv4.ip_local_reserved_ports=60000-60499`");
      const [, command = ""] = /`([^`]*)`/.exec(problem?.fix ?? "") ?? [];
      await server.run(command.split(" "));
      expect(await found()).toEqual([]);
      const second = connect(server, address, 5353, ["-u"]);
      started.push(second);
      second.write("question\n");
      await until("the answer", () => second.stdout().includes("answer"));
    },
  );

  /** How many packets the door has refused. */
  async function refusals(name: string): Promise<number> {
    const ip = family === "ipv4" ? "iptables" : "ip6tables";
    const { stdout } = await server.run(
      name === "nftables"
        ? ["nft", "list", "counter", "inet", "postern", "mosh_refused"]
        : [name.replace("iptables", ip), "-t", "raw", "-L", "-v", "-x", "-n"],
    );
    const counted =
      name === "nftables"
        ? /packets (\d+)/.exec(stdout)?.[1]
        : /^\s*(\d+)\s+\d+ DROP .*counts=mosh_refused/m.exec(stdout)?.[1];
    return Number(counted ?? 0);
  }
});
