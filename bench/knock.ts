/**
 * `postern knock` beside `knock` of the package knockd, over ways of different length and loss:
 * how often the door was open afterwards, and how long it took. Ours waits until a connection was
 * accepted and knocks at both families; `knock` sends its packets and ends, so that the third line
 * adds what then follows, a connection. Aims: at 80 ms never open less often than after `knock`; with 5 %
 * loss in each direction 99 of 100 times.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { printTable, type Spread, spreadOf } from "./lab/figures.ts";
import { runParts } from "./lab/results.ts";
import { POSTERN } from "./timing/side-by-side.ts";
import { type Hosts, makeWay, RELAY, relay, SERVER, type Way } from "./way/way.ts";

const ROUNDS = 100;

const WAYS: readonly Way[] = [
  { roundTripMilliseconds: 1, loss: 0 },
  { roundTripMilliseconds: 80, loss: 0 },
  { roundTripMilliseconds: 80, loss: 0.05 },
];

const POLICY = `
doors:
  ssh:
    protects: tcp/22
    open-for: 1h
    sequence: { steps: [21001, udp/24040, tcp/22777] }
`;
const NAME = "gate.test";
const PEER = ["knock", SERVER.ipv4, "21001", "24040:udp", "22777"];

interface Task {
  readonly argv: readonly string[];
  /** The sets in which the client has to be afterwards. */
  readonly opens: readonly string[];
}

const IPV4 = ["ssh_grants4"];

/** In the order in which each round runs them. */
const TASKS: Readonly<Record<string, Task>> = {
  "postern knock": { argv: [...POSTERN, "knock", NAME], opens: ["ssh_grants4", "ssh_grants6"] },
  "postern knock -4": { argv: [...POSTERN, "knock", "-4", NAME], opens: IPV4 },
  knock: { argv: PEER, opens: IPV4 },
  "knock, then nc -z -w 5": {
    argv: ["sh", "-c", `${PEER.join(" ")}; nc -z -w 5 ${SERVER.ipv4} 22`],
    opens: IPV4,
  },
};

interface Tally {
  opened: number;
  readonly milliseconds: number[];
}

interface Knocks {
  readonly way: Way;
  readonly task: string;
  readonly attempts: number;
  readonly opened: number;
  readonly milliseconds: Spread;
}

async function measureWays(): Promise<readonly Knocks[]> {
  const home = mkdtempSync(join(tmpdir(), "postern-bench-"));
  try {
    writeProfile(home);
    const knocks: Knocks[] = [];
    for (const way of WAYS) knocks.push(...(await measure(way, home)));
    print(knocks);
    return knocks;
  } finally {
    rmSync(home, { recursive: true });
  }
}

function writeProfile(home: string): void {
  const folder = join(home, ".config/postern");
  mkdirSync(folder, { recursive: true });
  const doors = POLICY.trim().replaceAll(/^/gm, "    ");
  writeFileSync(join(folder, "hosts.yaml"), `hosts:\n  ${NAME}:\n${doors}\n`);
  chmodSync(join(folder, "hosts.yaml"), 0o600);
  writeFileSync(join(home, "policy.yaml"), POLICY);
}

async function measure(way: Way, home: string): Promise<readonly Knocks[]> {
  const hosts = await makeWay(way, NAME);
  try {
    const [node, script] = POSTERN;
    const rules = execFileSync(node, [script, "compile", join(home, "policy.yaml")]);
    run(hosts, "server", ["nft", "-f", "-"], rules.toString());
    hosts.start("server", ["node", "-e", 'require("net").createServer().listen(22, "::")']);
    const forget = forgetting(hosts);
    const tallies = Object.keys(TASKS).map((): Tally => ({ opened: 0, milliseconds: [] }));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [n, { argv, opens }] of Object.values(TASKS).entries()) {
        run(hosts, "server", ["nft", "-f", "-"], forget);
        const began = process.hrtime.bigint();
        run(hosts, "client", ["env", `HOME=${home}`, ...argv]);
        tallies[n]?.milliseconds.push(Number(process.hrtime.bigint() - began) / 1e6);
        // The last packet may still be on its way.
        await pause(way.roundTripMilliseconds + 20);
        const list = (set: string) =>
          run(hosts, "server", ["nft", "list", "set", "inet", "postern", set]);
        if (opens.every((set) => list(set).includes("elements"))) {
          const tally = tallies[n];
          if (tally !== undefined) tally.opened += 1;
        }
      }
    }
    return Object.keys(TASKS).map((task, n) => {
      const { opened = 0, milliseconds = [] } = tallies[n] ?? {};
      return { way, task, attempts: ROUNDS, opened, milliseconds: spreadOf(milliseconds) };
    });
  } finally {
    hosts.remove();
  }
}

/** Rules that empty every set of the door. */
function forgetting(hosts: Hosts): string {
  const listed = run(hosts, "server", ["nft", "--terse", "list", "table", "inet", "postern"]);
  const names = [...listed.matchAll(/^\s*set (ssh_\w+) \{$/gm)].map(([, name]) => name);
  return names.map((name) => `flush set inet postern ${name}\n`).join("");
}

/** Runs it to its end, however that is; what it printed. */
function run(hosts: Hosts, host: "client" | "server", argv: readonly string[], input = ""): string {
  const [program = "", ...args] = [...hosts.on(host), ...argv];
  return spawnSync(program, args, { encoding: "utf8", input }).stdout;
}

function print(knocks: readonly Knocks[]): void {
  const rows = knocks.map(({ way, task, attempts, opened, milliseconds }) => ({
    knocking: task,
    "ms there and back": way.roundTripMilliseconds,
    "lost each way": `${way.loss * 100} %`,
    open: `${opened}/${attempts}`,
    "median, ms": milliseconds.median,
    quartiles: `${milliseconds.lowQuartile} to ${milliseconds.highQuartile}`,
  }));
  printTable("From the command to the open door, or to its end", rows);
}

const [, , role, delay, loss] = process.argv;
if (role === RELAY) relay(Number(delay), Number(loss));
else await runParts("knock", { ways: measureWays }, { parts: [], keeps: true });
