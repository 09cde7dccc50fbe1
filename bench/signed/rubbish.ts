/** Packets that are no knocks, and look like them from nearer or from farther away. */
import { randomBytes } from "node:crypto";
import { tagOf, tagSlotAt } from "../../src/signed/index.ts";
import { makeSigner } from "../../test/signed/signer.ts";
import { SPA_PORT } from "../lab/peers.ts";
import { frameTo, newSources } from "../lab/site.ts";
import { carried, knockFrame, type PosternSite } from "./postern.ts";

/** As many as are sent over and over, each from a source of its own. */
const DIFFERENT = 4096;
/** A knock signed with Ed25519. */
const KNOCK_BYTES = 248;
export const CARRIER = `udp/${SPA_PORT}`;
const TAG_BYTES = 8;

export type Rubbish =
  /** Of the right length by the right carrier, and random. */
  | "random"
  /** The same behind a tag of this time, which whoever has a knock, or the sealing key, knows. */
  | "true tag"
  /** Sealed to the gate, in the name of a client, and not signed by that client. */
  | "forged";

export function rubbishFor(site: PosternSite, kind: Rubbish): Buffer[] {
  const [signer = site.rsaSigner] = site.signers;
  const stranger = makeSigner("ssh-ed25519");
  const tag = tagOf(site.sealingPublicKey, tagSlotAt(Date.now() / 1000));
  return newSources(DIFFERENT).map((source) => {
    if (kind === "forged") {
      return knockFrame(site, { ...signer, sign: stranger.sign }, source, CARRIER);
    }
    const before = kind === "random" ? randomBytes(TAG_BYTES) : tag;
    const payload = Buffer.concat([before, randomBytes(KNOCK_BYTES - TAG_BYTES)]);
    return frameTo(site.network, source, carried(payload, CARRIER));
  });
}
