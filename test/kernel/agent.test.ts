/** An agent at work: whom it lets in, what it survives, and what it brings back. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Address, FAMILIES, type Family, printAddress } from "../../src/policy/address.ts";
import { parseSealingKey } from "../../src/signed/index.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { makeSigner } from "../signed/signer.ts";
import { framesOf } from "./frames.ts";
import { isGranted } from "./grants.ts";
import type { Output, Running } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { type KnockOf, signedKnock } from "./signed-knock.ts";
import { until } from "./until.ts";
import { repeat, send } from "./wire.ts";

const POLICY = `backend: nftables
ban: { after: 5, within: 1m, for: 1h }
doors:
  ssh:
    protects: tcp/22
    open-for: 5m
    sequence: { steps: [51001, 54040, 52777] }
    signed: { carriers: [ping, udp/62201] }
  web: { protects: tcp/8080, signed: { carriers: [udp/62201], clients: [bob], bound: true } }
  lan: { protects: tcp/8081, signed: { carriers: [udp/62201], from: [192.0.2.0/24] } }
`;
const ALICE = makeSigner("ssh-ed25519");
const BOB = makeSigner("ecdsa-sha2-nistp256");
const EVE = makeSigner("ssh-ed25519");
const SIGNERS = `alice ${ALICE.line}\nbob ${BOB.line}\n`;

let network: Network;
let bundle: Bundle;
let folder: string;
let agent: Running | undefined;
let sealingPublicKey: Uint8Array;
let senders = 1;

const file = (name: string) => join(folder, name);
const postern = (line: string): Promise<Output> =>
  network.server.run(
    ["env", `POSTERN_DIR=${folder}`, process.execPath, bundle.file, ...line.split(" ")],
    { mayFail: true },
  );

beforeAll(async () => {
  network = await makeNetwork();
  bundle = makeBundle();
  folder = network.server.newPath("etc");
  mkdirSync(folder, { mode: 0o700 });
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  writeFileSync(file("policy.yaml"), POLICY);
  writeFileSync(file("allowed_signers"), SIGNERS);
  chmodSync(file("allowed_signers"), 0o644);
  if ((await postern("status")).status !== 0) await apply();
  await startAgent();
  const key = sure(parseSealingKey(readFileSync(file("sealing.key"), "utf8"), "sealing.key"));
  sealingPublicKey = key.publicKey;
});

async function apply(): Promise<void> {
  expect((await postern("apply --anyway --no-confirm")).stderr).not.toContain("error");
}

/** Unless it is running. */
async function startAgent(): Promise<void> {
  if (agent?.hasEnded() === false) return;
  agent = network.server.start([
    ...["env", `POSTERN_DIR=${folder}`, process.execPath, bundle.file, "agent"],
  ]);
  await untilLogged("ready: sealing key");
}

function logged(): string {
  return agent?.stdout() ?? "";
}

/** In what is logged from now on, or from a place in it. */
function untilLogged(text: string | RegExp, from = 0): Promise<void> {
  return until(`${text} in the agent's log`, () => {
    if (agent?.hasEnded() !== false) throw new Error(`the agent has ended: ${agent?.stderr()}`);
    const said = logged().slice(from);
    return typeof text === "string" ? said.includes(text) : text.test(said);
  });
}

function pidOf(): number {
  if (agent === undefined) throw new Error("pidOf: there is no agent");
  return agent.pid;
}

const newSender = (family: Family = "ipv4") => senderOf(family, senders++);
const knockOf = (over: Partial<KnockOf> = {}) =>
  signedKnock({ signer: ALICE, sealingPublicKey, ...over });

function framesWith(payload: Uint8Array, source: Address, carrier = "udp/62201"): Buffer[] {
  const destination = addressOf(network.link.server[source.family]);
  const content =
    carrier === "ping"
      ? ({ protocol: "ping", payloadBytes: payload.length, payload } as const)
      : ({ protocol: "udp", sourcePort: 40_000, destinationPort: 62_201, payload } as const);
  return framesOf(
    { source, destination, destined: "here", interface: "eth0", content },
    1,
    network.link,
  );
}

async function show(payload: Uint8Array, source: Address, carrier?: string): Promise<void> {
  await send(network.link.client, framesWith(payload, source, carrier));
}

/** What the agent says of the packets of a source, once it has said so much. */
async function said(source: Address, lines = 1): Promise<string[]> {
  const about = () =>
    logged()
      .split("\n")
      .filter((line) => line.includes(`SRC=${printAddress(source)} `));
  await until(`${lines} lines about ${printAddress(source)}`, () => about().length >= lines);
  return about().map((line) => line.replace(/ key=\S+/, ""));
}

describe.each(FAMILIES)("over %s", (family) => {
  test.each(["ping", "udp/62201"])(
    "a knock by %s opens the door to its sender, once",
    async (carrier) => {
      const source = newSender(family);
      const knock = knockOf({ carrier });
      await show(knock, source, carrier);
      await said(source);
      expect(await isGranted(network.server, source)).toBe(true);
      await show(knock, source, carrier);
      const other = newSender(family);
      await show(knock, other, carrier);
      expect(await said(other)).toEqual([
        expect.stringMatching(/refused door=ssh SRC=\S+ via=\S+ client=alice reason=seen$/),
      ]);
      expect(await isGranted(network.server, other)).toBe(false);
      // A copy from the same sender is no attack.
      expect(await said(source)).toHaveLength(1);
    },
  );

  test("a knock that names its address opens to that sender alone", async () => {
    const [source, thief] = [newSender(family), newSender(family)];
    const knock = knockOf({ address: source });
    await show(knock, thief);
    expect((await said(thief))[0]).toContain("reason=address");
    await show(knock, source);
    expect((await said(source))[0]).toContain("open door=ssh");
    expect([
      await isGranted(network.server, thief),
      await isGranted(network.server, source),
    ]).toEqual([false, true]);
  });
});

test("each fault has its reason, opens nothing and is answered by nothing", async () => {
  const minuteMs = 60_000;
  // On a slow machine the second may be judged long after it was made.
  const lateMs = 30_000;
  const faults: readonly (readonly [string, () => Partial<KnockOf>])[] = [
    ["signer", () => ({ signer: EVE })],
    ["time", () => ({ timeMs: Date.now() - minuteMs - 1 })],
    ["time", () => ({ timeMs: Date.now() + minuteMs + lateMs })],
    ["door", () => ({ door: "cellar" })],
    ["client", () => ({ door: "web" })],
    ["unbound", () => ({ door: "web", signer: BOB })],
    ["from", () => ({ door: "lan" })],
    ["sealed", () => ({ carrier: "udp/62202" })],
  ];
  for (const [reason, over] of faults) {
    const source = newSender();
    await show(knockOf(over()), source);
    expect(await said(source)).toEqual([
      expect.stringMatching(new RegExp(`refused .*reason=${reason}$`)),
    ]);
    expect(await isGranted(network.server, source)).toBe(false);
  }
  const elsewhere = new Uint8Array(sealingPublicKey).fill(9);
  await show(knockOf({ sealingPublicKey: elsewhere }), newSender());
  const { stdout } = await postern("status");
  expect(stdout).toMatch(/signed knocks since it began: \d+ opened.*, refused: .*2 time/);
});

test("who may knock changes with the file, at once and without a restart", async () => {
  writeFileSync(
    file("allowed_signers"),
    `bob ${BOB.line}\neve valid-before="20200101" ${EVE.line}\n`,
  );
  const [alice, eve, bob] = [newSender(), newSender(), newSender()];
  await show(knockOf(), alice);
  await show(knockOf({ signer: EVE }), eve);
  await show(knockOf({ signer: BOB }), bob);
  expect((await said(bob))[0]).toContain("client=bob");
  expect((await said(alice))[0]).toContain("reason=signer");
  expect((await said(eve))[0]).toContain("reason=validity");
  writeFileSync(file("allowed_signers"), SIGNERS);
  chmodSync(file("allowed_signers"), 0o666);
  const again = newSender();
  await show(knockOf(), again);
  expect((await said(again))[0]).toContain("reason=signer");
  expect(logged()).toContain("[file-untrusted]");
});

test("it follows the policy that is applied while it runs", async () => {
  const begun = logged().length;
  writeFileSync(file("policy.yaml"), POLICY.replace("  web:", "  cellar:"));
  await apply();
  await untilLogged("signed knocks open", begun);
  const source = newSender();
  await show(knockOf({ door: "cellar", signer: BOB, address: source }), source);
  expect((await said(source))[0]).toContain("open door=cellar");
  writeFileSync(file("policy.yaml"), POLICY);
  await apply();
  await untilLogged(/signed knocks open.*signed knocks open/s, begun);
});

test("a signed knock ends an automatic ban, and leaves one that was made by hand", async () => {
  const [wrong, byHand] = [newSender(), newSender()];
  const text = `add element inet postern auto_banned4 { ${printAddress(wrong)} timeout 1h }\n`;
  await network.server.run(["nft", "-f", "-"], { stdin: text });
  await postern(`ban ${printAddress(byHand)}`);
  await show(knockOf(), wrong);
  await show(knockOf(), byHand);
  await said(byHand);
  await until("the automatic ban to be over", async () => {
    const { stdout } = await postern("status");
    return !stdout.includes(`${printAddress(wrong)}  59 min`);
  });
  expect((await postern("status")).stdout).toContain(`${printAddress(byHand)}  until lifted`);
});

test("status tells who has knocked, also when no agent is running any more", async () => {
  const source = newSender();
  await show(knockOf(), source);
  await said(source);
  await agent?.stop();
  const { stdout } = await postern("status");
  expect(stdout).toContain(`alice by udp/62201, signed, from ${printAddress(source)}`);
  expect(stdout).toContain("no agent is running, and signed knocks open nothing");
});

describe("an agent that ends", () => {
  test("keeps no privilege but the one that it needs", () => {
    const status = readFileSync(`/proc/${pidOf()}/status`, "utf8");
    for (const kind of ["Prm", "Eff", "Bnd"]) {
      expect(status).toMatch(new RegExp(`^Cap${kind}:\\s*0000000000001000$`, "m"));
    }
    expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
  });

  test("by SIGKILL has forgotten nothing of what it has seen when it is back", async () => {
    const [source, thief] = [newSender(), newSender()];
    const knock = knockOf();
    await show(knock, source);
    await said(source);
    process.kill(pidOf(), "SIGKILL");
    await agent?.ended;
    await startAgent();
    await show(knock, thief);
    expect((await said(thief))[0]).toContain("reason=seen");
    const fresh = newSender();
    await show(knockOf(), fresh);
    expect((await said(fresh))[0]).toContain("open door=ssh");
  });

  test("that nobody has knocked at believes no knock from before its time", async () => {
    await agent?.stop();
    await network.server.run(["nft", "flush", "set", "inet", "postern", "signed_seen"]);
    const knock = knockOf();
    await startAgent();
    const source = newSender();
    await show(knock, source);
    expect((await said(source))[0]).toContain("reason=before-start");
  });

  test("leaves the packets to no second one", async () => {
    const { status, stderr } = await postern("agent");
    expect(status).toBe(3);
    expect(stderr).toContain("another agent is running");
  });

  test("by SIGTERM says so and is gone; SIGHUP makes it read the gate again", async () => {
    const begun = logged().length;
    process.kill(pidOf(), "SIGHUP");
    await untilLogged("signed knocks open the gate", begun);
    await agent?.stop();
    expect(logged()).toContain("stopped: sequences and tokens go on without it");
  });
});

describe("a gate that something else takes away", () => {
  test("by flushing all rules is back, with who was in and who was banned", async () => {
    const source = newSender();
    await show(knockOf(), source);
    await said(source);
    await postern("ban 192.0.2.66 --for 1h");
    let begun = logged().length;
    // Grants and bans are read every quarter of a minute; this makes it do so now.
    process.kill(pidOf(), "SIGHUP");
    await untilLogged("signed knocks open", begun);
    begun = logged().length;
    await network.server.run(["nft", "flush", "ruleset"]);
    await untilLogged(/warning: something took the gate away.*the gate is back/s, begun);
    expect(await isGranted(network.server, source)).toBe(true);
    expect((await postern("status")).stdout).toContain("192.0.2.66");
    await untilLogged(/is back\n.*signed knocks/s, begun);
    const fresh = newSender();
    await show(knockOf(), fresh);
    expect((await said(fresh))[0]).toContain("open door=ssh");
  });

  test("has not forgotten which knocks it has seen, though the agent begins anew as well", async () => {
    const [source, thief] = [newSender(), newSender()];
    const knock = knockOf();
    await show(knock, source);
    await said(source);
    let begun = logged().length;
    process.kill(pidOf(), "SIGHUP");
    await untilLogged("signed knocks open", begun);
    begun = logged().length;
    await network.server.run(["nft", "flush", "ruleset"]);
    await untilLogged(/is back\n.*signed knocks/s, begun);
    process.kill(pidOf(), "SIGKILL");
    await agent?.ended;
    await startAgent();
    await show(knock, thief);
    expect((await said(thief))[0]).toContain("reason=seen");
    const { stdout } = await postern("status");
    expect(stdout).toContain(`alice by udp/62201, signed, from ${printAddress(source)}`);
  });

  test("is back also on iptables, with its bans", async () => {
    await agent?.stop();
    const policy =
      "backend: iptables\ndoors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040, 52777] } } }\n";
    writeFileSync(file("policy.yaml"), policy);
    await apply();
    await postern("ban 192.0.2.66");
    await postern("ban 192.0.2.67 --for 10m");
    await startAgent();
    await network.server.run(["iptables", "-t", "raw", "-F"]);
    await untilLogged("the gate is back");
    await until("the bans to be back", async () => {
      const { stdout } = await postern("status");
      return /192\.0\.2\.66 {2}until lifted\n {2}192\.0\.2\.67 {2}1\d min left/.test(stdout);
    });
    expect((await network.server.run(["iptables", "-t", "raw", "-S"])).stdout).toContain(
      "-A PREROUTING -j POSTERN",
    );
    await agent?.stop();
    await postern("remove");
  });

  test("again and again is back each time", async () => {
    for (let n = 1; n <= 3; n += 1) {
      const begun = logged().length;
      await network.server.run(["nft", "delete", "table", "inet", "postern"]);
      await untilLogged("the gate is back", begun);
    }
    expect((await postern("status")).status).toBe(0);
  });

  test("by `postern remove` stays away", async () => {
    const begun = logged().length;
    await postern("remove");
    await untilLogged("the gate was removed, and stays so", begun);
    expect((await postern("status")).status).toBe(1);
    await apply();
    await untilLogged("signed knocks open", begun);
  });
});

test("a flood of what looks like knocks and is none keeps no knock out", async () => {
  const noise = Array.from({ length: 200 }, () => {
    const knock = knockOf();
    return framesWith(Buffer.concat([Buffer.alloc(8, 7), knock.subarray(8)]), newSender());
  }).flat();
  const flooding = repeat(network.link.client, noise, 2000);
  for (let n = 0; n < 5; n += 1) {
    const source = newSender();
    await show(knockOf(), source);
    expect((await said(source))[0]).toContain("open door=ssh");
  }
  expect(await flooding).toBe(400_000);
});
