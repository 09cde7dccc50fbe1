/** Signatures that are none, and knocks that come again or from elsewhere. */
import { mpint, sshString } from "../signer.ts";
import { turned } from "./change.ts";
import { OTHER_SERVER, type Plan } from "./plan.ts";

const DOOR = ["door ssh", "carriers ping"];
/** And in its message: behind version and time. */
const NONCE_AT = 9;

/** The strings that stand one behind the other. */
function stringsOf(bytes: Buffer): Buffer[] {
  if (bytes.length < 4) return [];
  const end = 4 + bytes.readUInt32BE();
  return [bytes.subarray(4, end), ...stringsOf(bytes.subarray(end))];
}

/** A signature of ECDSA with other numbers. */
function withNumbers(change: (r: Buffer, s: Buffer) => readonly Buffer[]) {
  return (signature: Buffer): Buffer => {
    const [format = "", numbers = Buffer.alloc(0)] = stringsOf(signature);
    const [r, s] = stringsOf(numbers) as [Buffer, Buffer];
    return Buffer.concat([sshString(format), sshString(Buffer.concat(change(r, s)))]);
  };
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_ORDER: bigint = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

function hexNumber(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

function otherHalf(r: Buffer, s: Buffer): readonly Buffer[] {
  return [sshString(r), mpint(hexNumber(P256_ORDER - BigInt(`0x${s.toString("hex")}`)))];
}

function plusOrder(signature: Buffer): Buffer {
  const s: bigint = BigInt(`0x${Buffer.from(signature.subarray(-32)).reverse().toString("hex")}`);
  return Buffer.concat([signature.subarray(0, -32), hexNumber(s + ED25519_ORDER).reverse()]);
}

export const UNSIGNED: Readonly<Record<string, Plan>> = {
  "signature-flipped-bit": {
    note: "the last bit of the signature is turned",
    result: "signature",
    signature: turned(-1),
  },
  "signature-over-another-nonce": {
    note: "the message was changed once it was signed",
    result: "signature",
    message: turned(NONCE_AT),
  },
  "signature-for-another-server": {
    note: "signed for another server, and sealed anew by it",
    result: "signature",
    signedFor: OTHER_SERVER,
  },
  "signature-of-another-namespace": {
    note: "signed for files",
    result: "signature",
    signing: { namespace: "file" },
  },
  "signature-of-another-hash": {
    note: "signed with SHA-256, and SHA-512 is said",
    result: "signature",
    signing: { hash: "sha256" },
  },
  "signature-by-another-key": {
    note: "signed by a stranger, with the fingerprint of a key that is known",
    result: "signature",
    key: "stranger",
    claims: "ed25519",
    known: "ed25519",
  },
  "signature-empty": {
    note: "no bytes of a signature",
    result: "signature",
    signature: () => Buffer.alloc(0),
  },
  "signature-trailing-byte": {
    note: "a byte behind the signature, within its length",
    result: "signature",
    signature: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
  },
  "signature-of-another-format": {
    note: "the format of another type of key",
    result: "signature",
    signature: (bytes) => Buffer.concat([sshString("ssh-ed448"), bytes.subarray(15)]),
  },
  "signature-ed25519-high": {
    note: "the number of Ed25519 plus the order of the group",
    result: "signature",
    signature: plusOrder,
  },
  "signature-rsa-sha1": {
    note: "RSA with SHA-1",
    result: "signature",
    key: "rsa2048",
    signing: { format: "ssh-rsa" },
  },
  "signature-rsa-called-sha2": {
    note: "RSA with SHA-1 that is called rsa-sha2-256",
    result: "signature",
    key: "rsa2048",
    signing: { format: "ssh-rsa" },
    signature: (bytes) => Buffer.concat([sshString("rsa-sha2-256"), bytes.subarray(11)]),
  },
  "signature-ecdsa-long-number": {
    note: "a zero too many before a number of ECDSA",
    result: "signature",
    key: "ecdsa256",
    signature: withNumbers((r, s) => [
      sshString(Buffer.concat([Buffer.alloc(1), r])),
      sshString(s),
    ]),
  },
  "signature-ecdsa-zero": {
    note: "a number of ECDSA that is zero",
    result: "signature",
    key: "ecdsa256",
    signature: withNumbers((r) => [sshString(r), sshString("")]),
  },
  "signature-sk-without-presence": {
    note: "nobody touched the key: flags 0",
    result: "signature",
    key: "sk-ed25519",
    signing: { flags: 0 },
  },
  "signature-sk-verified-without-presence": {
    note: "a PIN, but nobody touched the key: flags 4",
    result: "signature",
    key: "sk-ecdsa256",
    signing: { flags: 4 },
  },
  "signature-sk-presence-added": {
    note: "the flag of presence was set afterwards",
    result: "signature",
    key: "sk-ed25519",
    signing: { flags: 0 },
    signature: turned(-5),
  },
  "signature-sk-another-counter": {
    note: "the counter was changed",
    result: "signature",
    key: "sk-ecdsa256",
    signature: turned(-1),
  },
};

export const TOO_LATE: Readonly<Record<string, Plan>> = {
  "seen-before": { note: "the same knock again", result: "seen", isSeen: true },
  "seen-under-another-tag": {
    note: "a knock that was seen, sealed anew in another slot",
    result: "seen",
    isSeen: true,
    slots: 3,
  },
  "seen-by-another-carrier": {
    note: "a knock that was seen, sealed anew for another carrier",
    result: "seen",
    isSeen: true,
    carrier: "udp/62201",
  },
  "seen-with-the-other-half": {
    note: "a knock by ECDSA that was seen, and n - s for s",
    result: "seen",
    isSeen: true,
    key: "ecdsa256",
    signature: withNumbers(otherHalf),
  },
  "address-of-another": {
    note: "for another address than the packet's",
    result: "address",
    address: "192.0.2.8",
  },
  "address-of-the-other-family": {
    note: "for an IPv6 address, from IPv4",
    result: "address",
    address: "::c000:207",
  },
  "unbound-at-a-bound-door": {
    note: "the door wants an address, and none is given",
    result: "unbound",
    server: [...DOOR, "bound true", "signers ana KEY"],
  },
  "from-elsewhere": {
    note: "the door opens to other networks",
    result: "from",
    server: [...DOOR, "from 198.51.100.0/24 2001:db8::/32", "signers ana KEY"],
  },
};
