/**
 * Starts programs by posix_spawn(3). Node.js forks, which copies the page tables of a process as
 * large as a test's and takes several times as long as the program that is started.
 */
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import koffi from "koffi";

export interface Child {
  readonly pid: number;
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** Its status, or the signal that ended it, once nobody writes its streams any more. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Does nothing when it has ended. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

const libc = koffi.load("libc.so.6");
const pipe2 = libc.func("int pipe2(_Out_ int *ends, int flags)");
const waitpid = libc.func("int waitpid(int pid, _Out_ int *status, int options)");
const posixSpawn = libc.func(
  "int posix_spawnp(_Out_ int *pid, str file, void *actions, void *attributes, str *argv, str *environment)",
);
const initActions = libc.func("int posix_spawn_file_actions_init(void *actions)");
const addDup = libc.func("int posix_spawn_file_actions_adddup2(void *actions, int fd, int as)");
const destroyActions = libc.func("int posix_spawn_file_actions_destroy(void *actions)");
const initAttributes = libc.func("int posix_spawnattr_init(void *attributes)");
const setFlags = libc.func("int posix_spawnattr_setflags(void *attributes, short flags)");
const setDefault = libc.func("int posix_spawnattr_setsigdefault(void *attributes, void *signals)");
const setMask = libc.func("int posix_spawnattr_setsigmask(void *attributes, void *signals)");

// In errno.h, fcntl.h, sys/wait.h and spawn.h of glibc on Linux; the sizes are more than its types have.
const ENOENT = 2;
const O_CLOEXEC = 0o2000000;
const WNOHANG = 1;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const ACTIONS_BYTES = 256;
const ATTRIBUTES_BYTES = 512;
const SIGSET_BYTES = 128;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * As `child_process.spawn` with pipes: no signal is ignored or blocked, no other file is open. A
 * program that is not there ends with 127, as in a shell.
 */
export function spawnQuickly(argv: readonly string[], environment: Environment): Child {
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()];
  const forChild = [input.from, output.to, errors.to];
  const pid = [0];
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const actions = Buffer.alloc(ACTIONS_BYTES);
  initActions(actions);
  for (const [as, fd] of forChild.entries()) addDup(actions, fd, as);
  const start = (line: readonly string[]): number =>
    Number(posixSpawn(pid, line[0], actions, ATTRIBUTES, [...line, null], [...variables, null]));
  let error = start(argv);
  if (error === ENOENT) error = start(["sh", "-c", 'exec "$0" "$@"', ...argv]);
  destroyActions(actions);
  for (const fd of forChild) closeSync(fd);
  if (error !== 0) {
    for (const fd of [input.to, output.from, errors.from]) closeSync(fd);
    throw new Error(`spawnQuickly: ${argv[0]} cannot be started (errno ${error})`);
  }
  return childOf(pid[0] ?? -1, {
    stdin: new Socket({ fd: input.to, readable: false, writable: true }),
    stdout: new Socket({ fd: output.from, readable: true, writable: false }),
    stderr: new Socket({ fd: errors.from, readable: true, writable: false }),
  });
}

const ATTRIBUTES = Buffer.alloc(ATTRIBUTES_BYTES);
initAttributes(ATTRIBUTES);
setFlags(ATTRIBUTES, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
setDefault(ATTRIBUTES, Buffer.alloc(SIGSET_BYTES, 0xff));
setMask(ATTRIBUTES, Buffer.alloc(SIGSET_BYTES));

function makePipe(): { readonly from: number; readonly to: number } {
  const ends = [0, 0];
  if (pipe2(ends, O_CLOEXEC) !== 0) throw new Error("makePipe: no more files may be open");
  const [from = -1, to = -1] = ends;
  return { from, to };
}

type Streams = Pick<Child, "stdin" | "stdout" | "stderr">;

function childOf(pid: number, streams: Streams): Child {
  let hasEnded = false;
  const { stdin, stdout, stderr } = streams;
  const ended = Promise.all([once(stdout, "close"), once(stderr, "close")]).then(async () => {
    const end = [0];
    while (waitpid(pid, end, WNOHANG) === 0) await pause(2);
    hasEnded = true;
    stdin.destroy();
    const [word = 0] = end;
    return signalOf(word & 0x7f) ?? word >> 8;
  });
  return {
    pid,
    ...streams,
    ended,
    kill: (signal) => {
      if (!hasEnded) process.kill(pid, signal);
    },
  };
}

function signalOf(number: number): NodeJS.Signals | undefined {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name as NodeJS.Signals | undefined;
}
