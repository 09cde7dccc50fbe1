/** The tries of signed knocks at one address: each key over each carrier. */
import type { Destination, Host } from "../../host/index.ts";
import { printAddress } from "../../policy/address.ts";
import { printCarrier, type SignedCarrier } from "../../policy/carriers.ts";
import type { SignedMessage } from "../../signed/index.ts";
import type { Care } from "../knock/pace.ts";
import type { Packet } from "../knock/packet.ts";
import { carried, type SignedAs, type Try } from "../knock/tries.ts";
import { addressFor } from "./bind.ts";
import type { Signer } from "./signer.ts";

export interface SignedWays {
  readonly carriers: readonly SignedCarrier[];
  readonly signer: Signer;
  /** Of the server: then a knock has to name an address. */
  readonly isBound: boolean;
  /** Other than `none`: nobody looks whether it opens, and the first that is sent has to do. */
  readonly care: Care;
  /** Whether no other ways follow. */
  readonly isEnd: boolean;
}

/** Signed when it is their turn, which may never come. */
export async function* signedTries(
  { network }: Host,
  to: Destination,
  ways: SignedWays,
): AsyncGenerator<Try> {
  const { signer, isBound, care, isEnd } = ways;
  const address = addressFor(signer.bind, to, await network.sourceTo(to));
  if (isBound && address === undefined) return signer.tellUnbound(to.address);
  const identities = await signer.identities();
  for (const [n, identity] of identities.entries()) {
    const knock = await signer.sign(identity, address);
    if (knock === undefined) continue;
    const boundTo = address === undefined ? null : printAddress(address);
    const isLast = isEnd && n === identities.length - 1;
    const signed = { identity: identity.name, boundTo };
    if (care !== "none" && identities.length > 1) signer.tellChosen(identity);
    yield* triesWith(knock, signed, { ...ways, isEnd: isLast });
  }
}

/** One signature does for every carrier. */
function triesWith(
  knock: SignedMessage,
  signed: SignedAs,
  { carriers, signer, care, isEnd }: SignedWays,
): readonly Try[] {
  return carriers.flatMap((carrier, n) => {
    const isLast = isEnd && n === carriers.length - 1;
    const { identity } = signed;
    const { sealingKey } = signer;
    const packet: Packet = { kind: "signed", carrier, knock, identity, sealingKey };
    const patiences = ["agent", isLast ? "careful" : "agent"] as const;
    const tries = carried(`signed:${printCarrier(carrier)}`, packet, { care, patiences });
    return tries.map((one) => ({ ...one, signed }));
  });
}
