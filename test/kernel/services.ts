/** What runs on the hosts of a test: listeners, and a real sshd with a client for it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Host, type Running, untilListening } from "./host.ts";

export interface Service {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/**
 * A listener on the wildcard address of the family, with nc: what clients send is on its
 * stdout, and `write` sends to the client (one at a time).
 */
export async function listen(
  host: Host,
  { protocol, port }: Service,
  family: Family,
): Promise<Running> {
  const flags = `-${family === "ipv4" ? "4" : "6"}${protocol === "udp" ? "u" : ""}lk`;
  const listener = host.start(["nc", flags, String(port)]);
  await untilListening(listener, { protocol, port }, family);
  return listener;
}

/** The two listeners of {@link listen}: each of them takes what comes over its family. */
export async function listenOnBoth(
  host: Host,
  service: Service,
): Promise<Readonly<Record<Family, Running>>> {
  return { ipv4: await listen(host, service, "ipv4"), ipv6: await listen(host, service, "ipv6") };
}

/** A connection from `host`, with nc; `stdout` has what the other side sends. */
export function connect(
  host: Host,
  address: string,
  port: number,
  options: readonly string[] = [],
): Running {
  return host.start(["nc", ...options, address, String(port)]);
}

/** Whether a TCP connection comes about within a second. */
export async function canConnect(host: Host, address: string, port: number): Promise<boolean> {
  const { status } = await host.run(["nc", "-z", "-w", "1", address, String(port)], {
    mayFail: true,
  });
  return status === 0;
}

export interface SshServer {
  /** A session that runs a line of shell; without one, what is written comes back (`cat`). */
  readonly session: (
    from: Host,
    address: string,
    line?: string,
    flags?: readonly string[],
  ) => Running;
  /** Lines of an ssh_config with which its user logs in, and nobody is asked anything. */
  readonly settings: readonly string[];
}

/** A real sshd on ports of the host, for root, with keys made for this test. */
export async function startSshd(
  host: Host,
  ports: readonly number[] = [22],
  start = host.start,
): Promise<SshServer> {
  const [hostKey, userKey, config, home] = ["host", "user", "sshd_config", "home"].map(
    host.newPath,
  ) as [string, string, string, string];
  for (const key of [hostKey, userKey]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  }
  // sshd gives up its privileges into this folder; a service manager would have made it.
  mkdirSync("/run/sshd", { recursive: true });
  mkdirSync(home);
  const settings = [
    ...ports.map((port) => `Port ${port}`),
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${userKey}.pub`,
    "PermitRootLogin prohibit-password",
    "StrictModes no",
    "UsePAM no",
    "PidFile none",
    "Subsystem sftp internal-sftp",
    // What root's shell reads at home on this machine may take seconds.
    `SetEnv HOME=${home}`,
  ];
  writeFileSync(config, `${settings.join("\n")}\n`);
  const sshd = start(["/usr/sbin/sshd", "-D", "-e", "-f", config]);
  for (const family of FAMILIES) {
    for (const port of ports) await untilListening(sshd, { protocol: "tcp", port }, family);
  }
  const options = [
    "User=root",
    `IdentityFile=${userKey}`,
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
  ];
  return {
    session: (from, address, line = "cat", flags = ["-T"]) =>
      from.start([
        "ssh",
        "-F",
        "none",
        ...flags,
        ...[...options, "ConnectTimeout=3"].flatMap((option) => ["-o", option]),
        address,
        line,
      ]),
    settings: options,
  };
}
