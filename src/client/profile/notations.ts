/** The notations of single values that profiles have, and policies have not. */
import { text } from "../../policy/shape/text.ts";
import { quoted, type Written } from "../../policy/value/written.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { parseSealingPublicKey } from "../../signed/index.ts";
import { parseBind } from "../signed/bind.ts";

export const sealingKey = text({
  wanted: "the public half of a sealing key, which has 43 characters",
  schema: { pattern: "^[\\w-]{43}$" },
  parse: ({ text: written, place }) => {
    const key = parseSealingPublicKey(written);
    if (key.ok) return ok<Uint8Array>(key.value);
    return fail(...key.problems.map((problem) => ({ ...problem, ...(place && { place }) })));
  },
});

export const identityFile = text({
  wanted: "the path of a key, such as ~/.ssh/id_ed25519",
  schema: { pattern: "^(/|~/)" },
  parse: parseIdentityFile,
});

/** Absolute, or in the home: profiles are read wherever one is at the moment. */
function parseIdentityFile({ text: path, place }: Written): Result<string> {
  if (/^~?\/[^\p{Cc}]*[^/\p{Cc}]$/u.test(path)) return ok(path);
  return fail({
    code: "not-a-path",
    severity: "error",
    what: `${quoted(path)} cannot be the path of a key`,
    fix: "write it from / or ~/ on, such as ~/.ssh/id_ed25519",
    ...(place && { place }),
  });
}

export const bind = text({
  wanted: "an address, none or auto",
  schema: { type: "string" },
  parse: parseBind,
});
