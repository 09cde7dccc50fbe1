/**
 * A host that is really booted: systemd as process 1 of namespaces of its own, on the files of this
 * machine, under a layer that takes all changes. Its network is that of a {@link Host}.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Host, Output, Running, RunOptions } from "./host.ts";
import { until } from "./until.ts";

export interface BootedHost {
  /** Runs a program on it, as somebody does who is logged in there. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Output>;
  /** The same for a line of shell. */
  readonly shell: (line: string, options?: RunOptions) => Promise<Output>;
  /** Lines of shell, one after the other, of which none may fail; what they print. */
  readonly lines: (...lines: readonly string[]) => Promise<string>;
  /**
   * Ends everything that runs on it, as a power cut does, and takes its rules away; boots, with
   * words such as people put at the end of the kernel's command line.
   */
  readonly reboot: (words?: readonly string[]) => Promise<void>;
  readonly remove: () => Promise<void>;
}

const SYSTEMD = "/lib/systemd/systemd";

/** Where the sources are on it. */
export const CHECKOUT = "/mnt/checkout";

/** Mounts all of it, and stays, so that a boot finds the changes that were made before it. */
function prepare(folder: string): string {
  return `set -e
mount -t tmpfs tmpfs ${folder}
cd ${folder}
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
cd root
# Units that this machine has besides, its disks, and a Postern that is installed, are not the host's.
rm -rf etc/systemd/system etc/rc[S0-6].d etc/fstab etc/postern var/lib/postern var/log/journal
rm -rf usr/local/bin/postern usr/local/lib/postern usr/local/lib/systemd usr/local/share/man/man8
mkdir -p etc/systemd/system
touch etc/fstab
for timer in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim logrotate man-db; do
  ln -s /dev/null etc/systemd/system/$timer.timer
done
# Also where it is on a file system of its own, or below one that the host has instead.
checkout=.${process.cwd()}
[ -e "$checkout/dev" ] || checkout=${process.cwd()}
mkdir .${CHECKOUT} && mount --bind "$checkout" .${CHECKOUT}
echo prepared >&2
exec sleep infinity
`;
}

/** The folder in the cgroups of this machine that is the root of those of the host. */
const CGROUPS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

function boot(folder: string, words: readonly string[]): string {
  return `set -e
cd ${folder}/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for place in run tmp dev; do mount -t tmpfs tmpfs $place; done
for device in null zero full random urandom tty; do
  touch dev/$device && mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
touch dev/console
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . \\
  ${SYSTEMD} --unit=multi-user.target --log-target=journal --show-status=no ${words.join(" ")}
`;
}

export async function bootHost(host: Host): Promise<BootedHost> {
  const folder = host.newPath("booted");
  await host.run(["mkdir", folder]);
  const holder = host.start(["unshare", "--mount", "sh", "-c", prepare(folder)]);
  await until("the files of the host", () => {
    if (holder.hasEnded()) throw new Error(`bootHost: ${holder.stderr()}`);
    return holder.stderr().includes("prepared");
  });
  const cgroup = makeCgroup(host);
  let machine = await start(host, holder, { folder, cgroup, words: [] });
  const run = (argv: readonly string[], options?: RunOptions) =>
    host.run([...enter(machine.pid), ...argv], options);
  const end = async () => {
    if (!machine.running.hasEnded()) process.kill(machine.pid, "SIGKILL");
    await machine.running.ended;
  };
  const shell = (line: string, options?: RunOptions) => run(["sh", "-c", line], options);
  return {
    ...{ run, shell },
    lines: async (...lines) => (await shell(`set -e\n${lines.join("\n")}`)).stdout,
    reboot: async (words = []) => {
      await end();
      await host.run(["nft", "flush", "ruleset"]);
      machine = await start(host, holder, { folder, cgroup, words });
    },
    remove: async () => {
      await end();
      await holder.stop();
      removeCgroup(cgroup);
    },
  };
}

/** Why no host can be booted here; undefined where one can. */
export function bootObstacle(): string | undefined {
  if (!existsSync(SYSTEMD)) return "there is no systemd";
  if (!readFileSync("/proc/filesystems", "utf8").includes("\toverlay\n")) return "no overlay";
  return cgroupRoot() === undefined ? "no cgroup2 is mounted" : undefined;
}

function cgroupRoot(): string | undefined {
  const mounted = readFileSync("/proc/mounts", "utf8");
  return CGROUPS.find((path) => mounted.includes(` ${path} cgroup2 `));
}

/** The root of those of the host; made here, for its network namespace comes with another /sys. */
function makeCgroup(host: Host): string {
  const root = cgroupRoot();
  if (root === undefined) throw new Error("makeCgroup: bootObstacle was not asked");
  // What tests that were killed left.
  for (const name of readdirSync(root)) {
    const [, pid] = /^postern-test-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeCgroup(join(root, name));
  }
  const cgroup = join(root, host.namespace);
  mkdirSync(cgroup);
  return cgroup;
}

function removeCgroup(cgroup: string): void {
  for (const inner of readdirSync(cgroup, { withFileTypes: true })) {
    if (inner.isDirectory()) removeCgroup(join(cgroup, inner.name));
  }
  rmdirSync(cgroup);
}

interface Machine {
  readonly running: Running;
  /** Of its process 1. */
  readonly pid: number;
}

interface Boot {
  readonly folder: string;
  readonly cgroup: string;
  /** A container's systemd reads on its own command line what else is on the kernel's. */
  readonly words: readonly string[];
}

async function start(
  host: Host,
  holder: Running,
  { folder, cgroup, words }: Boot,
): Promise<Machine> {
  const running = host.start([
    ...[
      "sh",
      "-c",
      'read go && exec "$@"',
      "sh",
      "nsenter",
      "--target",
      `${holder.pid}`,
      "--mount",
    ],
    ...["unshare", "--cgroup", "--pid", "--ipc", "--uts", "--mount", "--fork", "--kill-child"],
    ...["sh", "-c", boot(folder, words)],
  ]);
  writeFileSync(join(cgroup, "cgroup.procs"), `${running.pid}`);
  running.write("go\n");
  let pid = 0;
  await until("process 1 of the host", () => {
    if (running.hasEnded()) throw new Error(`bootHost: ${running.stderr()}`);
    const children = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, "utf8");
    pid = Number(children.trim().split(" ")[0] ?? 0);
    return pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n";
  });
  const ask = [...enter(pid), "systemctl", "is-active", "multi-user.target"];
  await until("the end of the boot", async () => {
    if (running.hasEnded()) throw new Error(`bootHost: ${running.stderr()}`);
    return (await host.run(ask, { mayFail: true })).stdout === "active\n";
  });
  return { running, pid };
}

function enter(pid: number): readonly string[] {
  const alone = ["env", "--unset=POSTERN_RUN_DIR"];
  return [...alone, "nsenter", "--target", `${pid}`, "--all", "--root", "--wdns=/"];
}
