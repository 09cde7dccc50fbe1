/** What is in the kernel of the tokens of clients, as keys, time and accidents come and go. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import {
  addKey,
  applyPolicy,
  type InKernel,
  type Refilled,
  readClient,
  readStatus,
  refillGate,
  removeGate,
  revokeKey,
  rollback,
  rotateKey,
} from "../../src/gate/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import type { Carrier } from "../../src/policy/carriers.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { ClientName, DoorName, Secret } from "../../src/policy/policy.ts";
import { bytesOf, slotAt, tokenMaker } from "../../src/token/index.ts";
import { sure } from "../setup/sure.ts";
import type { Host } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";

const POLICY = "doors:\n  ssh: { protects: tcp/22, token: { carriers: [ping], lookahead: 5m } }\n";
const TWO_DOORS = `${POLICY}  web: { protects: tcp/8080, token: { carriers: [ping], lookahead: 5m, clients: 2 } }\n`;
const TWO_CARRIERS = POLICY.replace("ping", "ping, udp/62201");
const PING: Carrier = { kind: "ping" };
const ANA = "ana" as ClientName;
const BOB = "bob" as ClientName;
/** A moment in the middle of a slot. */
const NOON = Date.UTC(2026, 10, 25, 12, 0, 5);
/** From that of noon to the last of the lookahead. */
const SLOTS = 31;

let network: Network;
let server: Host;
let host: GateHost;
let now = NOON;
let folder: string;

beforeAll(async () => {
  network = await makeNetwork();
  server = network.server;
});
afterAll(() => network.remove());
beforeEach(async () => {
  now = NOON;
  folder = server.newPath("etc");
  const live = liveHost(server);
  host = {
    ...live,
    now: () => now,
    environment: (name) => (name === "POSTERN_DIR" ? folder : live.environment(name)),
  };
  sure(await removeGate(host));
});

async function apply(text = POLICY): Promise<void> {
  const written = { file: "policy.yaml", text };
  sure(await applyPolicy(host, sure(parsePolicy(text, "policy.yaml")), { written }));
}

async function refill(): Promise<Refilled> {
  return sure(await refillGate(host, "policy.yaml"));
}

function addedTo({ carriers }: Refilled): number[] {
  return carriers.map(({ added }) => added);
}

async function add(name: ClientName, doors?: string[]): Promise<InKernel> {
  return sure(await addKey(host, "policy.yaml", name, doors as DoorName[] | undefined));
}

/**
 * The slots of which the kernel holds tokens in a ping, as far from the one of noon. Earlier ones
 * may end while a test goes on.
 */
async function slotsOf(name: ClientName, door = "ssh"): Promise<number[]> {
  const { key } = sure(await readClient(host, name));
  return (await slotsWith(key.secret, door)).filter((slot) => slot >= 0 || now < NOON);
}

async function slotsWith(secret: Secret, door = "ssh"): Promise<number[]> {
  const held = await valuesIn(`${door}_ping_tokens`);
  const make = tokenMaker(bytesOf(secret), door, PING);
  return Array.from({ length: 1000 }, (_, n) => n - 400).filter((slot) =>
    held.has(make(slotAt(NOON / 1000) + slot).toString("hex")),
  );
}

async function valuesIn(set: string): Promise<Set<string>> {
  const listed = await server.run(["nft", "--json", "list", "set", "inet", "postern", set]);
  const [found] = parseListing(listed.stdout).sets;
  return new Set(found?.members.map(({ value = "" }) => value));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** Sends the token of a slot, as far from the one of noon; says how often doors have opened. */
async function show(name: ClientName, slot: number): Promise<number> {
  const { key } = sure(await readClient(host, name));
  return showToken(tokenMaker(bytesOf(key.secret), "ssh", PING)(slotAt(NOON / 1000) + slot));
}

async function showToken(token: Buffer): Promise<number> {
  const ping = ["ping", "-c", "1", "-W", "5", "-p", token.toString("hex")];
  await network.client.run([...ping, network.link.server.ipv4]);
  const { stdout } = await server.run(["nft", "--json", "--terse", "list", "ruleset", "inet"]);
  const opened = parseListing(stdout).counters.find((counter) => counter.name === "ssh_open");
  return opened?.packets ?? 0;
}

describe("tokens are in the kernel", () => {
  test("at once where a gate stands, from a minute ago to as far ahead as the policy says", async () => {
    await apply();
    await add(ANA);
    expect(await slotsOf(ANA)).toEqual(range(0, 30));
    expect(await show(ANA, 0)).toBe(1);
  });

  test("at once, too, where the gate is put up after the key was made", async () => {
    await add(ANA);
    await apply();
    expect(await slotsOf(ANA)).toEqual(range(0, 30));
  });

  test("for the doors alone that a key is for", async () => {
    await apply(TWO_DOORS);
    await add(ANA, ["web"]);
    expect([await slotsOf(ANA), (await slotsOf(ANA, "web")).length]).toEqual([[], SLOTS]);
  });

  test("and each refill adds what time has brought, and nothing else", async () => {
    await apply(TWO_CARRIERS);
    await add(ANA);
    expect(addedTo(await refill())).toEqual([0, 0]);
    now += 40_000;
    expect(addedTo(await refill())).toEqual([4, 4]);
    expect(await slotsOf(ANA)).toEqual(range(0, 34));
  });

  test("of as many clients as the policy has room for, and of which not is said", async () => {
    await apply(TWO_DOORS);
    for (const name of ["a", "b", "c"]) await add(name as ClientName);
    const { problems } = await refill();
    expect(problems.map(({ code }) => code)).toEqual(["too-many-clients"]);
    expect(problems[0]?.fix).toContain("clients: 4");
    expect((await slotsOf("b" as ClientName, "web")).length).toBe(SLOTS);
    expect(await slotsOf("c" as ClientName, "web")).toEqual([]);
    expect((await slotsOf("c" as ClientName)).length).toBe(SLOTS);
  });
});

describe("what was spent never opens again", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["a refill", refill],
    ["the policy applied again", apply],
    ["another policy", () => apply(POLICY.replace("tcp/22", "tcp/2222"))],
    ["a rollback", async () => sure(await rollback(host))],
    ["the gate removed and put up", () => removeGate(host).then(() => apply())],
    [
      "rules that somebody flushed",
      () => server.run(["nft", "flush", "ruleset"]).then(() => apply()),
    ],
  ])("by %s", async (_, happens) => {
    await apply();
    await add(ANA);
    await apply(`${POLICY}log: true\n`);
    // As two knocks in quick succession use them.
    expect([await show(ANA, 0), await show(ANA, 1)]).toEqual([1, 2]);
    await happens();
    const before = await show(ANA, 300);
    expect([await show(ANA, 0), await show(ANA, 1)]).toEqual([before, before]);
  });

  test("where nothing is known of what was spent, tokens are for what begins in a minute", async () => {
    await apply();
    await add(ANA);
    await server.run(["nft", "flush", "ruleset"]);
    await apply();
    expect(await slotsOf(ANA)).toEqual(range(7, 30));
  });

  test("after a boot, by the file of the rules and a refill", async () => {
    await apply();
    await add(ANA);
    const { stdout } = await server.run(["nft", "-s", "-t", "list", "table", "inet", "postern"]);
    await server.run(["nft", "flush", "ruleset"]);
    await server.run(["nft", "-f", "-"], { stdin: stdout });
    await refill();
    expect(await slotsOf(ANA)).toEqual(range(7, 30));
  });

  test("of a client whose clock is far ahead, what it has used is known on the disk", async () => {
    await apply();
    await add(ANA);
    expect(await show(ANA, 20)).toBe(1);
    await refill();
    await server.run(["nft", "flush", "ruleset"]);
    await apply();
    expect(await slotsOf(ANA)).toEqual(range(21, 30));
  });

  test("where the disk cannot note that a key is in use, it is taken for one that was", async () => {
    await apply();
    await add(ANA);
    const file = `${folder}/keys/ana.key`;
    writeFileSync(file, `${readFileSync(file, "utf8")}unused: true\n`);
    await server.run(["nft", "flush", "ruleset"]);
    const full = { ...host, replace: async () => host.rename("/nowhere/a", "/nowhere/b") };
    sure(await applyPolicy(full, sure(parsePolicy(POLICY, "policy.yaml"))));
    expect(await slotsOf(ANA)).toEqual(range(7, 30));
  });
});

describe("a key that is taken away", () => {
  test("leaves nothing in the kernel, and what others have stays", async () => {
    await apply();
    await add(ANA);
    await add(BOB);
    const { key } = sure(await readClient(host, ANA));
    sure(await revokeKey(host, "policy.yaml", ANA));
    expect(await slotsWith(key.secret)).toEqual([]);
    expect((await slotsOf(BOB)).length).toBe(SLOTS);
    const token = tokenMaker(bytesOf(key.secret), "ssh", PING)(slotAt(NOON / 1000));
    expect([await showToken(token), await show(BOB, 0)]).toEqual([0, 1]);
  });

  test("and given anew opens at once, and the old one does not", async () => {
    await apply();
    await add(ANA);
    const { key } = sure(await readClient(host, ANA));
    sure(await rotateKey(host, "policy.yaml", ANA));
    expect(await slotsWith(key.secret)).toEqual([]);
    const token = tokenMaker(bytesOf(key.secret), "ssh", PING)(slotAt(NOON / 1000));
    expect([await showToken(token), await show(ANA, 0)]).toEqual([0, 1]);
  });

  test("while refills and an apply are at work, is gone when all of them are done", async () => {
    await apply();
    await add(ANA);
    await add(BOB);
    const { key } = sure(await readClient(host, ANA));
    const [revoked] = await Promise.all([
      revokeKey(host, "policy.yaml", ANA),
      refillGate(host, "policy.yaml"),
      applyPolicy(host, sure(parsePolicy(POLICY, "policy.yaml"))),
      refillGate(host, "policy.yaml"),
    ]);
    expect(revoked.ok).toBe(true);
    await refill();
    expect(await slotsWith(key.secret)).toEqual([]);
    expect((await slotsOf(BOB)).length).toBe(SLOTS);
  });

  test("when whoever took it away was killed, is taken out by the next refill", async () => {
    await apply();
    await add(ANA);
    // The first thing that is done.
    sure(await host.rename(`${folder}/keys/ana.key`, `${folder}/keys/ana.revoked`));
    const { gone } = await refill();
    expect([gone, (await valuesIn("ssh_ping_tokens")).size]).toEqual([["ana"], 0]);
    expect(sure(await host.listFolder(`${folder}/keys`))).toEqual([]);
  });

  test("by hand, takes all tokens of its doors along, for nobody can tell which were its own", async () => {
    await apply();
    await add(ANA);
    await add(BOB);
    rmSync(`${folder}/keys/ana.key`);
    const { problems } = await refill();
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(["tokens-begun-anew"]));
    expect((await valuesIn("ssh_ping_tokens")).size).toBe(24);
    expect(await slotsOf(BOB)).toEqual(range(7, 30));
  });

  test("for one door loses what it had there", async () => {
    await apply(TWO_DOORS);
    await add(ANA);
    const file = `${folder}/keys/ana.key`;
    writeFileSync(file, `${readFileSync(file, "utf8")}doors: web\n`);
    await refill();
    expect([await slotsOf(ANA), (await slotsOf(ANA, "web")).length]).toEqual([[], SLOTS]);
  });
});

describe("a key file", () => {
  test.each<[string, (file: string) => void]>([
    ["that is cut short", (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, 90))],
    ["that is empty", (file) => writeFileSync(file, "")],
    ["that others can read", (file) => chmodSync(file, 0o644)],
  ])("%s is a problem, and no other client loses anything", async (_, happens) => {
    await apply();
    await add(ANA);
    await add(BOB);
    happens(`${folder}/keys/ana.key`);
    now += 20_000;
    const { problems } = await refill();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.what).toContain("ana.key");
    expect(await slotsOf(BOB)).toEqual(range(0, 32));
  });
});

describe("a clock of the host", () => {
  test("that is set back an hour has new tokens in a minute, and none that may have been spent", async () => {
    await apply();
    await add(ANA);
    now -= 3_600_000;
    const { problems } = await refill();
    expect(problems.map(({ code }) => code)).toContain("tokens-begun-anew");
    expect(await slotsOf(ANA)).toEqual(range(-360 + 7, -360 + 30));
  });

  test("that jumps ahead leaves none of the time that it has left out, which a key taken away would", async () => {
    await apply();
    await add(ANA);
    now += 3_600_000;
    await refill();
    expect(await slotsOf(ANA)).toEqual(range(360 + 7, 360 + 30));
  });

  test("that was set by a minute and a half loses nothing, and a key taken away is gone", async () => {
    await apply();
    await add(ANA);
    now += 90_000;
    expect((await refill()).problems).toEqual([]);
    sure(await revokeKey(host, "policy.yaml", ANA));
    expect((await valuesIn("ssh_ping_tokens")).size).toBe(0);
  });
});

test("who has knocked is told once by a refill, and by the status for a day", async () => {
  await apply(TWO_CARRIERS);
  await add(ANA);
  await show(ANA, 3);
  const { knocks } = await refill();
  const source = network.link.client.ipv4;
  expect(knocks).toMatchObject([{ client: ANA, door: "ssh", carrier: "ping", source }]);
  expect((await refill()).knocks).toEqual([]);
  const [door] = sure(await readStatus(host)).doors;
  expect(door?.knocks).toMatchObject([{ client: ANA, carrier: "ping", source }]);
  const [byPing, byDatagram] = door?.tokens ?? [];
  expect([byPing?.clients, byDatagram?.clients]).toEqual([1, 1]);
  // Of the one that was shown there is none left.
  expect(byPing?.tokens).toBe((byDatagram?.tokens ?? 0) - 1);
});
