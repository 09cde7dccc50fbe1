/**
 * What is kept beside the kernel, for exactly as long as the kernel keeps a gate: until the next
 * boot, and for each network namespace by itself.
 */
import type { Host } from "../../host/index.ts";
import type { Result } from "../../problem/problem.ts";

const DEFAULT_FOLDER = "/run/postern";

/** The file is never replaced: who holds the old one and who holds the new would both hold it. */
const LOCK = "lock";

export interface Keep {
  /** The file that is locked by who changes the gate; empty. */
  readonly lock: string;
  /** What was kept, as `isIt` recognises it; undefined where there is none. */
  read<T>(name: string, isIt: (value: unknown) => value is T): Promise<T | undefined>;
  write(name: string, value: unknown): Promise<Result<undefined>>;
  forget(name: string): Promise<Result<undefined>>;
}

export async function keepOf(host: Host): Promise<Keep> {
  const named = host.environment("POSTERN_RUN_DIR") ?? "";
  const namespace = (await host.readLink("/proc/self/ns/net")) ?? "";
  const [number = "0"] = /\d+/.exec(namespace) ?? [];
  const folder = `${named === "" ? DEFAULT_FOLDER : named}/net-${number}`;
  const path = (name: string) => `${folder}/${name}`;
  return {
    lock: path(LOCK),
    read: async (name, isIt) => {
      const text = await host.readKept(path(name));
      const value = text === undefined ? undefined : parseJson(text);
      return isIt(value) ? value : undefined;
    },
    write: (name, value) => host.replace(path(name), `${JSON.stringify(value, null, 2)}\n`),
    forget: (name) => host.remove(path(name)),
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
