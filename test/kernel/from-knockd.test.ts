/** What docs/from-knockd.md says: the real knockd and a gate of ours beside each other. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadGate } from "./gate.ts";
import type { Host } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

const PAGE = readFileSync(new URL("../../docs/from-knockd.md", import.meta.url), "utf8");
const [CONF = "", POLICY = "", KNOCK = ""] = ["ini", "yaml", "sh"].map(
  (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(PAGE)?.[1],
);

let network: Network;
let server: Host;
beforeAll(async () => {
  network = await makeNetwork();
  ({ server } = network);
  await listenOnBoth(server, { protocol: "tcp", port: 22 });
});
afterAll(() => network.remove());

const address = () => network.link.server.ipv4;
const reaches = () => canConnect(network.client, address(), 22);

/** The line of the page, for people: they leave no time between packets that a daemon would need. */
async function knock(line = KNOCK.trim()): Promise<void> {
  const [program = "", , ...steps] = line.split(" ");
  await network.client.run([program, "-d", "100", address(), ...steps]);
}

async function startKnockd(): Promise<void> {
  const [conf, pid] = ["knockd.conf", "knockd.pid"].map(server.newPath) as [string, string];
  writeFileSync(conf, CONF);
  await server.run([
    "iptables",
    "-A",
    "INPUT",
    "-p",
    "tcp",
    "--dport",
    "22",
    "--syn",
    "-j",
    "DROP",
  ]);
  const knockd = server.start(["stdbuf", "-oL", "knockd", "-v", "-D", "-c", conf, "-p", pid]);
  await until("knockd to listen", () => knockd.stdout().includes("listening on"));
}

test("the knock of the page opens knockd's door, ours, and both beside each other", async () => {
  await startKnockd();
  expect(await reaches()).toBe(false);
  await knock();
  await until("knockd to open", reaches);

  await loadGate(server, POLICY);
  expect(await reaches()).toBe(false);
  await knock();
  await until("both to be open", reaches);
});
