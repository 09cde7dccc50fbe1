/**
 * The stage of the demo: a server, and two hosts that reach it over cables of their own.
 *
 *     attacker  203.0.113.66  eth0 ──── eth1 ┐
 *               2001:db8:2::66               ├ server  192.0.2.1, 2001:db8::1
 *     friend    198.51.100.7  eth0 ──── eth0 ┘         sshd on port 22
 *               2001:db8:1::7
 *
 * It stands in a mount and a PID namespace of its own, where /run, /etc/ssh and /etc/passwd
 * are the demo's and lie in memory. All that holds these namespaces is one `cat`, which ends
 * with its stdin: when this process ends, by whatever signal, the kernel ends every program
 * on the stage and takes away what they made. Nothing has to be cleaned up.
 */
import type { Host, Running } from "../../host/index.ts";
import { escapeControl } from "../../problem/escape.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";

export type Actor = "server" | "friend" | "attacker";

export const ADDRESSES = {
  server: { ipv4: "192.0.2.1", ipv6: "2001:db8::1" },
  friend: { ipv4: "198.51.100.7", ipv6: "2001:db8:1::7" },
  attacker: { ipv4: "203.0.113.66", ipv6: "2001:db8:2::66" },
} as const satisfies Record<Actor, unknown>;

export interface Stage {
  /** Starts a program on a host; `postern` is this one. It ends at the latest with the stage. */
  start(actor: Actor, argv: readonly string[]): Running;
  /** Returns once nothing of it is left. */
  strike(): Promise<void>;
}

/** No program of the demo takes so long; one that hangs must not hang the demo. */
const MOST_SECONDS = "120";

/** Sets the stage, with these files in the folder in which the actors work. */
export async function setStage(
  host: Host,
  files: Readonly<Record<string, string>>,
): Promise<Result<Stage>> {
  const holder = host.start(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "cat"]);
  holder.write("stands\n");
  const said = await untilLines(holder, /^stands$/);
  if (said !== undefined) return notSet("unshare", said);
  const namespaces = `/proc/${holder.pid}/ns`;
  const enter = [
    ...["nsenter", `--mount=${namespaces}/mnt`, `--pid=${namespaces}/pid_for_children`],
    // What the actors keep goes with the stage.
    ...["env", "-C", "/run", "XDG_CONFIG_HOME=/run/config", "timeout", MOST_SECONDS],
  ];
  const stage: Stage = {
    start(actor, [program = "", ...args]) {
      const found = program === "postern" ? host.self : [program];
      return host.start([...enter, "ip", "netns", "exec", actor, ...found, ...args]);
    },
    async strike() {
      holder.closeInput();
      await holder.ended;
    },
  };
  for (const { argv, stdin = "" } of [...PREPARATIONS, ...filesIn("/run", files)]) {
    const { status, stderr } = await host.run([...enter, ...argv], { stdin });
    if (status === 0) continue;
    await stage.strike();
    return notSet(argv.join(" "), stderr);
  }
  const sshd = stage.start("server", ["/usr/sbin/sshd", "-D", "-e"]);
  const complaint = await untilLines(sshd, /^Server listening /, /^Server listening /);
  if (complaint === undefined) return ok(stage);
  await stage.strike();
  return notSet("sshd", complaint);
}

/** Waits until the program has printed these lines; when it ends without, what it said. */
async function untilLines(
  { lines }: Running,
  ...patterns: readonly RegExp[]
): Promise<string | undefined> {
  const missing = [...patterns];
  const said: string[] = [];
  for await (const line of lines) {
    said.push(line);
    if (missing[0]?.test(line)) missing.shift();
    if (missing.length === 0) return undefined;
  }
  return said.join("\n");
}

function notSet(program: string, said: string): Result<never> {
  const last = escapeControl(said.trim().split("\n").at(-1) ?? "");
  return fail({
    code: "host-no-stage",
    severity: "error",
    what: `the hosts of the demo cannot be made: \`${program}\` says ${JSON.stringify(last)}`,
    fix: "it needs a root that may make namespaces and mount; in a container: start it --privileged",
  });
}

interface Preparation {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

const PASSWD = `\
root:x:0:0:root:/run/root:/bin/sh
sshd:x:110:65534:sshd:/run/sshd:/usr/sbin/nologin
friend:x:65533:65534:friend:/run/friend:/bin/sh
`;

/** No password fits, yet nobody is locked out: a locked root is, on many machines. */
const SHADOW = PASSWD.replaceAll(/^(\w+):.*$/gm, "$1:*:19000:0:99999:7:::");

const SSHD_CONFIG = `\
ListenAddress 0.0.0.0
ListenAddress ::
PidFile none
UsePAM no
PasswordAuthentication no
`;

const SSH_CONFIG = `\
StrictHostKeyChecking accept-new
BatchMode yes
LogLevel ERROR
`;

const PREPARATIONS: readonly Preparation[] = [
  inMemory("/run"),
  inMemory("/etc/ssh"),
  run("mkdir", "-p", "/run/sshd", "/run/root/.ssh", "/run/friend/.ssh"),
  ...filesIn("/run", { passwd: PASSWD, shadow: SHADOW }),
  ...["passwd", "shadow"].map((name) => run("mount", "--bind", `/run/${name}`, `/etc/${name}`)),
  ...filesIn("/etc/ssh", { sshd_config: SSHD_CONFIG, ssh_config: SSH_CONFIG }),
  newKey("/etc/ssh/ssh_host_ed25519_key"),
  newKey("/run/root/.ssh/id_ed25519"),
  run("cp", "/run/root/.ssh/id_ed25519.pub", "/run/friend/.ssh/authorized_keys"),
  {
    argv: ["ip", "-batch", "-"],
    stdin: [
      ...["server", "friend", "attacker"].map((name) => `netns add ${name}`),
      "link add eth0 netns friend type veth peer name eth0 netns server",
      "link add eth0 netns attacker type veth peer name eth1 netns server",
    ].join("\n"),
  },
  cable("server", "eth0", "friend"),
  cable("server", "eth1", "attacker"),
  cable("friend", "eth0", "server"),
  cable("attacker", "eth0", "server"),
];

function run(...argv: readonly string[]): Preparation {
  return { argv };
}

function inMemory(folder: string): Preparation {
  return run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder);
}

function filesIn(folder: string, files: Readonly<Record<string, string>>): Preparation[] {
  return Object.entries(files).map(([name, text]) => ({
    argv: ["tee", `${folder}/${name}`],
    stdin: text,
  }));
}

function newKey(path: string): Preparation {
  return run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "demo", "-f", path);
}

/** One end of a cable: addresses, and the way to the host at the other end. */
function cable(at: Actor, device: string, to: Actor): Preparation {
  const [here, there] = [ADDRESSES[at], ADDRESSES[to]];
  return {
    argv: ["ip", "-n", at, "-batch", "-"],
    stdin: [
      "link set lo up",
      `link set ${device} up`,
      `addr add ${here.ipv4} peer ${there.ipv4} dev ${device}`,
      `addr add ${here.ipv6} peer ${there.ipv6} dev ${device} nodad`,
    ].join("\n"),
  };
}
