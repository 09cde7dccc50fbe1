/** The sealing key of this host, in a file that root alone may read. */
import type { Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import {
  makeSealingKey,
  parseSealingKey,
  printSealingKey,
  type SealingKey,
} from "../../signed/index.ts";
import { homeOf } from "../home.ts";

export function sealingKeyFileOf(host: Host): string {
  return `${homeOf(host)}/sealing.key`;
}

/**
 * Makes one where there is none, unless `make` is false; of two who do so at once, one finds that
 * of the other.
 */
export async function readSealingKey(
  host: Host,
  { make = true }: { readonly make?: boolean } = {},
): Promise<Result<SealingKey>> {
  const file = sealingKeyFileOf(host);
  const text = await host.readSecret(file);
  if (!text.ok) return text;
  if (text.value !== undefined) return parseSealingKey(text.value, file);
  if (!make) return fail(noSealingKey(file));
  const made = makeSealingKey();
  const written = await host.writeNew(file, printSealingKey(made));
  if (written.ok) return ok(made);
  const other = await host.readSecret(file);
  return other.ok && other.value !== undefined ? parseSealingKey(other.value, file) : written;
}

function noSealingKey(file: string): Problem {
  return {
    code: "no-sealing-key",
    severity: "error",
    what: `this host has no sealing key: there is no ${JSON.stringify(file)}`,
    fix: "make it with `postern agent key`, without a policy; or name the folder of this policy: `POSTERN_DIR=FOLDER postern agent key`",
  };
}
