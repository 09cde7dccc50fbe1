/**
 * The SSH connection over which a command was typed. `sudo` takes SSH_CONNECTION away, and the
 * shell that it was started from still has it.
 */
import type { Host } from "../host/index.ts";
import { type Address, parsePrefix, unmapPrefix } from "../policy/address.ts";
import { ancestorsOf } from "./ancestors.ts";
import { readUptime } from "./keep/uptime.ts";
import { parseEndpoint } from "./listeners.ts";

export interface Session {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

/** Undefined where it was typed at a console, or by nobody. */
export async function findSession(host: Host): Promise<Session | undefined> {
  const own = parseSession(host.environment("SSH_CONNECTION") ?? "");
  if (own !== undefined) return own;
  for await (const pid of ancestorsOf(host)) {
    const environment = (await host.readKernelFile(`/proc/${pid}/environ`)) ?? "";
    const [, written = ""] = /(?:^|\0)SSH_CONNECTION=([^\0]*)/.exec(environment) ?? [];
    const session = parseSession(written);
    if (session !== undefined) return session;
  }
  return undefined;
}

/** `192.0.2.7 51234 198.51.100.1 22`, as sshd writes it. */
function parseSession(text: string): Session | undefined {
  const [source, sourcePort, destination, destinationPort, ...more] = text.split(" ");
  const from = addressIn(source);
  const to = addressIn(destination);
  const ports = [sourcePort, destinationPort].map(Number);
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65536)) return undefined;
  const [fromPort = 0, toPort = 0] = ports;
  return { source: from, sourcePort: fromPort, destination: to, destinationPort: toPort };
}

/** Without the zone of a link-local address, which no packet carries. */
function addressIn(text = ""): Address | undefined {
  const prefix = parsePrefix(text.replace(/%.*$/, ""));
  return prefix === undefined ? undefined : (unmapPrefix(prefix) ?? prefix).first;
}

/**
 * When the connection began, in seconds since the boot: when sshd started a process for it.
 * Undefined where there is no such connection any more, as in a terminal that was kept by
 * tmux or screen.
 */
export async function whenBegun(host: Host, session: Session): Promise<number | undefined> {
  const options = ["--no-header", "--numeric", "--tcp", "--processes", "state", "established"];
  const { stdout } = await host.run(["ss", ...options]);
  const pids = stdout
    .split("\n")
    .filter((line) => isOf(session, line))
    .flatMap((line) => [...line.matchAll(/pid=(\d+),fd=\d+\)/g)].map(([, pid]) => pid ?? ""));
  const lines = await Promise.all(pids.map((pid) => host.readKernelFile(`/proc/${pid}/stat`)));
  const starts = lines.map((line) => startIn(line)).filter((start) => start !== undefined);
  // Inside of a container /proc/uptime may count from the container's boot, and the starts of
  // processes from that of the machine: so the age is told by a process that starts now.
  const now = startIn((await host.run(["cat", "/proc/self/stat"])).stdout);
  if (starts.length === 0 || now === undefined) return undefined;
  return (await readUptime(host)) - (now - Math.min(...starts));
}

/** `0 0 198.51.100.1:22 192.0.2.7:51234 users:(("sshd",pid=20,fd=4))` */
function isOf(session: Session, line: string): boolean {
  const [, , localText = "", peerText = ""] = line.trim().split(/\s+/);
  const local = parseEndpoint(localText);
  const peer = parseEndpoint(peerText);
  return (
    local?.address.bits === session.destination.bits &&
    local.port === session.destinationPort &&
    peer?.address.bits === session.source.bits &&
    peer.port === session.sourcePort
  );
}

/** Of the ticks in which /proc counts there are 100 a second, whatever the kernel: proc(5). */
const TICKS = 100;

/**
 * When a process started, in seconds: field 22 of its line; a name before it may hold anything,
 * also parentheses.
 */
function startIn(line = ""): number | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[19]);
  return fields.length < 20 || Number.isNaN(ticks) ? undefined : ticks / TICKS;
}
