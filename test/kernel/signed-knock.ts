/** Signed knocks as anybody can make them who has a key and knows the sealing key. */
import { randomBytes } from "node:crypto";
import type { Address } from "../../src/policy/address.ts";
import type { DoorName } from "../../src/policy/policy.ts";
import { fingerprintOf, sealKnock, signedText, tagSlotAt } from "../../src/signed/index.ts";
import type { TestSigner } from "../signed/signer.ts";

export interface KnockOf {
  readonly signer: TestSigner;
  readonly sealingPublicKey: Uint8Array;
  readonly carrier?: string;
  readonly door?: string;
  readonly address?: Address | undefined;
  readonly timeMs?: number;
}

/** What the packet carries. */
export function signedKnock({
  signer,
  sealingPublicKey,
  carrier = "udp/62201",
  door = "ssh",
  address,
  timeMs = Date.now(),
}: KnockOf): Buffer {
  const message = {
    ...{ timeMs, nonce: randomBytes(16), address, door: door as DoorName },
    fingerprint: fingerprintOf(signer.blob),
  };
  const signature = signer.sign(signedText(message, sealingPublicKey));
  const signed = { message, hash: "sha512", signature } as const;
  return sealKnock(signed, sealingPublicKey, carrier, tagSlotAt(Date.now() / 1000));
}
