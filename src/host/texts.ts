/** Texts that are read: whole, in UTF-8, and not without end. */
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { FILE_SECONDS, NO_ANSWER, patiently } from "./patience.ts";
import { readPipe, SILENT_SECONDS } from "./pipe.ts";

/** A policy of 10,000 doors is smaller. */
const MOST_BYTES = 1024 * 1024;
/** Whoever writes in one go, and has to wait for a processor in between, goes on by then. */
const SETTLED_MILLISECONDS = 20;
/** What a mode may not have: anything for the group, or for others. */
const FOR_OTHERS = 0o077;

const NOT_PLAIN = Object.assign(new Error("not a plain file"), { code: "NOT_PLAIN" });
const IS_DIRECTORY = Object.assign(new Error("a directory"), { code: "EISDIR" });

/** What may be read at a path: `any` is also a pipe, a FIFO or a device. */
export type Readable = "file" | "any";

export async function readTextFile(path: string, may: Readable = "file"): Promise<Result<string>> {
  try {
    const found = await patiently(path, () => stat(path));
    if (found.isFile()) return await patiently(path, () => readTwice(path));
    if (found.isDirectory()) throw IS_DIRECTORY;
    if (may === "file") throw NOT_PLAIN;
    return await readAny(path);
  } catch (error) {
    return fail(unreadable(path, error));
  }
}

/** What is read once may be the beginning of one version and the end of another. */
async function readTwice(path: string): Promise<Result<string>> {
  const { bytes, changedAt } = await readPlain(path);
  if (Date.now() - changedAt < SETTLED_MILLISECONDS) await pause(SETTLED_MILLISECONDS);
  const again = await readPlain(path);
  return bytes.equals(again.bytes) ? decode(bytes, path) : fail(changing(path));
}

async function readAny(path: string): Promise<Result<string>> {
  const file = await open(path, WITHOUT_WAITING);
  try {
    return decode(await readPipe(file, path, MOST_BYTES + 1), path);
  } finally {
    await file.close();
  }
}

/** A file that nobody else may read or change; undefined where there is none. */
export async function readSecretFile(path: string): Promise<Result<string | undefined>> {
  try {
    return await patiently(path, () => readSecret(path));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing ? ok(undefined) : fail(unreadable(path, error));
  }
}

async function readSecret(path: string): Promise<Result<string>> {
  const file = await openPlain(path);
  try {
    const found = await file.stat();
    if (found.uid !== process.geteuid?.())
      return fail(exposed(path, "belongs to another user", "run this as its owner"));
    if ((found.mode & FOR_OTHERS) !== 0)
      return fail(exposed(path, "is there for others too", `\`chmod 600 ${path}\``));
    return decode(await readFrom(file, MOST_BYTES + 1), path);
  } finally {
    await file.close();
  }
}

/** A file that Postern wrote itself, however large; undefined where there is none. */
export async function readKeptFile(path: string): Promise<string | undefined> {
  try {
    return await patiently(path, async () => {
      const file = await openPlain(path);
      try {
        return await file.readFile("utf8");
      } finally {
        await file.close();
      }
    });
  } catch {
    return undefined;
  }
}

export async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await patiently(path, () =>
      stat(path, { bigint: true }),
    );
    return [dev, ino, size, mtimeNs, ctimeNs].join(":");
  } catch {
    return undefined;
  }
}

/** All that comes on stdin until it ends. */
export async function readInput(): Promise<Result<string>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > MOST_BYTES) break;
  }
  return decode(Buffer.concat(chunks), "stdin");
}

function decode(bytes: Uint8Array, path: string): Result<string> {
  if (bytes.length > MOST_BYTES) return fail(tooLarge(path));
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return fail(unreadable(path, error));
  }
}

async function readPlain(path: string): Promise<{ bytes: Buffer; changedAt: number }> {
  const file = await openPlain(path);
  try {
    const bytes = await readFrom(file, MOST_BYTES + 1);
    return { bytes, changedAt: (await file.stat()).mtimeMs };
  } finally {
    await file.close();
  }
}

/** To open a FIFO is else to wait for its writer, which may never come. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Looks first, as to open a device may do something, and again: another may be there by then. */
async function openPlain(path: string): Promise<FileHandle> {
  const before = await stat(path);
  if (!before.isFile() && !before.isDirectory()) throw NOT_PLAIN;
  const file = await open(path, WITHOUT_WAITING);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw before.isDirectory() ? IS_DIRECTORY : NOT_PLAIN;
}

/** What says that it is small may not be: `/dev/zero` has no bytes and no end. */
async function readFrom(file: FileHandle, most: number): Promise<Buffer> {
  // Not filled with zeros: of a thousand key files, that would be a second.
  const bytes = Buffer.allocUnsafeSlow(most);
  let length = 0;
  while (true) {
    const { bytesRead } = await file.read(bytes, length, most - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === most) return bytes.subarray(0, length);
  }
}

function exposed(path: string, why: string, remedy: string): Problem {
  return {
    code: "file-exposed",
    severity: "error",
    what: `${JSON.stringify(path)} ${why}, and whoever reads it can open the doors in it`,
    fix: `${remedy}, and take new steps if anybody may have read it`,
  };
}

function changing(path: string): Problem {
  return {
    code: "file-changing",
    severity: "error",
    what: `${JSON.stringify(path)} changed while it was read`,
    fix: "try again when it is saved",
  };
}

function tooLarge(path: string): Problem {
  return {
    code: "file-too-large",
    severity: "error",
    what: `${JSON.stringify(path)} is larger than 1 MiB`,
    fix: "name another file",
  };
}

function unreadable(path: string, error: unknown): Problem {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [why, fix] = REASONS[code] ?? ["cannot be read", "name a file that can be read"];
  return {
    code: "file-unreadable",
    severity: "error",
    what: `${JSON.stringify(path)} ${why}`,
    fix,
  };
}

const REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOENT: ["does not exist", "name another file, or write one: docs/policy.md shows how"],
  EACCES: ["may not be read by you", "run this as root, or as the owner of the file"],
  NOT_PLAIN: [
    "is not a plain file",
    "put a plain file in its place (`ls -lL` shows what it is); a pipe is read only where it is named on the command line",
  ],
  [NO_ANSWER]: [
    "does not answer: its file system hangs, or nobody writes to it",
    `see what holds it up; a file has ${FILE_SECONDS} s, a pipe may be silent for ${SILENT_SECONDS} s`,
  ],
  EISDIR: ["is a directory", "name the policy file in it"],
  ERR_ENCODING_INVALID_ENCODED_DATA: ["is not UTF-8 text", "save it as UTF-8"],
};
