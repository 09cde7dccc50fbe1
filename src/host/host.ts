/** All that Postern ever does outside its own memory goes through this. */
import type { Result } from "../problem/problem.ts";
import type { RunFor } from "./limits.ts";
import type { Network } from "./network.ts";
import type { Sockets } from "./sockets.ts";
import type { Readable } from "./texts.ts";

export interface Host {
  /**
   * Runs a program with an argument vector, never through a shell, and waits for its end.
   * `status` is 127 when it could not be started. A program that goes over a limit is stopped
   * with all that it has started, and throws {@link LimitExceeded}; nothing else does.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Starts a program as `run` does, and goes on while it runs. It may outlive this process. */
  start(argv: readonly string[]): Running;
  /**
   * Starts a program that has nothing to do with this process any more: no terminal, no streams,
   * a session of its own. It goes on when this process, its terminal or its shell are gone.
   */
  startApart(argv: readonly string[]): void;
  /** The argument vector that starts this program again; arguments of the command line follow. */
  readonly self: readonly string[];
  /** Lets so much time go by, or as much as passes until `end` is aborted. */
  pause(milliseconds: number, end?: AbortSignal): Promise<void>;
  /** Milliseconds since 1970, by the clock of the host, which may jump. */
  now(): number;
  /** Milliseconds, with parts of them, by a clock that nobody sets: for differences alone. */
  monotonic(): number;
  /** What goes to other hosts and comes from them. */
  readonly network: Network;
  /** Until the user has typed Ctrl-C, which then does not end this process; the next one does. */
  interruption(): Promise<void>;
  /** Ends this process at once, whatever in it waits for something that does not come. */
  endNow(): never;
  /** Calls `then`, and nothing else, at each such signal, which does not end this process any more. */
  onSignal(name: "SIGHUP" | "SIGINT" | "SIGTERM", then: () => void): void;
  /** Sockets that Node.js has not; a problem where the package for them is missing. */
  sockets(): Promise<Result<Sockets>>;
  /**
   * A text file, at most 1 MiB of UTF-8; what is wrong with it otherwise is the user's to mend.
   * A plain file has 10 s to answer. With `any`, for a path that the user typed, it may also be a
   * pipe, a FIFO or a device, which may be silent for 60 s.
   */
  readText(path: string, may?: Readable): Promise<Result<string>>;
  /**
   * Like `readText`, for a file that its owner alone may read and change, and that is this
   * user's: anything else is a problem. Undefined where there is none.
   */
  readSecret(path: string): Promise<Result<string | undefined>>;
  /** Everything that comes on stdin, of which the same is asked as of a text file. */
  readInput(): Promise<Result<string>>;
  /** Like `readText`, for files the kernel makes: undefined where there is none. */
  readKernelFile(path: string): Promise<string | undefined>;
  /** Differs when a file has been changed, or another is in its place; undefined where there is none. */
  stampOf(path: string): Promise<string | undefined>;
  /** A file that Postern wrote itself; undefined where there is none. */
  readKept(path: string): Promise<string | undefined>;
  /** Makes a folder, and those in which it is, mode 0700, where there are none. */
  makeFolder(path: string): Promise<Result<undefined>>;
  /** The names of what is in a folder; none where there is no folder. */
  listFolder(path: string): Promise<Result<readonly string[]>>;
  /**
   * Creates a text file, mode 0600, and folders for it, mode 0700. All of the text is on the disk
   * or nothing; what is there already is a problem, and stays as it is.
   */
  writeNew(path: string, text: string): Promise<Result<undefined>>;
  /** The same in the place of a file that may be there: whoever reads finds the old or the new. */
  replace(path: string, text: string): Promise<Result<undefined>>;
  /** Gives a file another name, also one that another file has; of two who do so, one fails. */
  rename(path: string, other: string): Promise<Result<undefined>>;
  /**
   * Whether only this user and the administrator can change what is in a folder, or put another
   * one in its place: if not, what is wrong. One that is not there yet is looked at as far as it is.
   */
  checkFolder(path: string): Promise<Result<undefined>>;
  /** The same of a file, or of what a symbolic link leads to. */
  checkFile(path: string): Promise<Result<undefined>>;
  /** Removes a file, if there is one. */
  remove(path: string): Promise<Result<undefined>>;
  /** Where a symbolic link leads; undefined where there is none. */
  readLink(path: string): Promise<string | undefined>;
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Variables besides those of this process, or in the place of them. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Aborted, it ends the program, whose `status` is then 127. */
  readonly end?: AbortSignal | undefined;
  /** How long it may take depends on that. Default: `question`. */
  readonly purpose?: RunFor | undefined;
}

export interface Finished {
  /** The exit status, or 128 and the signal's number. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /**
   * What it prints to stdout and stderr, line by line as it comes, until it has ended. A loop
   * that is left early loses nothing: the next one goes on from there.
   */
  readonly lines: AsyncIterable<string>;
  /** Sends text to its stdin. */
  write(text: string): void;
  /** Ends its stdin, which is how many programs are told to end. */
  closeInput(): void;
  /** Tells it to end (SIGTERM). */
  stop(): void;
  /** The `status` of {@link Finished}, once it has ended and has printed everything. */
  readonly ended: Promise<number>;
}
