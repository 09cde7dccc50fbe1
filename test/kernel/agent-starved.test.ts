/** An agent that is stopped, out of memory, or killed at work: sequences and tokens never notice. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Address, FAMILIES, printAddress } from "../../src/policy/address.ts";
import { WIRE_BYTES } from "../../src/policy/carriers.ts";
import { parseSealingKey, tagOf, tagSlotAt } from "../../src/signed/index.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { makeSigner } from "../signed/signer.ts";
import { framesOf } from "./frames.ts";
import { isGranted } from "./grants.ts";
import type { Running } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { signedKnock } from "./signed-knock.ts";
import { newTokens, printTokens } from "./token-gate.ts";
import { until } from "./until.ts";
import { flood, send } from "./wire.ts";

const [SIGNED, TOKEN] = [62_201, 62_210];
const STEPS = [51_001, 52_040, 52_777];
const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/22
    open-for: 5m
    sequence: { steps: [${STEPS.join(", ")}] }
    token: { carriers: [udp/${TOKEN}], clients: 1 }
    signed: { carriers: [udp/${SIGNED}] }
`;
const ALICE = makeSigner("ssh-ed25519");
const EVE = makeSigner("ssh-ed25519");

let network: Network;
let bundle: Bundle;
let folder: string;
let agent: Running;
let sealingPublicKey: Uint8Array;
let senders = 1;

const postern = (...words: readonly string[]) => [
  ...["env", `POSTERN_DIR=${folder}`, process.execPath, bundle.file, ...words],
];

beforeAll(async () => {
  network = await makeNetwork();
  bundle = makeBundle();
  folder = network.server.newPath("etc");
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  writeFileSync(join(folder, "allowed_signers"), `alice ${ALICE.line}\n`);
  await network.server.run(postern("apply", "--anyway", "--no-confirm"));
  await startAgent();
  const key = readFileSync(join(folder, "sealing.key"), "utf8");
  sealingPublicKey = sure(parseSealingKey(key, "sealing.key")).publicKey;
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  if (agent.hasEnded()) await startAgent();
});

async function startAgent(): Promise<void> {
  agent = network.server.start(postern("agent"));
  await until("the agent to be ready", () => {
    if (agent.hasEnded()) throw new Error(`the agent has ended: ${agent.stderr()}`);
    return agent.stdout().includes("signed knocks open");
  });
}

const newSender = (family: Address["family"] = "ipv4") => senderOf(family, senders++);
const knock = (over: { timeMs?: number; signer?: typeof ALICE } = {}) =>
  signedKnock({ signer: ALICE, sealingPublicKey, carrier: `udp/${SIGNED}`, ...over });

function datagram(source: Address, destinationPort: number, payload: Uint8Array): Buffer[] {
  return frames(source, { protocol: "udp", sourcePort: 40_000, destinationPort, payload });
}

function frames(source: Address, content: Parameters<typeof framesOf>[0]["content"]): Buffer[] {
  const destination = addressOf(network.link.server[source.family]);
  const packet = { source, destination, destined: "here", interface: "eth0", content } as const;
  return framesOf(packet, 1, network.link);
}

async function show(source: Address, payload = knock()): Promise<void> {
  await send(network.link.client, datagram(source, SIGNED, payload));
}

/** What the agent says of a source, once it has. */
async function said(source: Address): Promise<string> {
  const about = () =>
    agent
      .stdout()
      .split("\n")
      .find((line) => line.includes(`SRC=${printAddress(source)} `));
  await until(`a line about ${printAddress(source)}`, () => about() !== undefined);
  return about() ?? "";
}

/** Sequences and tokens, over both families: the door is open with their last packet. */
async function expectOthersToOpen(): Promise<void> {
  const tokens = newTokens(FAMILIES.length);
  const stdin = printTokens(`ssh_udp_${TOKEN}_tokens`, tokens);
  await network.server.run(["nft", "-f", "-"], { stdin });
  for (const [n, family] of FAMILIES.entries()) {
    const [byToken, bySequence] = [newSender(family), newSender(family)];
    const steps = STEPS.map((destinationPort) =>
      frames(bySequence, {
        ...{ protocol: "tcp", sourcePort: 40_000, destinationPort, sequenceNumber: 1 },
        ...{ flags: ["syn"], socket: "none" },
      }),
    );
    const token = Buffer.alloc(WIRE_BYTES, tokens[n]);
    await send(network.link.client, [...datagram(byToken, TOKEN, token), ...steps.flat()]);
    expect([
      family,
      await isGranted(network.server, byToken),
      await isGranted(network.server, bySequence),
    ]).toEqual([...[family, true, true]]);
  }
}

test("stopped, it opens what came meanwhile when it goes on, if that is not too old by then", async () => {
  process.kill(agent.pid, "SIGSTOP");
  await until("the agent to be stopped", () =>
    /^State:\s*T/m.test(readFileSync(`/proc/${agent.pid}/status`, "utf8")),
  );
  const [late, ...inTime] = [newSender(), newSender(), newSender("ipv6")];
  const goodUntil = Date.now() + 1000;
  await show(late, knock({ timeMs: goodUntil - 60_000 }));
  for (const source of inTime) await show(source);
  await expectOthersToOpen();
  for (const source of inTime) expect(await isGranted(network.server, source)).toBe(false);
  await until("the first knock to be too old", () => Date.now() > goodUntil);
  process.kill(agent.pid, "SIGCONT");
  for (const source of inTime) {
    expect(await said(source)).toContain("open door=ssh");
    expect(await isGranted(network.server, source)).toBe(true);
  }
  expect(await said(late)).toMatch(/refused .*reason=time$/);
});

test("without memory it takes nothing down with it, and the next one opens again", async () => {
  const seen = knock();
  const first = newSender();
  await show(first, seen);
  await said(first);
  await network.server.run(["prlimit", "--pid", `${agent.pid}`, "--as=1"]);
  const knocks = Array.from({ length: 50 }, () => datagram(newSender(), SIGNED, knock()));
  await send(network.link.client, knocks.flat());
  await expectOthersToOpen();
  // It may have ended by itself. One that only hangs is ended by systemd's watchdog.
  agent.signal("SIGKILL");
  await agent.ended;
  await startAgent();
  const [thief, fresh] = [newSender(), newSender()];
  await show(thief, seen);
  await show(fresh);
  expect(await said(thief)).toMatch(/reason=seen$/);
  expect(await said(fresh)).toContain("open door=ssh");
});

test("killed while it is kept busy it is replaced, and the next one goes on with the work", async () => {
  const tag = tagOf(sealingPublicKey, tagSlotAt(Date.now() / 1000));
  const forged = Array.from({ length: 200 }, () => {
    const payload = knock({ signer: { ...ALICE, sign: EVE.sign } });
    return datagram(newSender(), SIGNED, Buffer.concat([tag, payload.subarray(tag.length)]));
  });
  const flooding = await flood(network.link.client, forged.flat(), {
    ...{ atMostSeconds: 60, processor: 0 },
  });
  await until("it is kept busy", () => agent.stdout().includes("reason=signature"));
  process.kill(agent.pid, "SIGKILL");
  await agent.ended;
  await expectOthersToOpen();
  await startAgent();
  await until("the next one is kept busy", () => agent.stdout().includes("reason=signature"));
  await expectOthersToOpen();
  expect(await flooding.stop()).toBeGreaterThan(forged.length);
  await until("a knock to open", async () => {
    const source = newSender();
    await show(source);
    return (await said(source)).includes("open door=ssh");
  });
});
