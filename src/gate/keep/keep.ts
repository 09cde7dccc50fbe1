/**
 * What is kept beside the kernel, for exactly as long as the kernel keeps a gate: until the next
 * boot, and for each network namespace by itself.
 */
import { normalize } from "node:path";
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";

const DEFAULT_FOLDER = "/run/postern";

/** The file is never replaced: who holds the old one and who holds the new would both hold it. */
const LOCK = "lock";

export interface Keep {
  readonly folder: string;
  /** The file that is locked by who changes the gate; empty. */
  readonly lock: string;
  /** What is wrong with the folder: from one that others can write to, nothing is believed. */
  check(): Promise<Result<undefined>>;
  /** What was kept, as `isIt` recognises it; undefined where there is none. */
  read<T>(name: string, isIt: (value: unknown) => value is T): Promise<T | undefined>;
  write(name: string, value: unknown): Promise<Result<undefined>>;
  forget(name: string): Promise<Result<undefined>>;
  /** In the place of what may be there; one that is not there any more is a problem. */
  rename(name: string, other: string): Promise<Result<undefined>>;
}

export async function keepOf(host: Host): Promise<Keep> {
  const named = host.environment("POSTERN_RUN_DIR") ?? "";
  const namespace = (await host.readLink("/proc/self/ns/net")) ?? "";
  const [number = "0"] = /\d+/.exec(namespace) ?? [];
  const folder = normalize(`${named === "" ? DEFAULT_FOLDER : named}/net-${number}`);
  const path = (name: string) => `${folder}/${name}`;
  const check = () => host.checkFolder(folder);
  return {
    folder,
    lock: path(LOCK),
    check,
    read: async (name, isIt) => {
      const text = (await check()).ok ? await host.readKept(path(name)) : undefined;
      const value = text === undefined ? undefined : parseJson(text);
      return isIt(value) ? value : undefined;
    },
    write: (name, value) => host.replace(path(name), `${JSON.stringify(value, null, 2)}\n`),
    forget: (name) => host.remove(path(name)),
    rename: (name, other) => host.rename(path(name), path(other)),
  };
}

/** Somebody may have put anything there. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether it is an object with these keys, each of this kind. */
export function hasKeys(
  value: unknown,
  keys: Readonly<Record<string, "string" | "number" | "boolean" | "object">>,
): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(keys).every(
    ([key, kind]) => typeof (value as Record<string, unknown>)[key] === kind,
  );
}
