/** The command itself on a host: who may start it, where its words go, and what a kill leaves. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Host, type Output, type Running, untilListening } from "./host.ts";
import { staleOn } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";

/** So that there is time to be killed in. */
const DOORS = 12;

function policy(step: number): string {
  const doors = Array.from(
    { length: DOORS },
    (_, n) =>
      `  door-${n}: { protects: tcp/${n + 1}, sequence: { steps: [${20_000 + 40 * n + step}, ${20_030 + 40 * n}] } }`,
  );
  return `doors:\n${doors.join("\n")}\n`;
}

/** What listens behind all of them, for `postern compile` takes services to be there. */
const SERVICES = `for (let port = 1; port <= ${DOORS}; port += 1) require("node:net").createServer().listen(port);`;

const OLD = policy(0);
const NEW = policy(7);
/** What is said of it each time that it is applied: nothing listens here. */
const WARNED = expect.stringMatching(/\n1 warning\n\n$/);
const SMALL = "trusted: [192.0.2.9]\ndoors: { ssh: { protects: tcp/22 } }\n";

let bundle: Bundle;
let network: Network;
let host: Host;
let services: Running;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  host = network.server;
  for (const [name, text] of Object.entries({ OLD, NEW, SMALL })) {
    writeFileSync(`${bundle.folder}/${name}`, text);
  }
  services = host.start([process.execPath, "-e", SERVICES]);
  await untilListening(services, { protocol: "tcp", port: DOORS }, "ipv6");
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await host.run(["nft", "flush", "ruleset"]);
});

/** A line of shell on the host in which `$postern` starts the command. */
function shell(line: string): Promise<Output> {
  const script = `postern="${process.execPath} ${bundle.file}"; cd ${bundle.folder}; ${line}`;
  return host.run(["sh", "-c", script], { mayFail: true });
}

test("a gate is put up, looked at, opened and taken away", async () => {
  const { status, stdout, stderr } = await shell(
    "$postern apply SMALL --no-confirm && $postern open ssh 192.0.2.7 && $postern status && $postern remove && $postern remove",
  );
  expect([status, stderr]).toEqual([0, WARNED]);
  expect(stdout.replace(/\d+ min/, "N min")).toBe(`the gate is up on nftables
  ssh  tcp/22  opened only by hand
confirmed: loaded for good
ssh is open to 192.0.2.7 for 1h
ssh  open
  open to 192.0.2.7, N min left
  so far: 0 packets refused, 0 times opened, 0 wrong steps

sets
  ssh_grants4  1 of 65536 (0 %)
the gate is gone
there was no gate on this host
`);
});

test("what compile prints is what apply loads", async () => {
  await shell("$postern compile NEW | nft -f -");
  expect(await staleOn(host, NEW)).toEqual([]);
  const compiled = (await host.run(["nft", "-s", "list", "ruleset"])).stdout;
  await shell("$postern remove; $postern apply NEW --anyway --no-confirm");
  expect((await host.run(["nft", "-s", "list", "ruleset"])).stdout).toBe(compiled);
});

describe("who may not", () => {
  const LINE =
    "postern: this user may not change firewall rules; run it as root (it needs CAP_NET_ADMIN)\n";
  const NOBODY = "setpriv --reuid=65534 --clear-groups ";
  const BOUND = "setpriv --bounding-set=-net_admin --inh-caps=-net_admin ";

  test.each([
    ["another user", NOBODY, "apply SMALL"],
    ["another user", NOBODY, "status --json"],
    ["another user", NOBODY, "ban 192.0.2.7"],
    ["root without the capability", BOUND, "apply SMALL"],
    ["root without the capability", BOUND, "remove"],
  ])("%s is told so in one line: %s$postern %s", async (_, as, line) => {
    await shell(`chmod 755 .; ${as}$postern ${line}`);
    expect(await shell(`${as}$postern ${line}`)).toEqual({ status: 3, stdout: "", stderr: LINE });
  });
});

test("nft is found where a user's PATH does not lead", async () => {
  const { status, stderr } = await shell("PATH=/usr/bin:/bin $postern apply SMALL --no-confirm");
  expect([status, stderr]).toEqual([0, WARNED]);
});

describe("words that nobody can read", () => {
  test("a reader of the status that has seen enough", async () => {
    await shell("$postern apply NEW --anyway --no-confirm");
    const { stdout, stderr } = await shell("{ $postern status; echo $? >&2; } | head -1");
    expect([stdout, stderr]).toEqual(["door-0  shut\n", "0\n"]);
  });

  test("a full disk: the gate is up all the same, and the status says that something failed", async () => {
    const { status, stderr } = await shell("$postern apply SMALL --no-confirm > /dev/full");
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /\npostern: cannot write the result: ENOSPC: no space left on device, write\n$/,
    );
    expect(await staleOn(host, SMALL)).toEqual([]);
  });
});

describe("killed at any moment", () => {
  /** By chance; test/kernel/kills.test.ts has every moment that matters. */
  const TIMES = 8;

  /** All rules and what they need, in an order that does not tell what was there before. */
  const listRules = async () => {
    const { stdout } = await host.run(["nft", "--stateless", "list", "ruleset"]);
    return stdout.split("\n\n").toSorted().join("\n\n");
  };
  const startApply = () =>
    host.start([
      process.execPath,
      bundle.file,
      "apply",
      "--anyway",
      "--no-confirm",
      `${bundle.folder}/NEW`,
    ]);
  /** All but the services, so also the nft that an apply may have started. */
  const killAll = () => {
    const pids = execFileSync("ip", ["netns", "pids", host.namespace], { encoding: "utf8" });
    for (const pid of pids.split("\n").filter(Boolean)) {
      if (Number(pid) !== services.pid) spawnSync("kill", ["-9", pid]);
    }
  };

  test("an apply leaves the old gate or the new one, whole", async () => {
    const old = (await shell("$postern compile OLD")).stdout;
    const putUpOld = () =>
      host.run(["nft", "-f", "-"], {
        stdin: `table inet postern\ndelete table inet postern\n${old}`,
      });
    await putUpOld();
    const rules = { old: await listRules(), new: "" };
    const begun = performance.now();
    await startApply().ended;
    const length = performance.now() - begun;
    rules.new = await listRules();
    const found = { old: 0, new: 0 };
    // Later each time, until it has come to its end.
    for (let time = 0; time < TIMES || found.new === 0; time += 1) {
      await putUpOld();
      const apply = startApply();
      await pause((length * time) / (TIMES - 1));
      if (time % 2 === 0) killAll();
      apply.signal("SIGKILL");
      await apply.ended;
      const left = await listRules();
      const whole = left === rules.old ? "old" : "new";
      expect(left).toBe(rules[whole]);
      found[whole] += 1;
    }
    // Otherwise the moments were not well chosen.
    expect(found.old).toBeGreaterThan(0);
  });
});
