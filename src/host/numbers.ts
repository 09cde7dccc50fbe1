/** Addresses and checksums as packets have them. */
import { networkInterfaces } from "node:os";
import { parseAddress, printAddressBytes } from "../policy/address.ts";
import type { Destination } from "./network.ts";

export interface Numbers {
  /** 4 or 16. */
  readonly bytes: Uint8Array;
  /** The number of its link; 0 for none. */
  readonly scope: number;
}

/** @throws when it is no address. */
export function numbersOf({ address: written }: Pick<Destination, "address">): Numbers {
  const [text = "", zone] = written.split("%");
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`numbersOf: ${text} is no address`);
  return { bytes: printAddressBytes(address), scope: scopeOf(zone) };
}

function scopeOf(zone: string | undefined): number {
  const addresses = zone === undefined ? [] : (networkInterfaces()[zone] ?? []);
  return addresses.find((address) => address.family === "IPv6")?.scopeid ?? 0;
}

/** RFC 1071. */
export function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
