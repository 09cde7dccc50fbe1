/** All that Postern ever does outside its own memory goes through this. */
import type { Result } from "../problem/problem.ts";

export interface Host {
  /**
   * Runs a program with an argument vector, never through a shell, and waits for its end.
   * Never throws for what the program does; `status` is 127 when it could not be started.
   */
  run(argv: readonly string[], options?: { readonly stdin?: string }): Promise<Finished>;
  /** A text file, at most 1 MiB of UTF-8; what is wrong with it otherwise is the user's to mend. */
  readText(path: string): Promise<Result<string>>;
  /** Like `readText`, for files the kernel makes: undefined where there is none. */
  readKernelFile(path: string): Promise<string | undefined>;
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
}

export interface Finished {
  /** The exit status, or 128 and the signal's number. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}
