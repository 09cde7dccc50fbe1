/** What postern.service runs: the gate that was kept goes into the kernel, and no Node.js runs. */
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { printScript } from "../../src/backend/iptables/index.ts";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { applyPolicy, readStatus, rollback } from "../../src/gate/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import { policyOf, programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import type { Host, Output } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { commandsIn } from "./units.ts";

const ONE = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, udp/54040] } } }";
const OTHER = "doors: { ssh: { protects: tcp/22, sequence: { steps: [52001, udp/54041] } } }";
const [START = []] = commandsIn("postern.service", "ExecStart", `${process.cwd()}/packaging`);
const [RELOAD = []] = commandsIn("postern.service", "ExecReload", `${process.cwd()}/packaging`);

/** All that the script and the gates of iptables need; there is no node among it. */
const TOOLS = [
  ...["sh", "find", "sed", "cat", "grep", "awk", "id", "nft"],
  ...["", "-nft", "-legacy"].flatMap((kind) =>
    ["iptables", "ip6tables"].flatMap((name) => [
      `${name}${kind}`,
      `${name}${kind}-save`,
      `${name}${kind}-restore`,
    ]),
  ),
];

let network: Network;
let host: Host;
let folder: string;
let programs: string;
let hostsMade = 0;
beforeAll(async () => {
  network = await makeNetwork();
  programs = network.server.newPath("bin");
  mkdirSync(programs);
  for (const name of TOOLS) {
    const found = await network.server.run(["sh", "-c", `command -v ${name}`]);
    symlinkSync(found.stdout.trim(), `${programs}/${name}`);
  }
});
afterAll(() => network.remove());
beforeEach(async () => {
  host = await network.addHost(`boot-${hostsMade++}`);
  folder = host.newPath("state");
  mkdirSync(folder, { mode: 0o700 });
});

/** As systemd would, with a PATH that leads to no node. */
function run(command = START): Promise<Output> {
  const environment = [`PATH=${programs}`, `POSTERN_STATE_DIR=${folder}`];
  return host.run(["env", "-i", ...environment, ...command], { mayFail: true });
}

function keep(name: string, text: string): void {
  writeFileSync(`${folder}/${name}`, text, { mode: 0o600 });
}

async function standing(on = host): Promise<string> {
  return (await on.run(["nft", "--stateless", "list", "ruleset"])).stdout;
}

/** All rules of both backends, in an order that does not tell what was there before. */
async function everyRule(): Promise<readonly string[]> {
  const saved = await Promise.all(
    ["iptables", "ip6tables"].map((name) => host.run([`${name}-save`, "--table", "raw"])),
  );
  const lines = saved.flatMap(({ stdout }) => stdout.split("\n"));
  return [
    ...(await standing()).split("\n\n").filter((part) => part.includes("postern")),
    ...lines.filter((line) => line.startsWith("-A")),
  ].toSorted((a, b) => a.localeCompare(b));
}

/** Everything that a gate kept so is when it is loaded by itself. */
async function loaded(text: string): Promise<string> {
  const other = await network.addHost(`fresh-${hostsMade++}`);
  await other.run(["nft", "-f", "-"], { stdin: text });
  return standing(other);
}

const gateOf = (policy: string) => printNftables(programOf(policy));
const scriptOf = (policy: string) => printScript(programOf(policy, "sources"));

test("a gate of nftables that was kept is up", async () => {
  keep("gate.nft", gateOf(ONE));
  expect(await run()).toEqual({
    status: 0,
    stdout: "",
    stderr: `postern: the gate of ${folder}/gate.nft is up\n`,
  });
  expect(await standing()).toBe(await loaded(gateOf(ONE)));
});

test.each(["nft", "legacy"])(
  "a gate of iptables-%s that was kept is up, over both families",
  async (kind) => {
    keep("gate.sh", scriptOf(ONE));
    const environment = [`PATH=${programs}`, `POSTERN_STATE_DIR=${folder}`];
    await host.run(["env", "-i", `IPTABLES=iptables-${kind}`, ...environment, ...START]);
    for (const family of ["iptables", "ip6tables"]) {
      const { stdout } = await host.run([`${family}-${kind}-save`, "--table", "raw"]);
      expect(stdout).toContain("-A PREROUTING -j POSTERN");
      expect(stdout).toContain("--dport 54040");
    }
  },
);

test("where none is kept nothing is done, and that is no failure", async () => {
  expect(await run()).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("no gate is kept"),
  });
  rmSync(folder, { recursive: true });
  expect((await run()).status).toBe(0);
  expect(await standing()).toBe("");
});

describe("a reload", () => {
  test("of the gate that stands keeps who is open, part way and banned", async () => {
    keep("gate.nft", gateOf(ONE));
    await run();
    await host.run([
      "nft",
      "add element inet postern ssh_grants4 { 192.0.2.7 timeout 1h }; add element inet postern banned6 { 2001:db8::7 }",
    ]);
    expect((await run(RELOAD)).status).toBe(0);
    const { stdout } = await host.run(["nft", "list", "ruleset"]);
    expect(stdout).toContain("192.0.2.7 timeout 1h");
    expect(stdout).toContain("2001:db8::7");
  });

  test("over a gate of another policy leaves nobody in a set that now means something else", async () => {
    keep("gate.nft", gateOf(ONE));
    await run();
    await host.run(["nft", "add element inet postern ssh_stage1_4 { 192.0.2.7 timeout 1h }"]);
    keep("gate.nft", gateOf(OTHER));
    await run(RELOAD);
    expect((await host.run(["nft", "list", "ruleset"])).stdout).not.toContain("192.0.2.7");
    expect(await standing()).toBe(await loaded(gateOf(OTHER)));
  });

  test("leaves other tables alone", async () => {
    await host.run(["nft", "add table inet mine; add chain inet mine c"]);
    keep("gate.nft", gateOf(ONE));
    await run();
    await run(RELOAD);
    expect(await standing()).toMatch(/^table inet mine \{\n\tchain c \{\n\t\}\n\}\n/);
  });
});

test("the line for nftables.conf loads it in one transaction with other rules, and is no fault without it", async () => {
  const rules = host.newPath("nftables.conf");
  writeFileSync(rules, `flush ruleset\ntable inet mine {}\ninclude "${folder}/gate*.nft"\n`);
  await host.run(["nft", "-f", rules]);
  expect(await standing()).toBe("table inet mine {\n}\n");
  keep("gate.nft", gateOf(ONE));
  keep("before.nft", "no rules\n");
  await host.run(["nft", "-f", rules]);
  await host.run(["nft", "-f", rules]);
  expect(await standing()).toBe(`table inet mine {\n}\n${await loaded(gateOf(ONE))}`);
});

describe("a gate that cannot be loaded", () => {
  const BROKEN = `${gateOf(OTHER)}\nadd rule inet postern prerouting no such thing\n`;
  /** One of a family that is refused when the other has been loaded. */
  const BROKEN_SCRIPT = scriptOf(OTHER).replace(
    "\n-A POSTERN-made_of -4",
    "\n-A POSTERN-made_of -m nonsense\n-A POSTERN-made_of -4",
  );

  test("is told, and the gate of before is up in its place", async () => {
    keep("gate.nft", BROKEN);
    keep("before.nft", gateOf(ONE));
    const { status, stderr } = await run();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Error: syntax error[\s\S]*no such thing[\s\S]*\npostern: the newest gate cannot be loaded, and that of before is up, from \S+before\.nft;/,
    );
    expect(await standing()).toBe(await loaded(gateOf(ONE)));
  });

  test("also where the one of before is of the other backend", async () => {
    keep("gate.sh", BROKEN_SCRIPT);
    keep("before.nft", gateOf(ONE));
    expect((await run()).status).toBe(1);
    expect(await standing()).toBe(await loaded(gateOf(ONE)));
  });

  test("leaves the gate that stands as it is, members and all", async () => {
    keep("gate.nft", gateOf(ONE));
    await run();
    await host.run(["nft", "add element inet postern banned4 { 192.0.2.7 }"]);
    const before = await standing();
    keep("gate.nft", BROKEN);
    keep("before.nft", gateOf(OTHER));
    expect(await run(RELOAD)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("the gate that stands has not been changed"),
    });
    expect(await standing()).toBe(before);
    expect((await host.run(["nft", "list", "ruleset"])).stdout).toContain("192.0.2.7");
  });

  test("where there is no other it is said that every door stands open", async () => {
    keep("gate.nft", BROKEN);
    expect(await run()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no gate is up, and every door stands open"),
    });
    expect(await standing()).toBe("");
  });

  test("a file cut short by a power cut loads nothing", async () => {
    keep("gate.nft", gateOf(OTHER).slice(0, -200));
    keep("before.nft", gateOf(ONE));
    expect((await run()).status).toBe(1);
    expect(await standing()).toBe(await loaded(gateOf(ONE)));
  });
});

test("a kill between the two files leaves one to load", async () => {
  // A change of the backend takes the old file away before the new one is there.
  keep("before.nft", gateOf(ONE));
  expect((await run()).status).toBe(0);
  expect(await standing()).toBe(await loaded(gateOf(ONE)));
});

test.each(["the folder", "the file"])(
  "%s that others can write to is not loaded from",
  async (what) => {
    keep("gate.nft", gateOf(ONE));
    chmodSync(what === "the folder" ? folder : `${folder}/gate.nft`, 0o722);
    expect(await run()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("it is not loaded"),
    });
    expect(await standing()).toBe("");
  },
);

test("a file of another user is not loaded", async () => {
  keep("gate.nft", gateOf(ONE));
  chownSync(`${folder}/gate.nft`, 65_534, 65_534);
  expect((await run()).status).toBe(1);
  expect(await standing()).toBe("");
});

describe("from apply to the boot", () => {
  const booted = (): GateHost => {
    const live = liveHost(host);
    return {
      ...live,
      environment: (name) => (name === "POSTERN_STATE_DIR" ? folder : live.environment(name)),
    };
  };
  /** Nothing is left in the kernel, nor of what is kept beside it. */
  const reboot = async () => {
    const boot = await network.addHost(`again-${hostsMade++}`);
    host = boot;
    rmSync(host.runFolder, { recursive: true, force: true });
    expect((await run()).status).toBe(0);
  };
  const stepsOn = async (gate: GateHost) =>
    sure(await readStatus(gate)).sets.map(({ name }) => name);
  const apply = async (text: string) =>
    sure(await applyPolicy(booted(), policyOf(text), { written: { file: "/policy.yaml", text } }));

  test.each(["nftables", "iptables"])("what was applied stands again, on %s", async (backend) => {
    await apply(`backend: ${backend}\n${ONE}`);
    const before = await stepsOn(booted());
    await reboot();
    expect(await stepsOn(booted())).toEqual(before);
  });

  test.each(["nftables", "iptables"])(
    "after a boot rollback goes back to what that brought, and keeps it, on %s",
    async (backend) => {
      await apply(`backend: ${backend}\n${ONE}`);
      await reboot();
      const before = await everyRule();
      await apply(`backend: ${backend}\n${OTHER}`);
      expect(sure(await rollback(booted()))).toEqual({ to: "the gate of before", warnings: [] });
      await reboot();
      expect(await everyRule()).toEqual(before);
    },
  );
});
