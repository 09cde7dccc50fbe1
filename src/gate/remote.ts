/** Whether a gate may cut off whoever loads it: a command that was started over the network. */
import type { Host } from "../host/index.ts";
import { ancestorsOf } from "./ancestors.ts";
import { findSession } from "./session.ts";

/**
 * The names, as /proc/PID/comm has them, of SSH servers, and of programs that keep a terminal:
 * nobody can tell over which connection somebody types in one of these.
 */
const SERVERS: ReadonlySet<string> = new Set([
  ...["sshd", "sshd-session", "sshd-auth", "dropbear", "tinysshd", "mosh-server"],
  ...["tmux", "tmux: server", "screen", "zellij", "dtach", "abduco"],
]);

/**
 * True in an SSH session, whatever has cleared its environment (sudo, su, Ansible), also for a
 * command that its session has left in the background, as far as systemd-logind knows the session.
 * A console, cron and a service are not remote.
 */
export async function isRemote(host: Host): Promise<boolean> {
  if ((await findSession(host)) !== undefined) return true;
  for await (const pid of ancestorsOf(host)) {
    const name = (await host.readKernelFile(`/proc/${pid}/comm`)) ?? "";
    if (SERVERS.has(name.trimEnd())) return true;
  }
  return isInRemoteSession(host);
}

/** systemd-logind puts all that a session starts into one cgroup, and notes where it came from. */
async function isInRemoteSession(host: Host): Promise<boolean> {
  const cgroup = (await host.readKernelFile("/proc/self/cgroup")) ?? "";
  const [, id] = /\/session-([0-9a-z]+)\.scope(?:\/|$)/m.exec(cgroup) ?? [];
  if (id === undefined) return false;
  const session = (await host.readKernelFile(`/run/systemd/sessions/${id}`)) ?? "";
  return /^REMOTE=1$/m.test(session);
}
