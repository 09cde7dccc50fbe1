/**
 * The gate as a file for the next boot, and the one before it, in case that the first cannot be
 * loaded then. What reads them is `packaging/load-gate`, which needs no Node.js.
 */
import { normalize } from "node:path";
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { isNetworkOfBoot } from "./namespace.ts";

/** From which postern.service loads. */
export const DEFAULT_FOLDER = "/var/lib/postern";

const SUFFIXES = [".nft", ".sh"] as const;

/** A file that loads a gate, and what the name of such a file ends with. */
export interface BootFile {
  readonly suffix: (typeof SUFFIXES)[number];
  readonly text: string;
}

/**
 * Undefined in a network namespace that no boot makes: its gate is none of the host's, and a file
 * of it would be loaded in the wrong place. POSTERN_STATE_DIR is for who makes such a one.
 */
export async function bootFolderOf(host: Host): Promise<string | undefined> {
  const named = host.environment("POSTERN_STATE_DIR") ?? "";
  if (named !== "") return normalize(named);
  return (await isNetworkOfBoot(host)) ? DEFAULT_FOLDER : undefined;
}

/** At every moment one of the files is there, whole, if one was. */
export async function writeBootFile(
  host: Host,
  folder: string,
  { suffix, text }: BootFile,
): Promise<Result<undefined>> {
  const checked = await host.checkFolder(folder);
  if (!checked.ok) return checked;
  const standing = await readNamed(host, folder, "gate");
  if (standing?.suffix === suffix && standing.text === text) return ok(undefined);
  if (standing !== undefined) {
    const kept = await replaceIn(host, folder, "before", standing);
    if (!kept.ok) return kept;
  }
  return replaceIn(host, folder, "gate", { suffix, text });
}

/** The one that is loaded, if it can be. */
export async function readBootFile(host: Host, folder: string): Promise<BootFile | undefined> {
  return (await readNamed(host, folder, "gate")) ?? readNamed(host, folder, "before");
}

/** Of the policy that it was made of, if it says: both kinds of rules do so in a comment. */
export function fingerprintIn({ text }: BootFile): string | undefined {
  return /"policy=([0-9a-f]+)"/.exec(text)?.[1];
}

async function readNamed(
  host: Host,
  folder: string,
  name: "gate" | "before",
): Promise<BootFile | undefined> {
  for (const suffix of SUFFIXES) {
    const text = await host.readKept(`${folder}/${name}${suffix}`);
    if (text !== undefined) return { suffix, text };
  }
  return undefined;
}

/** Of two backends there is never a file each, for both would be loaded. */
async function replaceIn(
  host: Host,
  folder: string,
  name: "gate" | "before",
  { suffix, text }: BootFile,
): Promise<Result<undefined>> {
  for (const other of SUFFIXES.filter((one) => one !== suffix)) {
    const gone = await host.remove(`${folder}/${name}${other}`);
    if (!gone.ok) return gone;
  }
  return host.replace(`${folder}/${name}${suffix}`, text);
}

/** The one that would be loaded first goes last. */
export async function removeBootFiles(host: Host, folder: string): Promise<Result<undefined>> {
  for (const name of ["before", "gate"]) {
    for (const suffix of SUFFIXES) {
      const gone = await host.remove(`${folder}/${name}${suffix}`);
      if (!gone.ok) return gone;
    }
  }
  return ok(undefined);
}
