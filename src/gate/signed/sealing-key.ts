/** The sealing key of this host, in a file that root alone may read. */
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
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

/** Makes one where there is none; of two who do so at once, one finds that of the other. */
export async function readSealingKey(host: Host): Promise<Result<SealingKey>> {
  const file = sealingKeyFileOf(host);
  const text = await host.readSecret(file);
  if (!text.ok) return text;
  if (text.value !== undefined) return parseSealingKey(text.value, file);
  const made = makeSealingKey();
  const written = await host.writeNew(file, printSealingKey(made));
  if (written.ok) return ok(made);
  const other = await host.readSecret(file);
  return other.ok && other.value !== undefined ? parseSealingKey(other.value, file) : written;
}
