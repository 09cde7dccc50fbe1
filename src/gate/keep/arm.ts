/** Makes sure that the gate of before will come back, before anything is changed. */
import { randomBytes } from "node:crypto";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Keep } from "./keep.ts";
import { isNetworkOfBoot } from "./namespace.ts";
import { endPending, type Pending, readPending, writePending } from "./pending.ts";
import { type Snapshot, tryRestore } from "./snapshot.ts";
import { readUptime } from "./uptime.ts";
import { whoAmI } from "./who.ts";

/** The command that waits, and brings the gate of before back; see `undo.ts`. */
export const UNDO_COMMAND = "undo-unless-confirmed";

const LOOK_MILLISECONDS = 50;
const LOOKS = 200;

interface Wish {
  readonly doing: string;
  readonly before: Snapshot;
  readonly confirmSeconds: number;
}

export async function armUndo(host: Host, keep: Keep, wish: Wish): Promise<Result<Pending>> {
  const tried = await tryRestore(host, wish.before);
  if (!tried.ok) return fail(...tried.problems.map(noWayBack));
  const pending: Pending = {
    id: randomBytes(8).toString("hex"),
    who: await whoAmI(host, wish.doing),
    gate: wish.before,
    until: (await readUptime(host)) + wish.confirmSeconds,
    loadedAt: 0,
  };
  const written = await writePending(keep, pending);
  if (!written.ok) return fail(...written.problems.map(noWayBack));
  await startUndo(host, pending.id);
  for (let look = 0; look < LOOKS; look += 1) {
    if ((await readPending(keep))?.id === pending.id) return ok(pending);
    await host.pause(LOOK_MILLISECONDS);
  }
  await endPending(keep, pending, "not loaded");
  return fail(noWayBack({ what: "the process that would do so did not start", fix: "try again" }));
}

/**
 * Where systemd runs the host it is to run this, too: it may end all that a session has started
 * when the session ends (KillUserProcesses in logind.conf(5)).
 */
async function startUndo(host: Host, id: string): Promise<void> {
  const argv = [...host.self, UNDO_COMMAND, id];
  if ((await isSystemd(host)) && (await startUnit(host, argv))) return;
  host.startApart(argv);
}

async function isSystemd(host: Host): Promise<boolean> {
  const first = (await host.readKernelFile("/proc/1/comm")) ?? "";
  // A unit would act on the network namespace of systemd.
  return first.trim() === "systemd" && (await isNetworkOfBoot(host));
}

async function startUnit(host: Host, argv: readonly string[]): Promise<boolean> {
  const named = ["POSTERN_RUN_DIR", "PATH"].flatMap((name) => {
    const value = host.environment(name);
    return value === undefined ? [] : [`--setenv=${name}=${value}`];
  });
  // One that is killed is started again, and goes on where it was.
  const restart = "--property=Restart=on-failure";
  const options = ["--quiet", "--collect", "--service-type=exec", restart, ...named];
  const { status } = await host.run(["systemd-run", ...options, "--", ...argv]);
  return status === 0;
}

function noWayBack({ what, fix }: Pick<Problem, "what" | "fix">): Problem {
  return {
    code: "no-way-back",
    severity: "error",
    what: `the gate of before could not be brought back, so nothing was changed: ${what}`,
    fix: `${fix}, or apply with --no-confirm`,
  };
}
