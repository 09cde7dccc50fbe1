/**
 * A client's key as the host of the gate keeps it: one file for each client, named after it. The
 * files are Postern's own and there may be thousands, so they are lines and no YAML.
 */
import type { DoorName, Secret } from "../policy/policy.ts";
import { parseDoorName } from "../policy/value/name.ts";
import { parseSecret } from "../policy/value/secret.ts";
import { fail, ok, type Result } from "../problem/problem.ts";

export interface ClientKey {
  readonly secret: Secret;
  /** The doors that it opens; undefined: every one that opens with tokens. */
  readonly doors: readonly DoorName[] | undefined;
  /** No token of it was ever in a kernel, so that none can have been spent. */
  readonly isUnused: boolean;
  /** The last slot of which a token was seen to be spent far ahead of time; 0 for none. */
  readonly spentUpTo: number;
}

type Parts = { -readonly [Name in keyof ClientKey]?: ClientKey[Name] };

/** What may stand behind each name; false where it is something else. */
const LINES: Readonly<Record<string, (value: string, parts: Parts) => boolean>> = {
  key: (text, parts) => {
    const secret = parseSecret({ text });
    if (secret.ok) parts.secret = secret.value;
    return secret.ok;
  },
  doors: (text, parts) => {
    const doors = text.split(" ").map((name) => parseDoorName({ text: name }));
    parts.doors = doors.flatMap((door) => (door.ok ? [door.value] : []));
    return doors.every((door) => door.ok);
  },
  unused: (text, parts) => {
    parts.isUnused = text === "true";
    return parts.isUnused;
  },
  "spent-up-to": (text, parts) => {
    parts.spentUpTo = Number(text);
    return /^[1-9]\d{0,9}$/.test(text);
  },
};

/** Reads a key file; no problem shows any of it. */
export function parseKey(text: string, file: string): Result<ClientKey> {
  const parts: Parts = {};
  const seen = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", value = ""] = /^([a-z-]+): (.*)$/.exec(line) ?? [];
    const isRead = Object.hasOwn(LINES, name) && !seen.has(name) && LINES[name]?.(value, parts);
    if (isRead !== true) return damaged(file, `line ${index + 1} is not one of a key file`);
    seen.add(name);
  }
  const { secret, doors, isUnused = false, spentUpTo = 0 } = parts;
  if (secret === undefined) return damaged(file, "there is no key in it");
  return ok({ secret, doors, isUnused, spentUpTo });
}

function damaged(file: string, what: string): Result<never> {
  return fail({
    code: "not-a-key-file",
    severity: "error",
    what: `${JSON.stringify(file)} is damaged: ${what}`,
    fix: "bring it back from a copy, or remove it and make a new key with `postern key add`",
  });
}

export function printKey(
  client: string,
  { secret, doors, isUnused, spentUpTo }: ClientKey,
): string {
  return [
    `# The key of ${client}. Whoever reads it can open the doors that it is for.`,
    `key: ${secret}`,
    ...(doors === undefined ? [] : [`doors: ${doors.join(" ")}`]),
    ...(isUnused ? ["unused: true"] : []),
    ...(spentUpTo > 0 ? [`spent-up-to: ${spentUpTo}`] : []),
    "",
  ].join("\n");
}

/** The bytes of a key. */
export function bytesOf(key: Secret): Buffer {
  return Buffer.from(key, "base64url");
}
