/** Keys: 32 bytes in base64url (RFC 4648, section 5), which are 43 characters. */
import { ok, type Result } from "../../problem/problem.ts";
import type { Secret } from "../policy.ts";
import { refuse, type Written } from "./written.ts";

/** In no word of a problem, for those are printed. */
export function parseSecret(written: Written): Result<Secret> {
  const { text } = written;
  // The last character has two bits that belong to no byte.
  if (/^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text)) return ok(text as Secret);
  const what =
    text.length === 43
      ? "this is not a key, though as long as one"
      : `this is not a key: it has ${text.length} characters, and a key has 43`;
  return refuse(written, "not-a-key-text", what, "copy all of it anew, or make a new key");
}

const LOOKS_LIKE_ONE = /(?<![\w-])[\w-]{32,}(?![\w-])/g;

/** A line of a file as it may be shown. */
export function withoutSecrets(line: string): string {
  return line.replaceAll(LOOKS_LIKE_ONE, (text) => "*".repeat(text.length));
}
