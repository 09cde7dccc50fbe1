/**
 * The gate as a file for the next boot, and the one before it, in case that the first cannot be
 * loaded then. What reads them is `packaging/load-gate`, which needs no Node.js.
 */
import { normalize } from "node:path";
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { isNetworkOfBoot } from "./namespace.ts";

const DEFAULT_FOLDER = "/var/lib/postern";

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
  const standing = await readBootFile(host, folder);
  if (standing?.suffix === suffix && standing.text === text) return ok(undefined);
  if (standing !== undefined) {
    const kept = await replaceIn(host, folder, "before", standing);
    if (!kept.ok) return kept;
  }
  return replaceIn(host, folder, "gate", { suffix, text });
}

async function readBootFile(host: Host, folder: string): Promise<BootFile | undefined> {
  for (const suffix of SUFFIXES) {
    const text = await host.readKept(`${folder}/gate${suffix}`);
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
