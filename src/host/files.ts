/** Files that Postern writes: whole or not at all, and for their owner alone. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { NO_ANSWER, patiently } from "./patience.ts";

/** Creates a file with this text; never overwrites one, and follows no link in its place. */
export function writeNewFile(path: string, text: string): Promise<Result<undefined>> {
  // A link to a new name fails where the name is taken, by whatever.
  return writeWhole(path, text, link);
}

/** Puts a file with this text in the place of what may be there. */
export function replaceFile(path: string, text: string): Promise<Result<undefined>> {
  return writeWhole(path, text, rename);
}

/** Makes a folder for its owner alone, and those in which it is. */
export async function makeFolder(path: string): Promise<Result<undefined>> {
  try {
    await mkdirs(path);
    return ok(undefined);
  } catch (error) {
    return unwritable(path, error);
  }
}

/** The names of what is in it; none where it is not there. */
export async function listFolder(path: string): Promise<Result<readonly string[]>> {
  try {
    return ok(await readdir(path));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? ok([]) : unlistable(path, error);
  }
}

/** Also where there is none. */
export async function removeFile(path: string): Promise<Result<undefined>> {
  try {
    await rm(path, { force: true });
    return ok(undefined);
  } catch (error) {
    return unwritable(path, error);
  }
}

/** Also where another file has that name, which is then gone. */
export async function renameFile(path: string, other: string): Promise<Result<undefined>> {
  try {
    await rename(path, other);
    return ok(undefined);
  } catch (error) {
    return unwritable(path, error);
  }
}

/** Whether it can be trusted, and every folder in which it lies. */
export async function checkFolder(path: string): Promise<Result<undefined>> {
  const fault = await findUntrusted(path);
  return fault === undefined ? ok(undefined) : fail(untrusted(fault));
}

export async function checkFile(path: string): Promise<Result<undefined>> {
  const look = async () => findUntrusted(await realpath(path).catch(() => path));
  const fault = await patiently(path, look).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== NO_ANSWER) throw error;
    return { part: path, ...SILENT };
  });
  return fault === undefined ? ok(undefined) : fail(untrustedFile(path, fault));
}

interface Fault {
  readonly part: string;
  readonly why: string;
  readonly remedy: string;
}

async function findUntrusted(path: string): Promise<Fault | undefined> {
  if (!isAbsolute(path))
    return { part: path, why: "does not begin with /", remedy: "write all of its path" };
  // Whoever owns the root of all folders could put up anything. That need not be user 0: inside
  // of a user namespace it is nobody.
  const trusted = [process.geteuid?.(), (await lstat("/")).uid];
  for (let part = path; ; part = dirname(part)) {
    const found = await lstat(part).catch(() => undefined);
    if (found !== undefined && !trusted.includes(found.uid)) {
      return { part, why: "belongs to another user", remedy: "give it to root" };
    }
    if (found?.isSymbolicLink() === false && isForOthers(found, part === path)) {
      return { part, why: "can be written by other users", remedy: TAKE_FROM_OTHERS };
    }
    if (part === "/") return undefined;
  }
}

const SILENT = { why: "does not answer", remedy: "see whether its file system hangs" };
const TAKE_FROM_OTHERS = "take that from them with `chmod go-w`";
const WRITE_BY_OTHERS = 0o022;
/** Where others may make files, and not touch those of anybody else, as in /tmp. */
const STICKY = 0o1000;

function isForOthers({ mode }: Stats, isItself: boolean): boolean {
  return (mode & WRITE_BY_OTHERS) !== 0 && (isItself || (mode & STICKY) === 0);
}

function untrusted({ part, why, remedy }: Fault): Problem {
  return {
    code: "folder-untrusted",
    severity: "error",
    what: `${JSON.stringify(part)} ${why}, and what is kept there is loaded as rules`,
    fix: `${remedy}, or name another folder in POSTERN_RUN_DIR`,
  };
}

function untrustedFile(path: string, { part, why, remedy }: Fault): Problem {
  return {
    code: "file-untrusted",
    severity: "error",
    what: `${JSON.stringify(part)} ${why}, so ${JSON.stringify(path)} is not believed`,
    fix: remedy,
  };
}

type Place = (from: string, to: string) => Promise<void>;

/** Under another name first, so that whoever looks finds all of it, also after a power cut. */
async function writeWhole(path: string, text: string, place: Place): Promise<Result<undefined>> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdirs(dirname(path));
    await writeDurably(draft, text);
    await place(draft, path);
    return ok(undefined);
  } catch (error) {
    return unwritable(path, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function mkdirs(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file of that name, which only some releases of Node.js call by its name.
    throw code === "EEXIST" ? Object.assign(new Error("not a folder"), { code: "ENOTDIR" }) : error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unwritable(path: string, error: unknown): Result<never> {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const [why, fix] = REASONS[code] ?? [
    `cannot be written: ${message}`,
    "see that it can be written",
  ];
  const what = `${JSON.stringify(path)} ${why}`;
  return fail({
    code: code === "EEXIST" ? "file-exists" : "file-unwritable",
    severity: "error",
    what,
    fix,
  });
}

function unlistable(path: string, error: unknown): Result<never> {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const isMine = code !== "EACCES" && code !== "EPERM";
  return fail({
    code: "folder-unreadable",
    severity: "error",
    what: `${JSON.stringify(path)} ${isMine ? `cannot be read: ${message}` : "may not be read by you"}`,
    fix: isMine ? "see that it is a folder that can be read" : "run this as root",
  });
}

const REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  EEXIST: ["exists already", "name another file, or move this one away"],
  EACCES: ["may not be written by you", "run this as root, or as the owner of the folder"],
  EPERM: ["may not be written by you", "run this as root, or as the owner of the folder"],
  ENOSPC: ["cannot be written: the disk is full", "make room on it"],
  EDQUOT: ["cannot be written: the quota is used up", "make room"],
  EROFS: ["is on a file system that cannot be written", "name a file elsewhere"],
  ENOTDIR: ["cannot be made: a part of its path is not a folder", "name another file"],
};
