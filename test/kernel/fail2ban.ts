/** A real fail2ban on a host of a test, with Debian's files and Postern's beside them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host, Running } from "./host.ts";
import { until } from "./until.ts";

export interface Fail2ban {
  /** Its configuration. */
  readonly folder: string;
  /** What `fail2ban-client ARGS` prints. */
  readonly client: (...argv: readonly string[]) => Promise<string>;
  /** What it has written to its own log. */
  readonly log: () => string;
  /** Whether it answers. */
  readonly isAlive: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
  /** Starts it again, with the memory that it had. */
  readonly start: () => Promise<void>;
}

/** Lines from a program, as a syslog daemon keeps them in a file. */
export function keepLog(
  host: Host,
  argv: readonly string[],
  daemon: string,
  file: string,
): Running {
  writeFileSync(file, "");
  const keep = `while read -r line; do printf '%s gate %s: %s\\n' "$(date +%FT%T%:z)" ${daemon} "$line"; done`;
  return host.start(["sh", "-c", `"$@" 2>&1 | ${keep} >>${file}`, "sh", ...argv]);
}

/** With these jails alone; it stands when this returns. */
export async function startFail2ban(host: Host, jails: string): Promise<Fail2ban> {
  const folder = host.newPath("fail2ban");
  cpSync("/etc/fail2ban", folder, { recursive: true });
  cpSync("packaging/fail2ban", folder, { recursive: true });
  mkdirSync(join(folder, "run"));
  const [socket, pid, memory] = ["sock", "pid", "db"].map((name) => join(folder, "run", name));
  writeFileSync(
    join(folder, "fail2ban.local"),
    `[Definition]\nsocket = ${socket}\npidfile = ${pid}\ndbfile = ${memory}\nlogtarget = ${folder}/log\n`,
  );
  writeFileSync(
    join(folder, "jail.d/defaults-debian.conf"),
    "[DEFAULT]\nbackend = polling\nignoreself = false\nusedns = no\n",
  );
  writeFileSync(join(folder, "jail.local"), jails);
  const run = (argv: readonly string[]) =>
    host.run(["fail2ban-client", "-c", folder, ...argv], { mayFail: true });
  const client = async (...argv: readonly string[]) => (await run(argv)).stdout.trim();
  const isAlive = async () => (await run(["ping"])).status === 0;
  let server: Running | undefined;
  const start = async () => {
    server = host.start(["fail2ban-server", "-c", folder, "-f", "start"]);
    await until("fail2ban to stand", isAlive);
  };
  await start();
  return {
    folder,
    client,
    log: () => readFileSync(join(folder, "log"), "utf8"),
    isAlive,
    start,
    stop: async () => {
      await client("stop");
      await server?.ended;
    },
  };
}
