/** Notes on the disk what must be known of a key when the kernel knows nothing of it any more. */
import type { Host } from "../../host/index.ts";
import { AHEAD_SECONDS, startOf } from "../../token/index.ts";
import { type Client, rewriteClient } from "../keys/store.ts";
import type { Knock } from "./knocks.ts";

/**
 * Before tokens are put in for the first time, and when some were spent far ahead of time. What
 * comes back says of a client that it is unused only where that was so, and the disk now knows
 * that it will not be.
 */
export async function noteUse(
  host: Host,
  clients: readonly Client[],
  knocks: readonly Knock[],
): Promise<Client[]> {
  const noted: Client[] = [];
  for (const client of clients) {
    const { key } = client;
    const spentUpTo = Math.max(key.spentUpTo, ...spentEarly(client, knocks));
    if (!key.isUnused && spentUpTo === key.spentUpTo) {
      noted.push(client);
      continue;
    }
    const written = await rewriteClient(host, {
      ...client,
      key: { ...key, isUnused: false, spentUpTo },
    });
    noted.push({ ...client, key: { ...key, isUnused: key.isUnused && written.ok, spentUpTo } });
  }
  return noted;
}

function spentEarly({ name }: Client, knocks: readonly Knock[]): number[] {
  return knocks.flatMap(({ client, slot, at }) =>
    client === name && slot !== undefined && startOf(slot) > at + AHEAD_SECONDS ? [slot] : [],
  );
}
