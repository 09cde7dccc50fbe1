/** A program of the host that hangs ends no more than the command that asked it, and leaves a whole gate. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Output } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { until } from "./until.ts";

const policy = (step: number) =>
  `doors: { ssh: { protects: tcp/22, sequence: { steps: [${step}, udp/24040, tcp/22777, tcp/26010] } } }\n`;
const OLD_STEP = 21001;
const NEW_STEP = 21007;
/** As much as no program takes that does not hang, on the slowest machine. */
const SECONDS_EACH = 5;

let whole: Bundle;
let hurrying: Bundle;
let network: Network;
let host: Host;
let folder: string;
beforeAll(async () => {
  whole = makeBundle();
  hurrying = makeBundle("test/kernel/hurrying.ts");
  network = await makeNetwork();
  host = network.server;
  folder = host.newPath("programs");
  mkdirSync(folder);
  writeFileSync(at("OLD"), policy(OLD_STEP));
  writeFileSync(at("NEW"), policy(NEW_STEP));
});
afterAll(() => {
  network.remove();
  whole.remove();
  hurrying.remove();
});
beforeEach(async () => {
  for (const name of ["ss", "nft", "hang"]) rmSync(at(name), { force: true });
  await host.run(["nft", "flush", "ruleset"]);
  await postern("apply OLD --no-confirm");
});

const at = (name: string) => join(folder, name);

/** The command as users have it, or with short limits, where programs of ours come first. */
function postern(line: string, { file } = whole): Promise<Output> {
  const script = `cd ${folder}; PATH=${folder}:$PATH exec ${process.execPath} ${file} ${line}`;
  const env = [`SECONDS_EACH=${SECONDS_EACH}`, `WHOLE=${whole.file}`];
  return host.run(["env", ...env, "sh", "-c", script], { mayFail: true, timeoutSeconds: 120 });
}

const asleep = () => `echo $$ >>${at("pids")}; exec sleep 86399`;

function write(name: string, script: string): void {
  writeFileSync(at(name), `#!/bin/sh\n${script}\n`);
  chmodSync(at(name), 0o755);
}

/** Whether something that hung goes on. */
function isAsleep(): boolean {
  const pids = readFileSync(at("pids"), "utf8").trim().split("\n");
  return pids.some((pid) => existsSync(`/proc/${pid}`));
}

async function stepOf(): Promise<number | undefined> {
  const { stdout } = await host.run(["nft", "list", "table", "inet", "postern"]);
  return [OLD_STEP, NEW_STEP].find((step) => stdout.includes(`dport ${step}`));
}

describe("where `ss` hangs", () => {
  beforeEach(() => write("ss", asleep()));

  test.each(["check NEW", "apply NEW --confirm 1m"])(
    "%s ends with 3 and names it, changes nothing, and leaves the gate to others",
    async (line) => {
      const { status, stdout, stderr } = await postern(line, hurrying);
      expect(stderr).toMatch(
        new RegExp(`^postern: \`ss .*\` did not end within ${SECONDS_EACH} s and was stopped; `),
      );
      expect([status, stdout]).toEqual([3, ""]);
      expect(await stepOf()).toBe(OLD_STEP);
      await until("what hung to be gone", () => !isAsleep());
    },
  );

  test("a rollback and a ban go on without it", async () => {
    rmSync(at("ss"));
    await postern("apply NEW --no-confirm");
    write("ss", asleep());
    const back = await postern("rollback", hurrying);
    expect([back.status, await stepOf()]).toEqual([0, OLD_STEP]);
    expect((await postern("ban 192.0.2.66", hurrying)).status).toBe(0);
  });
});

describe("where `nft` hangs after it has loaded the rules", () => {
  /** Every load hangs while a file is there; `once` takes it away. */
  function hang(once = ""): void {
    writeFileSync(at("hang"), "");
    write(
      "nft",
      `PATH=\${PATH#${folder}:}
nft "$@" || exit
case "$1$2" in -f-) if [ -e ${at("hang")} ]; then ${once} ${asleep()}; fi ;; esac`,
    );
  }

  test("apply --confirm brings the gate of before back", async () => {
    hang(`rm ${at("hang")};`);
    const { status, stderr } = await postern("apply NEW --confirm 5m", hurrying);
    expect(stderr).toMatch(/`nft -f -` did not end within/);
    expect([status, await stepOf()]).toEqual([3, OLD_STEP]);
    expect((await postern("confirm --anyway")).stderr).toContain("no gate waits");
  });

  test("and goes on to hang, the gate of before is back when the time is over", async () => {
    hang();
    const { status } = await postern("apply NEW --confirm 30s", hurrying);
    expect(status).toBe(3);
    expect(existsSync(at("hang"))).toBe(true);
    rmSync(at("hang"));
    await until("the gate of before", async () => (await stepOf()) === OLD_STEP, 90);
    await until("the end of the wait", async () =>
      (await postern("confirm --anyway")).stderr.includes("no gate waits"),
    );
  });

  test("apply for good leaves a gate to go back to", async () => {
    hang(`rm ${at("hang")};`);
    expect((await postern("apply NEW --no-confirm", hurrying)).status).toBe(3);
    expect(await stepOf()).toBe(NEW_STEP);
    expect((await postern("rollback")).status).toBe(0);
    expect(await stepOf()).toBe(OLD_STEP);
  });
});
