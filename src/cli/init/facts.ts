/** What the host tells before there is anything to ask. */

import type { Span } from "../../check/fresh.ts";
import { readEphemeral } from "../../gate/check/ports.ts";
import { type Listener, readListeners } from "../../gate/listeners.ts";
import { findOwnAddress } from "../../gate/own-address.ts";
import { findSession, type Session } from "../../gate/session.ts";
import type { Host } from "../../host/index.ts";
import type { Address } from "../../policy/address.ts";

export interface Facts {
  readonly listeners: readonly Listener[];
  readonly session: Session | undefined;
  /** Where the host's own connections begin. */
  readonly ephemeral: Span | undefined;
  /** By which clients may know it. */
  readonly address: Address | undefined;
}

export async function readFacts(host: Host): Promise<Facts> {
  const [listeners, session, { range }] = await Promise.all([
    readListeners(host),
    findSession(host),
    readEphemeral(host),
  ]);
  return { listeners, session, ephemeral: range, address: await findOwnAddress(host, session) };
}
