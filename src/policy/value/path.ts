/** Where a file lies. */
import { ok, type Result } from "../../problem/problem.ts";
import type { FilePath } from "../policy.ts";
import { quoted, refuse, type Written } from "./written.ts";

/** PATH_MAX of Linux, less the byte that ends a path. */
const LONGEST = 4095;

/** Absolute: what is read by a service has no folder of its own to begin in. */
export function parseFilePath(written: Written): Result<FilePath> {
  const { text } = written;
  const no = (why: string, fix: string) =>
    refuse(written, "not-a-path", `${quoted(text)} ${why}`, fix);
  if (!text.startsWith("/")) return no("does not begin with /", "write the path from the root on");
  if (text.endsWith("/")) return no("is a folder", "write the path of a file");
  if (text.length > LONGEST || /\p{Cc}/u.test(text)) {
    return no("cannot be the path of a file", `write at most ${LONGEST} characters that print`);
  }
  return ok(text as FilePath);
}
