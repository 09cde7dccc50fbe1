export {
  type AllowedSigners,
  isPrincipal,
  nameOf,
  parseAllowedSigners,
  type Signer,
} from "./allowed-signers.ts";
export { printSignedEnrolment } from "./enrolment.ts";
export { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
export {
  type ArrivedKnock,
  ID_BYTES,
  judgeKnock,
  knockId,
  type Opens,
  type Refusal,
  type Refused,
  type SignedDoor,
  type SignedGate,
  type Verdict,
  WITHIN_MS,
} from "./judge.ts";
export {
  type KnockRandom,
  LEAST_PAYLOAD,
  MOST_PAYLOAD,
  OVERHEAD_BYTES,
  openKnock,
  sealKnock,
} from "./knock.ts";
export {
  knockFits,
  type Message,
  NONCE_BYTES,
  PLAINTEXT_STEP,
  type SignedMessage,
  signedText,
} from "./message.ts";
export {
  KEY_TYPES,
  type KeyType,
  type PublicKey,
  parsePublicKey,
  parsePublicKeyLine,
} from "./public-key.ts";
export {
  makeSealingKey,
  parseSealingKey,
  parseSealingPublicKey,
  printSealingKey,
  printSealingPublicKey,
  type SealingKey,
} from "./sealing-key.ts";
export {
  NAMESPACE,
  parseSshSignature,
  type SignatureHash,
  type SshSignature,
  verifySshSignature,
} from "./ssh-signature.ts";
export { SLOT_SECONDS, TAG_BYTES, TAG_SLOTS_AROUND, tagOf, tagSlotAt } from "./tag.ts";
