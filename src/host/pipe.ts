/** Reads what is no plain file: a pipe, a FIFO, a device, a terminal. */
import type { FileHandle } from "node:fs/promises";
import { realpath } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { NO_ANSWER } from "./patience.ts";

/** A generator may have to ask another host; one that is silent for longer hangs. */
export const SILENT_SECONDS = 60;
const LOOK_MILLISECONDS = 20;
const CHUNK_BYTES = 64 * 1024;

/**
 * Everything until its end, or `most` bytes.
 * Throws an error with the code NO_ANSWER where nothing comes for so long.
 *
 * @param file opened without blocking.
 */
export async function readPipe(
  file: FileHandle,
  path: string,
  most: number,
  silentSeconds = SILENT_SECONDS,
): Promise<Buffer> {
  // Of a FIFO the end also comes before its writer has come; a pipe without a name has had its own.
  const isNamed = (await file.stat()).isFIFO() && (await hasName(path));
  const chunks: Buffer[] = [];
  let length = 0;
  let heardAt = performance.now();
  while (performance.now() - heardAt < silentSeconds * 1000) {
    const chunk = await readNow(file, Math.min(CHUNK_BYTES, most - length));
    if (chunk?.length === 0 && (length > 0 || !isNamed)) return Buffer.concat(chunks);
    if (chunk === undefined || chunk.length === 0) {
      await pause(LOOK_MILLISECONDS);
      continue;
    }
    chunks.push(chunk);
    length += chunk.length;
    if (length === most) return Buffer.concat(chunks);
    heardAt = performance.now();
  }
  throw Object.assign(new Error(`${JSON.stringify(path)} is silent`), { code: NO_ANSWER });
}

/** `/dev/fd/63` of `<(...)` leads to `pipe:[4711]`, which is nowhere. */
async function hasName(path: string): Promise<boolean> {
  return await realpath(path).then(
    () => true,
    () => false,
  );
}

/** Undefined where there is nothing to be read yet. */
async function readNow(file: FileHandle, most: number): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}
