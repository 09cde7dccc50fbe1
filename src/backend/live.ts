/** What the kernel holds of a gate, in our own words, whichever backend put it there. */
import { type Address, type Family, maskAddress } from "../policy/address.ts";
import type { Label } from "./labels.ts";

export interface Listing {
  /** Of the policy that the rules are made of; undefined where no rule of ours says. */
  readonly fingerprint: string | undefined;
  readonly sets: readonly LiveSet[];
  readonly counters: readonly { readonly name: string; readonly packets: number }[];
  /** Where packets get past the gate, for somebody else has changed what the kernel holds of it. */
  readonly gaps?: readonly Gap[];
}

export interface Gap {
  readonly family: Family;
  readonly what: "gone" | "emptied" | "not reached";
}

export interface LiveSet {
  readonly name: string;
  readonly family: Family;
  readonly capacity: number;
  readonly label: Label;
  readonly members: readonly LiveMember[];
}

export interface LiveMember {
  /** Undefined where members are connections. */
  readonly source: Address | undefined;
  /** Whole seconds; undefined for a membership without an end. */
  readonly secondsLeft: number | undefined;
}

/** Whether the source is a member, by as much of its address as counts. */
export function holds({ family, members, label }: LiveSet, source: Address): boolean {
  if (family !== source.family) return false;
  const key = maskAddress(source, label.prefixLength).bits;
  return members.some((member) => member.source?.bits === key);
}

/** A TCP connection, as the end that began it wrote it. */
export interface Connection {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}
