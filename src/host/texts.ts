/** Texts that are read: whole, in UTF-8, and not without end. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";

/** A policy of 10,000 doors is smaller. */
const MOST_BYTES = 1024 * 1024;
/** Whoever writes in one go, and has to wait for a processor in between, goes on by then. */
const SETTLED_MILLISECONDS = 20;
/** What a mode may not have: anything for the group, or for others. */
const FOR_OTHERS = 0o077;

export async function readTextFile(path: string): Promise<Result<string>> {
  try {
    const bytes = await readAtMost(path, MOST_BYTES + 1);
    // What is read once may be the beginning of one version and the end of another.
    const found = await stat(path);
    if (found.isFile()) {
      if (Date.now() - found.mtimeMs < SETTLED_MILLISECONDS) await pause(SETTLED_MILLISECONDS);
      if (!bytes.equals(await readAtMost(path, MOST_BYTES + 1))) return fail(changing(path));
    }
    return decode(bytes, path);
  } catch (error) {
    return fail(unreadable(path, error));
  }
}

/** A file that nobody else may read or change; undefined where there is none. */
export async function readSecretFile(path: string): Promise<Result<string | undefined>> {
  try {
    const file = await open(path);
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
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing ? ok(undefined) : fail(unreadable(path, error));
  }
}

export async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
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

async function readAtMost(path: string, most: number): Promise<Buffer> {
  const file = await open(path);
  try {
    return await readFrom(file, most);
  } finally {
    await file.close();
  }
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
  EISDIR: ["is a directory", "name the policy file in it"],
  ERR_ENCODING_INVALID_ENCODED_DATA: ["is not UTF-8 text", "save it as UTF-8"],
};
