/** Makes keys and takes them away, and sees to it that the gate that stands follows. */
import { randomBytes } from "node:crypto";
import type { Host } from "../../host/index.ts";
import type { ClientName, DoorName, Secret } from "../../policy/policy.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { KEY_BYTES } from "../../token/index.ts";
import { keepOf } from "../keep/keep.ts";
import { whileLocked } from "../keep/lock.ts";
import { findGate } from "../standing.ts";
import type { Refilled } from "../tokens/refill.ts";
import { refillStanding, WAIT_SECONDS } from "../tokens/standing.ts";
import { type Client, readClient, revokeClient, writeClient } from "./store.ts";

/** What became of it in the kernel; undefined where no gate stands that it could change. */
export type InKernel = Result<Refilled> | undefined;

/** @param doors that it opens; undefined: every one that opens with tokens. */
export function addKey(
  host: Host,
  file: string,
  name: ClientName,
  doors: readonly DoorName[] | undefined,
): Promise<Result<InKernel>> {
  return changeKeys(host, file, `key add ${name}`, () => writeClient(host, newClient(name, doors)));
}

/** Its tokens leave the kernel before this returns. */
export function revokeKey(host: Host, file: string, name: ClientName): Promise<Result<InKernel>> {
  return changeKeys(host, file, `key revoke ${name}`, async () => {
    const client = await readClient(host, name);
    return client.ok ? revokeClient(host, name) : client;
  });
}

/** The old one opens nothing any more, and the new one the same doors. */
export function rotateKey(host: Host, file: string, name: ClientName): Promise<Result<InKernel>> {
  return changeKeys(host, file, `key rotate ${name}`, async () => {
    const client = await readClient(host, name);
    if (!client.ok) return client;
    const revoked = await revokeClient(host, name);
    return revoked.ok ? writeClient(host, newClient(name, client.value.key.doors)) : revoked;
  });
}

function newClient(name: ClientName, doors: readonly DoorName[] | undefined): Client {
  const secret = randomBytes(KEY_BYTES).toString("base64url") as Secret;
  return { name, key: { secret, doors, isUnused: true, spentUpTo: 0 } };
}

async function changeKeys(
  host: Host,
  file: string,
  doing: string,
  change: () => Promise<Result<undefined>>,
): Promise<Result<InKernel>> {
  const keep = await keepOf(host);
  return whileLocked(
    host,
    keep,
    doing,
    async () => {
      const changed = await change();
      if (!changed.ok) return changed;
      const gate = await findGate(host, { members: false });
      if (gate.ok && gate.value === undefined) return ok(undefined);
      return ok(await refillStanding(host, keep, file));
    },
    WAIT_SECONDS,
  );
}
