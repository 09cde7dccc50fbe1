/** Keeps the kernel told with which bytes signed knocks begin. */
import type { Host } from "../../host/index.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { SLOT_SECONDS, TAG_SLOTS_AROUND, tagOf, tagSlotAt } from "../../signed/index.ts";
import type { SignedGateNow } from "./admit.ts";

/** So far ahead, for an agent that is late; all of them together fit into the set. */
const AHEAD_SLOTS = 40;
/** So often there are new ones to add. */
export const TAGS_EVERY_SECONDS = 60;

/** Adds those that are missing for the time ahead. A tag that is early is not taken by the agent. */
export async function addTags(
  host: Host,
  { gate: { backend }, tags }: SignedGateNow,
  sealingPublicKey: Uint8Array,
): Promise<Result<undefined>> {
  if (backend.signed === undefined) return ok(undefined);
  const now = host.now() / 1000;
  const first = tagSlotAt(now) - TAG_SLOTS_AROUND;
  const slots = Array.from({ length: TAG_SLOTS_AROUND + AHEAD_SLOTS }, (_, n) => first + n);
  return backend.signed.addTags(
    host,
    tags.name,
    slots.map((slot) => ({
      value: tagOf(sealingPublicKey, slot).toString("hex"),
      seconds: Math.ceil((slot + 1 + TAG_SLOTS_AROUND) * SLOT_SECONDS - now),
    })),
  );
}
