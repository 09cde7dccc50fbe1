/**
 * What 1,000 clients cost: how long it takes to put their tokens into the kernel (aim: an hour ahead
 * by two carriers within 10 s), beside `nft` alone with the same elements; how long what an
 * administrator waits for takes then; and how much of the kernel's memory a token takes.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printTable, type Spread, spreadOf } from "./lab/figures.ts";
import { runParts } from "./lab/results.ts";
import { POSTERN } from "./timing/side-by-side.ts";

const CLIENTS = 1000;
const ROUNDS = 5;

const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/22
    token: { carriers: [ping, udp/62201], lookahead: 1h, clients: ${CLIENTS} }
`;

const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
const host = `postern-bench-${process.pid}`;
const on = (...argv: readonly string[]) => [
  ...["ip", "netns", "exec", host, "env"],
  ...[`POSTERN_DIR=${folder}`, `POSTERN_RUN_DIR=${folder}/run`, ...argv],
];

function run([program = "", ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: "pipe", maxBuffer: 2 ** 30 });
}

interface Loads {
  readonly clients: number;
  readonly tokens: number;
  readonly milliseconds: Readonly<Record<string, Spread>>;
  readonly bytesAToken: Spread;
}

/** Milliseconds. */
function time(argv: readonly string[]): number {
  const begun = process.hrtime.bigint();
  run(argv);
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

function writeKeys(): void {
  mkdirSync(join(folder, "keys"), { mode: 0o700 });
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  for (let n = 0; n < CLIENTS; n += 1) {
    const key = randomBytes(32).toString("base64url");
    writeFileSync(join(folder, `keys/client-${n}.key`), `key: ${key}\n`, { mode: 0o600 });
  }
}

/** What the kernel keeps its own things in, in bytes. */
function kernelMemory(): number {
  const meminfo = readFileSync("/proc/meminfo", "utf8");
  const kilobytes = ["Slab", "VmallocUsed", "Percpu"].map((name) =>
    Number(new RegExp(`^${name}: *(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0),
  );
  return 1024 * kilobytes.reduce((sum, each) => sum + each, 0);
}

/** The elements of the sets of tokens, as a file for `nft -f`. */
function elementsFile(): { readonly file: string; readonly count: number } {
  const sets = ["ssh_ping_tokens", "ssh_udp_62201_tokens"].map((set) => {
    const listed = run(on("nft", "list", "set", "inet", "postern", set));
    const values = listed.match(/0x[0-9a-f]+(?= limit)/g) ?? [];
    const elements = values.map((value) => `${value} timeout 3600s`).join(",");
    return { text: `add element inet postern ${set} { ${elements} }\n`, count: values.length };
  });
  const file = join(folder, "elements.nft");
  writeFileSync(file, sets.map(({ text }) => text).join(""));
  return { file, count: sets.reduce((sum, { count }) => sum + count, 0) };
}

function measureLoads(): Loads {
  const apply = on(...POSTERN, "apply", "--anyway", "--no-confirm");
  const flush = on("nft", "flush", "ruleset");
  const times: Record<string, number[]> = {};
  const note = (name: string, milliseconds: number) => {
    times[name] = [...(times[name] ?? []), milliseconds];
  };
  const bytes: number[] = [];
  let count = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    run(flush);
    const before = kernelMemory();
    note("apply, nothing in the kernel before", time(apply));
    const elements = elementsFile();
    count = elements.count;
    bytes.push((kernelMemory() - before) / count);
    note("refill, nothing missing", time(on(...POSTERN, "refill")));
    note("apply again", time(apply));
    note("status", time(on(...POSTERN, "status")));
    const rules = run(on("nft", "-s", "-t", "list", "ruleset"));
    run(flush);
    writeFileSync(join(folder, "rules.nft"), rules);
    run(on("nft", "-f", join(folder, "rules.nft")));
    note("nft alone, the same elements", time(on("nft", "-f", elements.file)));
  }
  const loads: Loads = {
    ...{ clients: CLIENTS, tokens: count, bytesAToken: spreadOf(bytes) },
    milliseconds: Object.fromEntries(
      Object.entries(times).map(([name, measured]) => [name, spreadOf(measured)]),
    ),
  };
  print(loads);
  return loads;
}

function print({ clients, tokens, bytesAToken, milliseconds }: Loads): void {
  const row = (name: string, { median, lowQuartile, highQuartile }: Spread) => ({
    [`${clients} clients, ${tokens} tokens`]: name,
    median,
    quartiles: `${lowQuartile} to ${highQuartile}`,
  });
  const rows = Object.entries(milliseconds).map(([name, spread]) => row(`${name}, ms`, spread));
  printTable("Loads", [...rows, row("bytes of the kernel's memory a token", bytesAToken)]);
}

spawnSync("ip", ["netns", "add", host]);
try {
  writeKeys();
  await runParts(
    "tokens",
    { loads: () => Promise.resolve(measureLoads()) },
    { parts: [], keeps: true },
  );
} finally {
  spawnSync("ip", ["netns", "delete", host]);
  rmSync(folder, { recursive: true });
}
