/** Which policy a kept gate was made of. */
import { parsePolicy } from "../../policy/parse.ts";
import type { Policy } from "../../policy/policy.ts";
import type { KeptGate } from "../backend.ts";
import type { Keep } from "./keep.ts";
import { findPolicy } from "./policies.ts";
import { backendOf } from "./snapshot.ts";

/** Undefined where nobody knows it. */
export async function policyOf(keep: Keep, kept: KeptGate): Promise<Policy | undefined> {
  const written = await findPolicy(keep, backendOf(kept).fingerprintOf(kept) ?? "");
  const policy = parsePolicy(written?.text ?? "", written?.file ?? "");
  return policy.ok ? policy.value : undefined;
}
