/** What docs/from-iptables.md says of hand-written rules and of ours: tried, in both families. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { printScript } from "../../src/backend/iptables/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { programOf } from "../setup/policy.ts";
import { framesInOrder } from "./frames.ts";
import {
  EITHER_IPTABLES,
  type Holder,
  hold,
  IPTABLES_LEGACY,
  IPTABLES_NFT,
  letGo,
} from "./holders.ts";
import type { Host, Running } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { scan } from "./scanner.ts";
import { canConnect, connect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

const PAGE = readFileSync(new URL("../../docs/from-iptables.md", import.meta.url), "utf8");
const [HAND = "", POLICY = ""] = ["sh", "yaml"].map(
  (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(PAGE)?.[1],
);

const DOOR = 22;
const EMPTY = 24;
const OLD_KNOCK = ["51001", "51002", "51003"];
const NEW_KNOCK = ["21001", "24040:udp", "22777"];

const UNDONE = HAND.replaceAll("-A INPUT", "-D INPUT");

let network: Network;
let server: Host;
let client: Host;
let listeners: Readonly<Record<Family, Running>>;
beforeAll(async () => {
  network = await makeNetwork();
  ({ server, client } = network);
  listeners = await listenOnBoth(server, { protocol: "tcp", port: DOOR });
});
afterAll(() => network.remove());
afterEach(async () => {
  for (const holder of EITHER_IPTABLES) {
    await letGo(holder, server);
    for (const program of ["iptables", "ip6tables"].map((it) => it + kindOf(holder))) {
      await server.run([program, "-F", "INPUT"]);
      await server.run([program, "-P", "INPUT", "ACCEPT"]);
    }
  }
});

/** What the programs of a kind have at the end of their names. */
function kindOf({ name }: Holder): string {
  return name.replace("iptables", "");
}

/** Runs the rules of the page as a script, with the programs of one kind. */
async function runHand(script = HAND, holder = IPTABLES_NFT): Promise<void> {
  const kind = kindOf(holder);
  const programs = ["iptables", "ip6tables"].map((it) => `${it}() { ${it}${kind} "$@"; }`);
  await server.run(["sh", "-ec", `${programs.join("\n")}\n${script}`]);
}

async function rulesOfInput(): Promise<number> {
  const { stdout } = await server.run(["iptables-nft", "-S", "INPUT"]);
  return stdout.split("\n").filter((line) => line.startsWith("-A")).length;
}

async function knock(family: Family, steps: readonly string[]): Promise<void> {
  await client.run(["knock", "-d", "20", network.link.server[family], ...steps]);
}

async function isOpen(family: Family): Promise<boolean> {
  return canConnect(client, network.link.server[family], DOOR);
}

/** Ports 51000 to 51010, upwards, as the page has it. */
async function scanUpwards(family: Family) {
  const ports = Array.from({ length: 11 }, (_, n) => 51000 + n);
  return scan(client, network.link.server[family], ports, "-r");
}

const HIDDEN = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 51003, 51002] } } }";

describe.each(FAMILIES)("over %s", (family) => {
  const address = () => network.link.server[family];
  const see = async (flags: string) => {
    const findings = await scan(client, address(), [DOOR, EMPTY], flags);
    return [findings.get(DOOR)?.state, findings.get(EMPTY)?.state];
  };

  test("a scan upwards opens the published rules, and shows their steps; ours it does not", async () => {
    await runHand();
    const shown = await scanUpwards(family);
    expect(
      [...shown].filter(([, { state }]) => state === "filtered").map(([port]) => port),
    ).toEqual(OLD_KNOCK.map(Number));
    expect(await isOpen(family)).toBe(true);
    await runHand(UNDONE);
    await hold(IPTABLES_NFT, server, HIDDEN);
    const hidden = await scanUpwards(family);
    expect(new Set([...hidden.values()].map(({ state }) => state))).toEqual(new Set(["closed"]));
    expect(await isOpen(family)).toBe(false);
  });

  test("stray segments find the door behind the published rules, and not behind ours", async () => {
    await runHand();
    expect(await see("-sF")).toEqual(["open|filtered", "closed"]);
    expect(await see("-sA")).toEqual(["unfiltered", "unfiltered"]);
    await runHand(UNDONE);
    await hold(IPTABLES_NFT, server, POLICY);
    // scans.test.ts holds every scan to this.
    expect(await see("-sA")).toEqual(["filtered", "unfiltered"]);
  });
});

test("wrong steps in between do the published rules no harm, and start ours over", async () => {
  await runHand();
  await knock("ipv4", ["51001", "51777", "51002", "22", "51003"]);
  expect(await isOpen("ipv4")).toBe(true);
  await runHand(UNDONE);
  await runHand();
  await knock("ipv4", ["51003", "51002", "51001", "51002", "51003"]);
  expect(await isOpen("ipv4")).toBe(true);
  await runHand(UNDONE);
  await hold(IPTABLES_NFT, server, POLICY);
  await knock("ipv4", ["21001", "21777", "24040:udp", "22777"]);
  expect(await isOpen("ipv4")).toBe(false);
  await knock("ipv4", NEW_KNOCK);
  expect(await isOpen("ipv4")).toBe(true);
});

test("100 others at the first step make the published rules forget a knock", async () => {
  const destination = addressOf(network.link.server.ipv4);
  const others = Array.from({ length: 100 }, (_, n) =>
    syn({ source: senderOf("ipv4", n), destination, port: 51001 }),
  );
  for (const [count, open] of [
    [99, true],
    [100, false],
  ] as const) {
    await runHand();
    await knock("ipv4", ["51001"]);
    await send(network.link.client, framesInOrder(others.slice(0, count), network.link));
    await knock("ipv4", ["51002", "51003"]);
    expect(await isOpen("ipv4")).toBe(open);
    await runHand(UNDONE);
  }
});

test("each run of the published rules appends them again, and one removal leaves the door", async () => {
  await runHand();
  expect(await rulesOfInput()).toBe(6);
  await runHand();
  expect(await rulesOfInput()).toBe(12);
  await runHand(UNDONE);
  expect(await rulesOfInput()).toBe(6);
  expect(await isOpen("ipv4")).toBe(false);
});

test("with the call for IPv6 left out, the door of the published rules stands open", async () => {
  await runHand(HAND.replace("knock_rules ip6tables", ""));
  expect(await isOpen("ipv4")).toBe(false);
  expect(await isOpen("ipv6")).toBe(true);
});

test("an ACCEPT before the published rules opens their door to all, and not ours", async () => {
  await server.run(["iptables-nft", "-A", "INPUT", "-i", "eth0", "-j", "ACCEPT"]);
  await runHand();
  expect(await isOpen("ipv4")).toBe(true);
  await hold(IPTABLES_NFT, server, POLICY);
  expect(await isOpen("ipv4")).toBe(false);
});

test("the rules of ours that the page shows are those that its policy becomes", () => {
  const script = printScript(programOf(POLICY, "sources")).split("\n");
  const shown = PAGE.split("\n").filter((line) => line.startsWith("-A POSTERN"));
  expect(shown.length).toBeGreaterThan(8);
  for (const line of shown) expect(script).toContain(line);
});

test("the rules of theirs that the page explains are those at its top", () => {
  const shown = PAGE.split("\n").filter((line) => line.startsWith("-A INPUT"));
  for (const line of shown) expect(HAND).toContain(`"$1" ${line}\n`);
});

describe.each([
  [IPTABLES_NFT, "ipv4"],
  [IPTABLES_LEGACY, "ipv6"],
] as const)("moving over with $0.name, over $1", (holder, family) => {
  test("the session goes on at every step", async () => {
    const program = `${family === "ipv4" ? "iptables" : "ip6tables"}${kindOf(holder)}`;
    const input = (...words: readonly string[]) => server.run([program, ...words]);
    await runHand(HAND, holder);
    await knock(family, OLD_KNOCK);
    const session = connect(client, network.link.server[family], DOOR);
    const goesOn = async (words: string) => {
      session.write(`${family} ${words}\n`);
      const heard = () => listeners[family].stdout().includes(`${family} ${words}\n`);
      await until(`the session to go on ${words}`, heard);
    };
    // The stricter end of a chain: it needs a rule that accepts.
    await input("-P", "INPUT", "DROP");
    await goesOn("behind the old rules");
    await hold(holder, server, POLICY);
    await goesOn("behind both");
    await knock(family, NEW_KNOCK);
    await server.run(["sh", "-c", "echo / >/proc/net/xt_recent/knockp"]);
    expect(await isOpen(family)).toBe(false);
    await knock(family, [...OLD_KNOCK, ...NEW_KNOCK]);
    expect(await isOpen(family)).toBe(true);
    await input("-I", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT");
    await runHand(UNDONE, holder);
    await goesOn("behind the new rules");
    const { stdout } = await server.run(["ls", "/proc/net/xt_recent"]);
    expect(stdout).not.toContain("knock");
    await server.run([
      "sh",
      "-c",
      "for list in /proc/net/xt_recent/*grants*; do echo / >$list; done",
    ]);
    await knock(family, OLD_KNOCK);
    expect(await isOpen(family)).toBe(false);
    await knock(family, NEW_KNOCK);
    expect(await isOpen(family)).toBe(true);
    await goesOn("to the end");
    await session.stop();
  });
});
