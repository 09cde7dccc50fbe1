/** The chains as `iptables-save` prints them, and the same chains again. */
import {
  parseSaved,
  printSavedScript,
  type Saved,
  savedRules,
} from "../../backend/iptables/index.ts";
import type { Connection } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import type { Family } from "../../policy/address.ts";
import { ok, type Result } from "../../problem/problem.ts";
import type { KeptGate } from "../backend.ts";
import { loadSaved } from "./load.ts";
import { tryRules } from "./put.ts";
import { findGate, readGates } from "./read.ts";

export async function takeSnapshot(host: Host): Promise<Result<KeptGate | null>> {
  const gate = await findGate(host);
  if (!gate.ok) return gate;
  if (gate.value === undefined) return ok(null);
  const { ipv4, ipv6 } = gate.value.halves;
  const text = (saved: Saved | undefined) =>
    saved === undefined ? "" : savedRules(saved).join("\n");
  return ok({ backend: "iptables", texts: { ipv4: text(ipv4), ipv6: text(ipv6) } });
}

export function fingerprintOf(kept: KeptGate): string | undefined {
  return keptIn(kept).ipv4.fingerprint;
}

export function printKept(kept: KeptGate): string {
  return printSavedScript(keptIn(kept));
}

export async function tryRestore(host: Host, kept: KeptGate): Promise<Result<undefined>> {
  const gates = await readGates(host);
  if (!gates.ok) return gates;
  const { variant, halves } = gates.value.own;
  const saved = keptIn(kept);
  return tryRules(host, variant, halves, (family) => savedRules(saved[family]));
}

export function restore(
  host: Host,
  kept: KeptGate,
  older: readonly Connection[],
): Promise<Result<undefined>> {
  return loadSaved(host, keptIn(kept), older);
}

function keptIn({ texts }: KeptGate): Readonly<Record<Family, Saved>> {
  return { ipv4: parseSaved(texts["ipv4"] ?? ""), ipv6: parseSaved(texts["ipv6"] ?? "") };
}
