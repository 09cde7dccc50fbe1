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
}

/** A real sshd on port 22 of the host, for root, with keys made for this test. */
export async function startSshd(host: Host): Promise<SshServer> {
  const [hostKey, userKey, config] = ["host", "user", "sshd_config"].map(host.newPath) as [
    string,
    string,
    string,
  ];
  for (const key of [hostKey, userKey]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  }
  // sshd gives up its privileges into this folder; a service manager would have made it.
  mkdirSync("/run/sshd", { recursive: true });
  const settings = [
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${userKey}.pub`,
    "PermitRootLogin prohibit-password",
    "StrictModes no",
    "UsePAM no",
    "PidFile none",
  ];
  writeFileSync(config, `${settings.join("\n")}\n`);
  const sshd = host.start(["/usr/sbin/sshd", "-D", "-e", "-f", config]);
  for (const family of FAMILIES) await untilListening(sshd, { protocol: "tcp", port: 22 }, family);
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "ConnectTimeout=3",
  ];
  return {
    session: (from, address, line = "cat", flags = ["-T"]) =>
      from.start([
        "ssh",
        "-F",
        "none",
        ...flags,
        "-i",
        userKey,
        ...options.flatMap((option) => ["-o", option]),
        `root@${address}`,
        line,
      ]),
  };
}
