/** What the user waits for: from the command to an established connection. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameHosts } from "../../test/kernel/network.ts";
import { printTable, rounded, type Spread, spreadOf } from "../lab/figures.ts";
import { fwknopTo } from "../lab/peers.ts";
import { PROTECTED_PORT, type Site } from "../lab/site.ts";
import { POSTERN } from "../timing/side-by-side.ts";
import type { PosternSite } from "./postern.ts";

const ROUNDS = 100;
const GATE = "gate.test";
/** Of which each may knock 30 times a minute. */
const IDENTITIES = 4;

export interface Use {
  readonly command: string;
  readonly attempts: number;
  readonly connected: number;
  readonly milliseconds: Spread;
}

interface Task {
  readonly command: string;
  readonly site: Site;
  readonly argv: (round: number) => readonly string[];
}

export async function measureUse(
  postern: PosternSite,
  peers: readonly Site[],
): Promise<readonly Use[]> {
  const tasks = [await ours(postern), ...peers.map(theirs)];
  const milliseconds = tasks.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [n, { site, argv }] of tasks.entries()) {
      await site.shut();
      const begun = performance.now();
      const { status } = await site.network.client.run(argv(round), { mayFail: true });
      if (status === 0) milliseconds[n]?.push(performance.now() - begun);
    }
  }
  const uses = tasks.map(({ command }, n) => {
    const measured = milliseconds[n] ?? [];
    const connected = measured.length;
    return { command, attempts: ROUNDS, connected, milliseconds: spreadOf(measured) };
  });
  print(uses);
  return uses;
}

/** It ends when a connection was accepted. */
async function ours({ network, postern, signersFile, ...site }: PosternSite): Promise<Task> {
  const { client, server, link } = network;
  nameHosts(client, { [GATE]: [link.server.ipv4] });
  const home = client.newPath("home");
  mkdirSync(home, { mode: 0o700 });
  const keys = Array.from({ length: IDENTITIES }, (_, n) => join(home, `key-${n}`));
  for (const key of keys) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  }
  const lines = keys.map((key, n) => `user-${n} ${readFileSync(`${key}.pub`, "utf8")}`);
  writeFileSync(signersFile, readFileSync(signersFile, "utf8").concat(...lines));
  const enrolment = join(home, "enrolment");
  writeFileSync(enrolment, (await server.run(postern("agent", "key"))).stdout);
  chmodSync(enrolment, 0o600);
  const run = ["env", `HOME=${home}`, ...POSTERN];
  await client.run([...run, "profile", "add", GATE, "--from", enrolment]);
  return {
    command: "postern knock --via signed",
    site: { network, ...site },
    argv: (round) => [
      ...[...run, "knock", "-4", `${GATE}:ssh`, "--via", "signed"],
      ...["--identity", keys[round % keys.length] ?? ""],
    ],
  };
}

function theirs(site: Site): Task {
  const { link } = site.network;
  const knock = fwknopTo(link.server.ipv4, link.client.ipv4).join(" ");
  const line = `${knock} && exec nc -z -w 10 ${link.server.ipv4} ${PROTECTED_PORT}`;
  return { command: `fwknop, then nc (${site.name})`, site, argv: () => ["sh", "-c", line] };
}

function print(uses: readonly Use[]): void {
  const [first] = uses;
  const rows = uses.map(({ command, attempts, connected, milliseconds }) => ({
    "command to connection, ms": command,
    connected: `${connected}/${attempts}`,
    median: milliseconds.median,
    quartiles: `${milliseconds.lowQuartile} to ${milliseconds.highQuartile}`,
    p99: milliseconds.p99,
    ratio: rounded(milliseconds.median / (first?.milliseconds.median ?? Number.NaN)),
  }));
  printTable("2. What the user waits for", rows);
}
