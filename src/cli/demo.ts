import { usableBackends } from "../gate/index.ts";
import type { Host } from "../host/index.ts";
import type { Problem } from "../problem/problem.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { play } from "./demo/play.ts";
import { EPILOGUE, OBVIOUS, POLICY, PROLOGUE, SCENES } from "./demo/scenes.ts";
import { screenOf } from "./demo/screen.ts";
import { setStage } from "./demo/stage.ts";

export const demo: Command = {
  name: "demo",
  summary: "watch it at work in half a minute, between hosts that exist for no longer",
  arguments: [],
  options: [],
  async run(_given, world) {
    const { host } = world;
    const obstacles = await findObstacles(host);
    if (obstacles.length > 0) return refuse(world, obstacles);
    const stage = await setStage(host, { "policy.yaml": POLICY, "obvious.yaml": OBVIOUS });
    if (!stage.ok) return refuse(world, stage.problems);
    const screen = screenOf(world);
    screen.text(PROLOGUE.title, PROLOGUE.lines);
    await screen.remark(PROLOGUE.remark);
    const played = await play(SCENES, { host, stage: stage.value, screen });
    await stage.value.strike();
    if (!played.ok) return refuse(world, played.problems);
    screen.text(EPILOGUE.title, EPILOGUE.lines);
    return EXIT.ok;
  },
};

/** What the demo starts, how to find out whether it is there, and the Debian package it is in. */
const PROGRAMS = [
  ["nft", "--version", "nftables"],
  ["ip", "-V", "iproute2"],
  ["nmap", "--version", "nmap"],
  ["knock", "-V", "knockd"],
  ["/usr/sbin/sshd", "-V", "openssh-server"],
  ["ssh", "-V", "openssh-client"],
  ["unshare", "--version", "util-linux"],
] as const;

const NOT_STARTED = 127;

async function findObstacles(host: Host): Promise<readonly Problem[]> {
  const missing = await Promise.all(
    PROGRAMS.map(async ([program, versionFlag, debianPackage]) => {
      const { status } = await host.run([program, versionFlag]);
      return status === NOT_STARTED ? [noProgram(program, debianPackage)] : [];
    }),
  );
  const obstacles = [...((await isRoot(host)) ? [] : [NOT_ROOT]), ...missing.flat()];
  if (obstacles.length > 0) return obstacles;
  const usable = await usableBackends(host);
  return usable.ok ? [] : usable.problems;
}

async function isRoot(host: Host): Promise<boolean> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  return /^Uid:\s+\d+\s+0\s/m.test(status);
}

const NOT_ROOT: Problem = {
  code: "host-not-root",
  severity: "error",
  what: "this user may not make network namespaces",
  fix: "run it as root: sudo postern demo",
};

function noProgram(program: string, debianPackage: string): Problem {
  return {
    code: "host-no-program",
    severity: "error",
    what: `there is no ${program}`,
    fix: `install it: apt-get install ${debianPackage}`,
  };
}
