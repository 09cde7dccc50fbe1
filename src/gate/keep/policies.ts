/** The policies that gates of this host were made of, so that a gate can be explained later. */

import { fingerprintOf } from "../../compile/index.ts";
import type { Policy } from "../../policy/policy.ts";
import { hasKeys, type Keep } from "./keep.ts";

/** A policy file as it was when it was applied. */
export interface PolicyText {
  readonly file: string;
  readonly text: string;
}

const NAME = "policies.json";
/** The gate that stands, the one before, and one that waits for its confirmation. */
const MOST = 3;

type Kept = readonly (PolicyText & { readonly fingerprint: string })[];

/** Not to be able to is no reason to leave a host without its gate. */
export async function keepPolicy(keep: Keep, policy: Policy, written: PolicyText): Promise<void> {
  const fingerprint = fingerprintOf(policy);
  const others = ((await keep.read(NAME, isKept)) ?? []).filter(
    (kept) => kept.fingerprint !== fingerprint,
  );
  await keep.write(NAME, [{ fingerprint, ...written }, ...others].slice(0, MOST));
}

export async function findPolicy(keep: Keep, fingerprint: string): Promise<PolicyText | undefined> {
  const kept = (await keep.read(NAME, isKept)) ?? [];
  return kept.find((policy) => policy.fingerprint === fingerprint);
}

function isKept(value: unknown): value is Kept {
  return (
    Array.isArray(value) &&
    value.every((item) => hasKeys(item, { fingerprint: "string", file: "string", text: "string" }))
  );
}
