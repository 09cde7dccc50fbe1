/**
 * A ClientHello that carries a token: that of curl 7.88 with OpenSSL 3.0 (those of Debian 12), byte
 * for byte as it was seen on the wire, but for what it draws anew for each. What curl offers there
 * is what servers of every kind answer; a browser's hello has changed every few months.
 */
import { hostPartOf } from "./name.ts";

export interface HelloParts {
  readonly token: Uint8Array;
  /** As a user calls the server. */
  readonly host: string;
  /** A public key of X25519, 32 bytes. */
  readonly keyShare: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
}

const RANDOM_BYTES = 32;
const SESSION_ID_BYTES = 32;

/** TLS 1.3, then ECDHE and DHE, and at the end what very old servers know. */
const CIPHER_SUITES = `
  1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 c00a
  c014 0039 c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff`;
const GROUPS = "001d 0017 001e 0019 0018 0100 0101 0102 0103 0104";
const SIGNATURES = `
  0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 0303 0301 0302 0402 0502
  0602`;
/** TLS 1.3 to 1.0. */
const VERSIONS = "0304 0303 0302 0301";
const X25519 = hex("001d");

export function helloWith({ token, host, keyShare, random }: HelloParts): Buffer {
  const before = Buffer.concat([
    hex("0303"),
    token,
    random(RANDOM_BYTES - token.length),
    sized(1, random(SESSION_ID_BYTES)),
    sized(2, hex(CIPHER_SUITES)),
    sized(1, hex("00")),
  ]);
  const extensions = [
    ...serverName(host),
    extension("000b", sized(1, hex("00 01 02"))),
    extension("000a", sized(2, hex(GROUPS))),
    extension("0010", sized(2, sized(1, Buffer.from("h2")), sized(1, Buffer.from("http/1.1")))),
    extension("0016"),
    extension("0017"),
    extension("0031"),
    extension("000d", sized(2, hex(SIGNATURES))),
    extension("002b", sized(1, hex(VERSIONS))),
    extension("002d", sized(1, hex("01"))),
    extension("0033", sized(2, X25519, sized(2, keyShare))),
  ];
  const handshake = message(before, [...extensions, ...padding(message(before, extensions))]);
  return Buffer.concat([hex("16 0301"), sized(2, handshake)]);
}

function message(before: Buffer, extensions: readonly Buffer[]): Buffer {
  return Buffer.concat([hex("01"), sized(3, before, sized(2, ...extensions))]);
}

function serverName(host: string): readonly Buffer[] {
  const name = hostPartOf(host);
  if (name === undefined) return [];
  return [extension("0000", sized(2, hex("00"), sized(2, Buffer.from(name))))];
}

/** Some servers hang on a hello of 256 to 511 bytes (RFC 7685), so that OpenSSL makes 512 of it. */
function padding({ length }: Buffer): readonly Buffer[] {
  if (length <= 255 || length >= 512) return [];
  return [extension("0015", Buffer.alloc(Math.max(0, 512 - length - 4)))];
}

function extension(type: string, ...content: readonly Uint8Array[]): Buffer {
  return Buffer.concat([hex(type), sized(2, ...content)]);
}

/** With its length before it, in so many bytes. */
function sized(bytes: number, ...content: readonly Uint8Array[]): Buffer {
  const whole = Buffer.concat(content);
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(whole.length, 0, bytes);
  return Buffer.concat([length, whole]);
}

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
}
