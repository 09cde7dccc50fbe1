/**
 * What people send through ssh arrives as it was, both ways, when the door had to be opened for
 * it. Server and client share their files, so a copy lies beside what it is of.
 */
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { untilNoneConnects } from "./ssh-account.ts";
import { GATE, HALF_DEAD, makeSshScene, POLICY, SIX, type SshScene } from "./ssh-scene.ts";

const HOSTS = { ipv4: HALF_DEAD, ipv6: SIX };

let scene: SshScene;
beforeAll(async () => {
  scene = await makeSshScene();
  for (const host of [GATE, HALF_DEAD, SIX]) await scene.account.learn(host, POLICY);
});
afterAll(() => scene.remove());
beforeEach(() => scene.shutGate());

/** Runs lines of shell in a new folder that has a file with so many random bytes, `original`. */
async function withOriginal(mebibytes: number, lines: readonly string[]): Promise<void> {
  const folder = scene.network.client.newPath("work");
  mkdirSync(folder);
  const here = `set -e; cd ${folder}; there=$PWD`;
  const made = `head -c ${mebibytes}M /dev/urandom >original`;
  const { stderr } = await scene.account.shell([here, made, ...lines].join("\n"));
  expect(stderr).not.toContain("postern");
  await untilNoneConnects(scene.network.client);
}

describe.each(FAMILIES)("over %s", (family) => {
  const host = HOSTS[family];

  test("a stream passes both ways at once, and the end of one is not the end of the other", async () => {
    await withOriginal(64, [
      `$ssh ${host} "tee $there/up" <original >down`,
      "cmp original up",
      "cmp original down",
    ]);
  });

  test("scp", async () => {
    await withOriginal(4, [
      `scp -q -F $config original ${host}:$there/up`,
      `scp -q -F $config ${host}:$there/up down`,
      "cmp original down",
    ]);
  });
});

test("what a slow reader leaves waits for it, and is all there", async () => {
  await withOriginal(8, [
    `$ssh ${GATE} "cat $there/original" | { sleep 1; cat; } >down`,
    "cmp original down",
  ]);
});

test("sftp, in a batch", async () => {
  await withOriginal(4, [
    `printf 'put original %s/up\\nget %s/up down\\n' "$there" "$there" >batch`,
    `sftp -q -F $config -b batch ${GATE} >/dev/null`,
    "cmp original down",
  ]);
});

test("rsync", async () => {
  await withOriginal(4, [
    "mkdir tree && mv original tree",
    `rsync -a -e "$ssh" tree/ ${GATE}:$there/up`,
    `rsync -a -e "$ssh" ${GATE}:$there/up/ down`,
    "diff -r tree down",
  ]);
});

test("git push and git clone", async () => {
  await withOriginal(4, [
    'export GIT_SSH_COMMAND="$ssh"',
    "git init -q tree && git init -q --bare bare && mv original tree",
    "git='git -C tree -c user.name=ada -c user.email=ada@example.org'",
    "$git add original && $git commit -q -m one",
    `$git push -q ${GATE}:$there/bare HEAD:refs/heads/main`,
    `git clone -q -b main ${GATE}:$there/bare down`,
    "cmp tree/original down/original",
  ]);
});
