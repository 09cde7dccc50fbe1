/** `postern probe`, typed by root and by somebody who is not, at real gates. */
import { copyFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Client, clientOn } from "./client.ts";
import { loadGate, removeGate } from "./gate.ts";
import { HOLDERS, NFTABLES } from "./holders.ts";
import type { Output } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { listenOnBoth } from "./services.ts";

const SSH = `
doors:
  ssh:
    protects: tcp/22
    open-for: 2s
    sequence: { steps: [21001, udp/24040, tcp/22777] }
`;
/** The server, over both families. */
const NAME = "gate.test";

let bundle: Bundle;
let network: Network;
let client: Client;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  client = clientOn(network.client, bundle);
  nameHosts(network.client, {
    [NAME]: [server("ipv4"), server("ipv6")],
    "half.test": [server("ipv4"), "10.91.0.99"],
  });
  for (const port of [22, 23]) await listenOnBoth(network.server, { protocol: "tcp", port });
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
});

function server(family: Family): string {
  return network.link.server[family];
}

/** Of a policy's gate on the server, and of the same doors in the client's profiles. */
async function gateOf(policy: string, holder = NFTABLES): Promise<void> {
  await loadGate(network.server, policy, holder);
  client.knows({
    [NAME]: policy,
    [server("ipv4")]: policy,
    [server("ipv6")]: policy,
    "half.test": policy,
  });
}

/** Lines of each address together, without the order in which names have addresses. */
const linesOf = ({ stdout }: Output) => inOrder(stdout.trim().split("\n"));
const inOrder = (lines: readonly string[]) => lines.toSorted();

const line = (mark: string, family: Family, text: string) =>
  `${mark.padEnd(8)}  ${server(family).padEnd(9)}  ${text}`;

const shut = (words: string) => FAMILIES.map((family) => line("ok", family, words));
const BEFORE = "before the knock: shut; tcp/22";
const opened = (by = "sequence") => shut(`opened to the knock by ${by}`);

describe.each(HOLDERS)("a gate on $name", (holder) => {
  afterAll(() => removeGate(network.server, holder));

  test("is proved over both families to root, with FIN and ACK, and to shut again", async () => {
    await gateOf(SSH, holder);
    const { status, stdout, stderr } = await client.asRoot(`probe ${NAME} --wait`);
    expect([status, stderr]).toEqual([0, "postern: waiting 3 s, for the grant to end\n"]);
    for (const family of FAMILIES) {
      expect(stdout).toContain(line("ok", family, `${BEFORE} does not answer SYN, FIN and ACK\n`));
      expect(stdout).toContain(line("ok", family, "opened to the knock by sequence\n"));
      expect(stdout).toMatch(
        new RegExp(line("ok", family, "\\d+ s after the knock: shut; tcp/22")),
      );
    }
    expect(stdout).toContain(`\nssh of ${NAME} is shut, opens to a knock and shuts again\n`);
  });

  test("that does not cover IPv6 is found out", async () => {
    await gateOf(SSH, holder);
    await network.server.run(
      holder === NFTABLES
        ? ["nft", "insert rule inet postern prerouting meta nfproto ipv6 accept"]
        : [holder.name.replace("ip", "ip6"), "-t", "raw", "-F", "PREROUTING"],
    );
    const found = await client.postern(`probe ${NAME}`);
    expect(linesOf(found)).toEqual([
      line(
        "NOT SO",
        "ipv6",
        "before the knock: open; tcp/22 accepts connections; FIN and ACK were not tried",
      ),
      line("ok", "ipv4", `${BEFORE} does not answer SYN; FIN and ACK were not tried`),
      `ssh of ${NAME} is not as it should be: open without a knock at fd91::2, and not at every address`,
    ]);
    expect(found.status).toBe(1);
  });
});

describe("who may not use raw sockets", () => {
  test("is told that FIN and ACK were not tried, and has the rest proved", async () => {
    await gateOf(SSH);
    const proved = await client.postern(`probe ${NAME}`);
    expect(linesOf(proved)).toEqual(
      inOrder([
        ...shut(`${BEFORE} does not answer SYN; FIN and ACK were not tried`),
        ...opened(),
        `ssh of ${NAME} is shut and opens to a knock`,
      ]),
    );
    expect([proved.status, proved.stderr]).toEqual([
      0,
      "  FIN and ACK were not tried: this user may use no raw sockets: EPERM; run it as root, or with CAP_NET_RAW\n",
    ]);
  });
});

describe("to root", () => {
  test("a door that refuses is shut, as a port on which nothing listens", async () => {
    await gateOf(SSH.replace("tcp/22\n", "tcp/22\n    refuse: reset\n"));
    const proved = await client.asRoot(`probe ${NAME}`);
    expect(linesOf(proved)).toEqual(
      inOrder([
        ...shut(`${BEFORE} refuses SYN, FIN and ACK`),
        ...opened(),
        `ssh of ${NAME} is shut and opens to a knock`,
      ]),
    );
    expect([proved.status, proved.stderr]).toEqual([0, ""]);
  });

  test("a door is seen that hides from SYN alone", async () => {
    client.knows({ [NAME]: SSH });
    await network.server.run(["nft", "-f", "-"], { stdin: HIDDEN_FROM_SYN });
    const found = await client.asRoot(`probe ${NAME}`);
    expect(linesOf(found)).toEqual(
      FAMILIES.map((family) =>
        line(
          "NOT SO",
          family,
          "before the knock: seen; tcp/22 does not answer SYN and FIN, refuses ACK",
        ),
      )
        .concat(`ssh of ${NAME} is not as it should be: seen without a knock at fd91::2, 10.91.0.2`)
        .toSorted(),
    );
    expect(found.status).toBe(1);
  });
});

/** As published rules for xt_recent do it. */
const HIDDEN_FROM_SYN = `
table inet filter {
  chain input {
    type filter hook input priority 0; tcp dport 22 tcp flags & (syn | ack) == syn drop
  }
}
`;

test("a door that is open already is told apart, with what to do", async () => {
  await gateOf(SSH.replace("2s", "1h"));
  await client.postern(`knock ${NAME}`);
  const { status, stdout, stderr } = await client.postern(`probe ${NAME}`);
  expect(status).toBe(1);
  expect(stdout).toContain("is not as it should be: open without a knock at");
  expect(stderr).toContain(
    "already open: this source holds a grant or is trusted, or nothing guards the port\n",
  );
  expect(stderr).toContain("run `postern close ssh` on the host; or probe from another address\n");
});

test("a door that opens at one address alone is found out", async () => {
  await gateOf(SSH);
  await network.server.run(["nft", "-f", "-"], { stdin: NO_IPV6 });
  const { status, stdout } = await client.postern(`probe ${NAME}`);
  expect(status).toBe(1);
  expect(stdout).toContain(
    line("NOT SO", "ipv6", "did not open to the knock: it does not answer, but for pings\n"),
  );
  expect(stdout).toContain(line("ok", "ipv4", "opened to the knock by sequence\n"));
  expect(stdout).toContain("it does not open at fd91::2, and does at another address\n");
});

/** Before the gate, which then sees none of it. */
const NO_IPV6 = `
table inet blackhole {
  chain every {
    type filter hook prerouting priority -400; meta nfproto ipv6 meta l4proto { tcp, udp } drop
  }
}
`;

test("a knock that opens nowhere ends with 4", async () => {
  await gateOf(SSH);
  client.knows({ [NAME]: SSH.replace("22777", "22778") });
  const { status, stdout } = await client.postern(`probe ${NAME}`);
  expect(status).toBe(4);
  expect(stdout).toContain(`ssh of ${NAME} did not open to the knock\n`);
});

test("an address at which there is no host is told from a door that is shut", async () => {
  await gateOf(SSH);
  const { status, stdout } = await client.postern("probe half.test");
  expect(stdout).toContain(
    "untested  10.91.0.99  before the knock: tcp/22 cannot be reached (EHOSTUNREACH)",
  );
  expect(stdout).toContain("ok        10.91.0.2   opened to the knock by sequence\n");
  expect(stdout).toContain("ssh of half.test: not all of it could be tested from here\n");
  expect(status).toBe(3);
});

test("a door for a single use lets in one connection, and is shut again", async () => {
  await gateOf(SSH.replace("2s", "1h\n    single-use: true"));
  const { status, stdout } = await client.asRoot(`probe ${NAME} --wait`);
  expect(stdout).toContain("after its one connection: shut; tcp/22 does not answer SYN");
  expect(status).toBe(0);
});

test("a door that stays open for longer than its profile says is found out", async () => {
  await gateOf(SSH.replace("2s", "1h"));
  client.knows({ [NAME]: SSH.replace("2s", "1s") });
  const { status, stdout, stderr } = await client.postern(`probe -4 ${NAME} --wait`);
  expect(status).toBe(1);
  expect(stdout).toContain("s after the knock: open; tcp/22 accepts connections");
  expect(stdout).toContain("is not as it should be: still open at 10.91.0.2\n");
  expect(stderr).toContain("a grant ends after 1s: compare it with `open-for` in the policy\n");
});

test("without the package koffi FIN and ACK are not tried, and the rest is", async () => {
  await gateOf(SSH);
  const folder = network.client.newPath("bare");
  mkdirSync(folder);
  const file = join(folder, "postern.mjs");
  copyFileSync(bundle.file, file);
  cpSync(join(bundle.folder, "chunks"), join(folder, "chunks"), { recursive: true });
  const bare = clientOn(network.client, { ...bundle, folder, file });
  bare.knows({ [NAME]: SSH });
  const { status, stdout, stderr } = await bare.asRoot(`probe -6 ${NAME}`);
  expect(status).toBe(0);
  expect(stdout).toContain(`${BEFORE} does not answer SYN; FIN and ACK were not tried\n`);
  expect(stdout).toContain(`ssh of ${NAME} is shut and opens to a knock\n`);
  expect(stderr).toMatch(/^ {2}FIN and ACK were not tried: the package koffi, .* cannot be loaded/);
});

describe("a UDP door", () => {
  const UDP = SSH.replace("tcp/22", "udp/51820");

  test("before a silent service cannot be told from a shut one, and that is said", async () => {
    await gateOf(UDP);
    await listenOnBoth(network.server, { protocol: "udp", port: 51_820 });
    const { status, stdout } = await client.postern(`probe ${NAME} --wait`);
    expect(status).toBe(3);
    const silent =
      "udp/51820 is silent: a UDP service that is silent cannot be told from a shut door\n";
    expect(stdout).toContain(line("untested", "ipv4", `before the knock: ${silent}`));
    expect(stdout).toContain(line("untested", "ipv6", `was knocked at by sequence: ${silent}`));
    expect(stdout).toContain("a session of UDP goes on until it has been silent for the policy's");
  });

  test("shows that it has opened where the host behind it refuses", async () => {
    await gateOf(UDP.replace("51820", "51821"));
    const { status, stdout } = await client.postern(`probe ${NAME}`);
    expect(stdout).toContain(
      line("ok", "ipv4", "opened to the knock by sequence: udp/51821 refuses"),
    );
    expect(status).toBe(0);
  });
});

test("a user with CAP_NET_RAW sends FIN and ACK, and scripts get all of it as JSON", async () => {
  await gateOf(SSH);
  const { status, stdout } = await client.asRoot("probe 10.91.0.2 --json");
  expect(status).toBe(0);
  const silent = (packet: string) => ({ service: "tcp/22", packet, answer: "silent" });
  expect(JSON.parse(stdout)).toEqual({
    ...{ host: "10.91.0.2", door: "ssh", verdict: "proved", obstacle: null },
    addresses: [
      {
        ...{ address: "10.91.0.2", family: "ipv4" },
        stages: [
          {
            ...{ stage: "shut-before", finding: "so", unsent: null, by: null, state: null },
            ...{ after: null, packets: ["syn", "fin", "ack"].map(silent) },
          },
          {
            ...{ stage: "opens", finding: "so", unsent: null, by: "sequence", state: "open" },
            ...{ after: null, packets: [] },
          },
        ],
      },
    ],
  });
});

test("a host without an address cannot be probed", async () => {
  client.knows({ "nowhere.test": SSH });
  const { status, stderr } = await client.postern("probe nowhere.test");
  expect(status).toBe(3);
  expect(stderr).toMatch(/^postern: nowhere.test has no address that can be found/);
});
