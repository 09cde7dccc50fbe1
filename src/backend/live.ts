/** What the kernel holds of a gate, in our own words, whichever backend put it there. */
import { type Address, type Family, maskAddress } from "../policy/address.ts";
import type { Label } from "./labels.ts";

export interface Listing {
  /** Of the policy that the rules are made of; undefined where no rule of ours says. */
  readonly fingerprint: string | undefined;
  /**
   * Tells it from one that stood before and was taken away; undefined where the backend does not
   * know.
   */
  readonly handle?: number | undefined;
  readonly sets: readonly LiveSet[];
  readonly counters: readonly { readonly name: string; readonly packets: number }[];
  /** Where packets get past the gate, for somebody else has changed what the kernel holds of it. */
  readonly gaps?: readonly Gap[];
}

export interface Gap {
  readonly family: Family;
  readonly what: "gone" | "emptied" | "not reached" | "no fragments";
}

export interface LiveSet {
  readonly name: string;
  readonly family: Family | undefined;
  readonly capacity: number;
  readonly label: Label;
  readonly members: readonly LiveMember[];
}

export interface LiveMember {
  /** Undefined where members are connections, or have nothing to do with a source. */
  readonly source: Address | undefined;
  /** Of a token, a mark, who has spent a token, and a signed knock: 32 hexadecimal digits. */
  readonly value?: string;
  /** What was written beside it. */
  readonly comment?: string;
  /** Whole seconds; undefined for a membership without an end. */
  readonly secondsLeft: number | undefined;
}

/** Whether the source is a member, by as much of its address as counts. */
export function holds({ family, members, label }: LiveSet, source: Address): boolean {
  if (family !== source.family) return false;
  const key = maskAddress(source, label.prefixLength).bits;
  return members.some((member) => member.source?.bits === key);
}

/** A TCP connection to a door, as the end that began it wrote it. */
export interface Connection {
  readonly door: string;
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

/** A token or a mark. */
export interface TimedValue {
  /** 32 hexadecimal digits, as in {@link LiveMember}. */
  readonly value: string;
  /** Whole seconds from now. */
  readonly seconds: number;
}

/** A signed knock that has opened a door. */
export interface SeenKnock extends TimedValue {
  /** What is written beside it: at most 128 characters, none of them a quote. */
  readonly about: string;
}

/** Lets in who has made a signed knock, unless the knock was seen before. */
export interface Admission {
  /** The name of the set of knocks that were. */
  readonly seen: string;
  readonly knock: SeenKnock;
  /** Sets of the door for the source's family. */
  readonly grants: readonly LiveSet[];
  readonly source: Address;
  readonly openSeconds: number;
}

/** Of one client's tokens for one door and carrier. */
export interface TokenChange {
  /** The names of the two sets. */
  readonly tokens: string;
  readonly loaded: string;
  readonly add: readonly TimedValue[];
  readonly remove: readonly string[];
  /** The mark that was there, if any. */
  readonly oldMark: string | undefined;
  /** The one in its place, if any, and whose it is. */
  readonly mark: (TimedValue & { readonly client: string }) | undefined;
}
