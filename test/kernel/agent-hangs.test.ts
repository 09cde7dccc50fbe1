/** An agent among files and programs that do not answer. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AgentScene, SIGNERS } from "./agent-scene.ts";
import { senderOf } from "./network.ts";
import { until } from "./until.ts";

const POLICY = `backend: nftables
doors: { ssh: { protects: tcp/22, signed: { carriers: [udp/62201] } } }
`;

let scene: AgentScene;
beforeAll(async () => {
  scene = await AgentScene.make();
  await scene.apply(POLICY);
});
afterAll(() => scene.remove());

const mkfifo = (path: string) => scene.network.server.run(["mkfifo", path]);

test("a FIFO in the place of the signers opens nothing, is told in the log, and keeps the agent from nothing", async () => {
  await scene.start();
  const signers = scene.file("allowed_signers");
  await mkfifo(`${signers}.new`);
  renameSync(`${signers}.new`, signers);
  const [before, after] = [senderOf("ipv4", 1), senderOf("ipv6", 2)];
  await scene.knock(before);
  expect((await scene.said(before))[0]).toContain("reason=signer");
  await scene.untilLogged(/error: ".*allowed_signers" is not a plain file/);
  expect((await scene.postern("check")).stdout).toContain("is not a plain file");
  rmSync(signers);
  writeFileSync(signers, SIGNERS);
  await scene.knock(after);
  expect((await scene.said(after))[0]).toContain("open door=ssh");
  rmSync(signers);
  await mkfifo(signers);
  await scene.knock(before);
  await scene.said(before, 2);
  await scene.agent?.stop();
  expect(scene.logged()).toContain("stopped: sequences");
  rmSync(signers);
  writeFileSync(signers, SIGNERS);
});

test("a policy that is a FIFO is told, and ends no command late", async () => {
  rmSync(scene.file("policy.yaml"));
  await mkfifo(scene.file("policy.yaml"));
  for (const line of ["check", "apply --no-confirm", "compile"]) {
    const { status, stdout, stderr } = await scene.postern(line);
    expect([status, `${stdout}${stderr}`]).toEqual([
      1,
      expect.stringContaining("not a plain file"),
    ]);
  }
  rmSync(scene.file("policy.yaml"));
});

test("SIGTERM ends it within seconds, also while a program hangs that it has started", async () => {
  const programs = scene.network.server.newPath("programs");
  mkdirSync(programs);
  const nft = join(programs, "nft");
  const hang = `[ -e ${nft}.hang ] && echo $$ >>${nft}.pids && exec sleep 86399`;
  writeFileSync(nft, `#!/bin/sh\n${hang}\nexec /usr/sbin/nft "$@"\n`);
  chmodSync(nft, 0o755);
  await scene.start(`${programs}:${process.env["PATH"]}`);
  writeFileSync(`${nft}.hang`, "");
  await scene.network.server.run(["nft", "add", "table", "inet", "other"]);
  await until("nft to hang", () => existsSync(`${nft}.pids`));
  scene.agent?.signal("SIGTERM");
  expect(await scene.agent?.ended).toBe("SIGKILL");
  expect(scene.logged()).toContain("did not answer for 5 s after the agent was told to end");
  for (const pid of readFileSync(`${nft}.pids`, "utf8").trim().split("\n")) {
    process.kill(Number(pid));
  }
});
