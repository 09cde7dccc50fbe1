/** A command that is killed before and after each change that it makes leaves a whole gate. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { holdAsFound, IPTABLES_NFT, NFTABLES } from "./holders.ts";
import type { Host } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { until } from "./until.ts";

const policy = (step: number) =>
  `doors: { ssh: { protects: tcp/22, sequence: { steps: [${step}, udp/24040, tcp/22777, tcp/26010] } } }\n`;

const OLD_STEP = 21001;
const NEW_STEP = 21007;

/** So many hosts at the same time: most of the time is waiting. */
const HOSTS = 10;

let whole: Bundle;
let dying: Bundle;
let network: Network;
let hosts: readonly Host[];
beforeAll(async () => {
  whole = makeBundle();
  dying = makeBundle("test/kernel/dying.ts");
  writeFileSync(`${whole.folder}/OLD`, policy(OLD_STEP));
  writeFileSync(`${whole.folder}/NEW`, policy(NEW_STEP));
  network = await makeNetwork();
  hosts = await Promise.all(Array.from({ length: HOSTS }, (_, n) => network.addHost(`dying${n}`)));
});
afterAll(() => {
  network.remove();
  whole.remove();
  dying.remove();
});

/** `postern LINE` that dies before this moment, the first being 1; its words. */
async function runDying(host: Host, line: string, moment: number): Promise<string> {
  const argv = [process.execPath, dying.file, ...line.split(" ")];
  const { stdout } = await host
    .run(["env", `DIE_AT=${moment}`, `WHOLE=${whole.file}`, ...argv], { mayFail: true })
    .catch(() => ({ stdout: "killed" }));
  return stdout;
}

async function postern(host: Host, line: string): Promise<void> {
  await host.run([process.execPath, whole.file, ...line.split(" ")]);
}

/** All rules and what they need, in an order that does not tell what was there before. */
async function rulesOn(host: Host): Promise<string> {
  const { stdout } = await host.run(["nft", "--stateless", "list", "ruleset"]);
  return stdout.split("\n\n").toSorted().join("\n\n");
}

/** The raw tables of iptables, one for each family, without dates and counters. */
function chainsOn(host: Host): Promise<string[]> {
  return Promise.all(
    ["iptables-save", "ip6tables-save"].map(async (program) => {
      const { stdout } = await host.run([program, "--table", "raw"]);
      return stdout.replaceAll(/^#.*\n/gm, "").replaceAll(/\[\d+:\d+\]/g, "");
    }),
  );
}

/** Until nothing of a command and what it has started runs on the host. */
async function untilQuiet(host: Host): Promise<void> {
  await until("the host to be quiet", () => {
    const pids = execFileSync("ip", ["netns", "pids", host.namespace], { encoding: "utf8" });
    return pids.trim() === "";
  });
}

/** What is kept of the host's gates. */
async function folderOf(host: Host): Promise<string> {
  const { stdout } = await host.run(["readlink", "/proc/self/ns/net"]);
  return `${host.runFolder}/net-${stdout.replace(/\D/g, "")}`;
}

/** No gate, and nothing kept. */
async function startAfresh(host: Host): Promise<void> {
  await host.run(["nft", "flush", "ruleset"]);
  rmSync(await folderOf(host), { recursive: true, force: true });
}

/** Lets a line die before and after every change, and looks at what each death leaves. */
async function letDie(
  line: string,
  prepare: (host: Host) => Promise<void>,
  look: (host: Host, death: number) => Promise<void>,
): Promise<void> {
  await prepare(network.server);
  const said = await runDying(network.server, line, 0);
  await untilQuiet(network.server);
  const count = Number(/(\d+) moments/.exec(said)?.[1] ?? 0);
  expect(count).toBeGreaterThan(5);
  const deaths = Array.from({ length: count }, (_, n) => n + 1);
  const oneByOne = async (host: Host) => {
    for (let death = deaths.shift(); death !== undefined; death = deaths.shift()) {
      await prepare(host);
      const words = await runDying(host, line, death);
      expect([death, words]).toEqual([death, "killed"]);
      await look(host, death);
      await untilQuiet(host);
    }
  };
  await Promise.all(hosts.map(oneByOne));
}

describe("killed before and after every change that it makes", () => {
  const rules = { old: "", new: "" };
  /** What an apply of the new policy over the old one keeps. */
  let before: string;
  beforeAll(async () => {
    const host = network.server;
    await postern(host, `apply ${whole.folder}/OLD --no-confirm`);
    rules.old = await rulesOn(host);
    await postern(host, `apply ${whole.folder}/NEW --no-confirm`);
    rules.new = await rulesOn(host);
    before = readFileSync(`${await folderOf(host)}/before.json`, "utf8");
  });
  const putUpOld = async (host: Host) => {
    await startAfresh(host);
    await holdAsFound(NFTABLES, host, policy(OLD_STEP));
  };
  const putUpNew = async (host: Host) => {
    await startAfresh(host);
    await holdAsFound(NFTABLES, host, policy(NEW_STEP));
    const folder = await folderOf(host);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/before.json`, before);
  };
  const isWhole = (found: string) => found === rules.old || found === rules.new;

  test("an apply that waits for its confirmation: the old gate or the new, and then the old", async () => {
    // Long enough for a slow machine to look before it goes back.
    const line = `apply ${whole.folder}/NEW --confirm 8s`;
    const seen = new Set<string>();
    await letDie(line, putUpOld, async (host, death) => {
      const found = await rulesOn(host);
      seen.add(found);
      expect([death, isWhole(found)]).toEqual([death, true]);
      await untilQuiet(host);
      expect([death, (await rulesOn(host)) === rules.old]).toEqual([death, true]);
    });
    // Otherwise it never came so far.
    expect(seen).toContain(rules.new);
  }, 240_000);

  test("the same where there was no gate: the new one or none, and then none", async () => {
    const line = `apply ${whole.folder}/NEW --confirm 2s`;
    await letDie(line, startAfresh, async (host, death) => {
      expect([death, ["", rules.new]]).toEqual([
        death,
        expect.arrayContaining([await rulesOn(host)]),
      ]);
      await untilQuiet(host);
      expect([death, await rulesOn(host)]).toEqual([death, ""]);
    });
  }, 240_000);

  test("an apply for good: the old gate or the new, and nobody is locked out of the next", async () => {
    await letDie(`apply ${whole.folder}/NEW --no-confirm`, putUpOld, async (host, death) => {
      expect([death, isWhole(await rulesOn(host))]).toEqual([death, true]);
      await postern(host, `apply ${whole.folder}/NEW --no-confirm`);
      expect([death, (await rulesOn(host)) === rules.new]).toEqual([death, true]);
    });
  }, 240_000);

  test("an apply on iptables: each family the old gate or the new, and then both the old", async () => {
    const [oldPolicy, newPolicy] = [OLD_STEP, NEW_STEP].map((step) => {
      writeFileSync(`${whole.folder}/${step}`, `backend: iptables\n${policy(step)}`);
      return `${whole.folder}/${step}`;
    });
    const known: string[][] = [];
    for (const path of [oldPolicy, newPolicy]) {
      await postern(network.server, `apply ${path} --no-confirm`);
      known.push(await chainsOn(network.server));
    }
    const [before = [], after = []] = known;
    const seen = new Set<string>();
    const putUp = async (host: Host) => {
      await startAfresh(host);
      await holdAsFound(IPTABLES_NFT, host, `backend: iptables\n${policy(OLD_STEP)}`);
    };
    await letDie(`apply ${newPolicy} --confirm 3s`, putUp, async (host, death) => {
      for (const [n, found] of (await chainsOn(host)).entries()) {
        seen.add(found);
        expect([death, [before[n], after[n]]]).toEqual([death, expect.arrayContaining([found])]);
      }
      await untilQuiet(host);
      expect([death, await chainsOn(host)]).toEqual([death, before]);
    });
    for (const found of after) expect(seen).toContain(found);
  }, 240_000);

  test("a rollback: the new gate or the old, and another one ends it", async () => {
    await letDie("rollback", putUpNew, async (host, death) => {
      expect([death, isWhole(await rulesOn(host))]).toEqual([death, true]);
      await host.run([process.execPath, whole.file, "rollback"], { mayFail: true });
      expect([death, (await rulesOn(host)) === rules.old]).toEqual([death, true]);
    });
  }, 240_000);
});
