/** Every backend there is. */
import type { Backend, KeptGate } from "./backend.ts";
import { nftables } from "./nftables/index.ts";

/** The ones to prefer come first. */
export const BACKENDS: readonly Backend[] = [nftables];

/** The one that can bring a gate back. */
export function backendOf({ backend: name }: KeptGate): Backend {
  const backend = BACKENDS.find((one) => one.name === name);
  if (backend === undefined) throw new Error(`backendOf: nobody has kept a gate of ${name}`);
  return backend;
}
