/** The gate as it stands in the kernel, kept so that it can come back. */
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
import type { Backend, KeptGate } from "../backend.ts";
import { BACKENDS } from "../backends.ts";
import { usableBackends } from "../standing.ts";
import { hasKeys } from "./keep.ts";

/** Null: there was no gate. */
export type Snapshot = KeptGate | null;

export async function takeSnapshot(host: Host): Promise<Result<Snapshot>> {
  const usable = await usableBackends(host);
  if (!usable.ok) return usable;
  for (const backend of usable.value) {
    const taken = await backend.takeSnapshot(host);
    if (!taken.ok || taken.value !== null) return taken;
  }
  return ok(null);
}

/** Whether it could be brought back, now that nothing depends on it. */
export async function tryRestore(host: Host, snapshot: Snapshot): Promise<Result<undefined>> {
  return snapshot === null ? ok(undefined) : backendOf(snapshot).tryRestore(host, snapshot);
}

/** The one that can bring it back. */
export function backendOf({ backend: name }: KeptGate): Backend {
  const backend = BACKENDS.find((one) => one.name === name);
  if (backend === undefined) throw new Error(`backendOf: nobody keeps gates of ${name}`);
  return backend;
}

/** Of a release that knows other backends there may be one that this one cannot bring back. */
export function isSnapshot(value: unknown): value is Snapshot {
  if (value === null) return true;
  if (!hasKeys(value, { backend: "string", texts: "object" })) return false;
  return BACKENDS.some(({ name }) => name === (value as KeptGate).backend);
}
