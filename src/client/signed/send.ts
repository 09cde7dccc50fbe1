/** Sends a signed knock, sealed anew for each packet: no two are alike. */
import type { Destination, Host, Sent } from "../../host/index.ts";
import { printCarrier, type SignedCarrier } from "../../policy/carriers.ts";
import { type SignedMessage, sealKnock, tagSlotAt } from "../../signed/index.ts";

export interface Carried {
  readonly carrier: SignedCarrier;
  readonly knock: SignedMessage;
  /** Whose signature it has, for people. */
  readonly identity: string;
  /** The server's public half. */
  readonly sealingKey: Uint8Array;
}

export function sendSigned(
  host: Host,
  to: Destination,
  { carrier, knock, sealingKey }: Carried,
): Sent {
  const slot = tagSlotAt(host.now() / 1000);
  const payload = sealKnock(knock, sealingKey, printCarrier(carrier), slot);
  return carrier.kind === "ping"
    ? host.network.sendEcho(to, payload)
    : host.network.sendDatagram(to, carrier.port, payload);
}
