import { runAgent } from "../agent/index.ts";
import { findGate } from "../gate/index.ts";
import type { Host } from "../host/index.ts";
import type { Problem } from "../problem/problem.ts";
import { agentLog } from "../view/agent.ts";
import { type Command, EXIT, refuse, warn } from "./command.ts";
import { policyFileOf } from "./reading.ts";

export const agent: Command = {
  name: "agent",
  summary: "verify signed knocks, and bring the gate back if something takes it away; a service",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [],
  async run({ arguments: [path] }, world) {
    const { host } = world;
    const file = policyFileOf(host, path);
    const wanted = maskOf(await wantedCapabilities(host));
    const problem = await dropPrivileges(host, wanted, path);
    if (problem !== undefined) return refuse(world, [problem]);
    if ((wanted & ~(await ownCapabilities(host))) !== 0n) warn(world, [NO_RAW_SOCKETS]);
    const log = agentLog(
      (line) => world.stdout(`postern: ${line}\n`),
      () => host.monotonic(),
    );
    const ended = await runAgent(host, file, log);
    return ended.ok ? EXIT.ok : refuse(world, ended.problems);
  },
};

const NET_ADMIN = 12n;
const NET_RAW = 13n;

/** Starts this command again with what it needs and nothing more; comes back where that is so. */
async function dropPrivileges(
  host: Host,
  wanted: bigint,
  path: string | undefined,
): Promise<Problem | undefined> {
  if (((await ownCapabilities(host)) & ~wanted) === 0n) return undefined;
  const sockets = await host.sockets();
  if (!sockets.ok) return sockets.problems[0];
  const names = (wanted & maskOf([NET_RAW])) === 0n ? ["+net_admin"] : ["+net_admin", "+net_raw"];
  return sockets.value.become([
    ...["setpriv", "--no-new-privs", "--inh-caps", "-all"],
    ...["--bounding-set", ["-all", ...names].join(","), "--"],
    ...host.self,
    "agent",
    ...(path === undefined ? [] : [path]),
  ]);
}

async function ownCapabilities(host: Host): Promise<bigint> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

/** Programs of the older iptables ask the kernel through a raw socket. */
async function wantedCapabilities(host: Host): Promise<readonly bigint[]> {
  const tables = (await host.readKernelFile("/proc/net/ip_tables_names")) ?? "";
  const gate = await findGate(host, { members: false });
  const isOnIptables = gate.ok && gate.value?.backend.name === "iptables";
  return tables.trim() !== "" || isOnIptables ? [NET_ADMIN, NET_RAW] : [NET_ADMIN];
}

function maskOf(capabilities: readonly bigint[]): bigint {
  return capabilities.reduce((mask, number) => mask | (1n << number), 0n);
}

/** Knocks open all the same. */
const NO_RAW_SOCKETS: Problem = {
  code: "agent-no-raw-sockets",
  severity: "warning",
  what: "this host has rules of iptables, whose programs ask through raw sockets; without CAP_NET_RAW the agent cannot put the gate back when something takes it away",
  fix: "`systemctl edit postern-agent.service`, and there below [Service]: CapabilityBoundingSet=CAP_NET_RAW and RestrictAddressFamilies=AF_INET AF_INET6",
};
