/**
 * What an administrator asked for, in types that cannot be wrong: `parsePolicy` makes a
 * {@link Policy} and past it nothing is checked again.
 */
import type { Prefix } from "./address.ts";
import type { Carrier, SignedCarrier } from "./carriers.ts";

declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A TCP or UDP port, 1 to 65535. */
export type Port = Branded<number, "Port">;
/** A whole number of seconds, 1 to 86400 (24 hours). */
export type Seconds = Branded<number, "Seconds">;
/** `[a-z][a-z0-9-]*`, 1 to 32 characters: safe in set names, log lines and on a terminal. */
export type DoorName = Branded<string, "DoorName">;
/** A network interface's name or its beginning, 1 to 15 characters of `A-Za-z0-9._@:-`. */
export type InterfaceName = Branded<string, "InterfaceName">;
/** A name that can be looked up, or an address, with its zone where it has one; lower case. */
export type HostName = Branded<string, "HostName">;

/** Who has a key: 1 to 32 of `a-z0-9._@-`, beginning with a letter or a digit. */
export type ClientName = Branded<string, "ClientName">;
/** Who signs, as `allowed_signers` of OpenSSH names people: 1 to 64 of `A-Za-z0-9._@+-`. */
export type Principal = Branded<string, "Principal">;
/** Where a file lies: absolute, without control characters. */
export type FilePath = Branded<string, "FilePath">;
/** A client's key, 32 bytes in base64url. Never in a message. */
export type Secret = Branded<string, "Secret">;

/** `first` to `last`, both included; `first` is never greater. */
export interface PortRange {
  readonly first: Port;
  readonly last: Port;
}

export interface Policy {
  readonly backend: "auto" | "nftables" | "iptables";
  /**
   * Which interfaces the gate covers, in the order of the file. Where none is included, it covers
   * every interface that is not excluded; loopback never.
   */
  readonly interfaces: readonly InterfaceEntry[];
  readonly trusted: readonly Prefix[];
  /** 48 to 128: IPv6 sources that share so many bits are one knocker. */
  readonly ipv6PrefixLength: number;
  /** 48 to 128, at most as many as above: IPv6 sources that share so many bits are banned together. */
  readonly banIpv6PrefixLength: number;
  readonly log: boolean;
  readonly ban: AutomaticBan | undefined;
  /** In the order of the file, at least one; names differ. */
  readonly doors: readonly Door[];
}

/** One item of `interfaces`. An exclusion outranks an inclusion, whatever their order. */
export interface InterfaceEntry {
  /** Written with `!`: the gate does not cover what the pattern matches. */
  readonly isExcluded: boolean;
  readonly pattern: InterfacePattern;
}

/** Matches one interface by its name. */
export interface InterfacePattern {
  readonly name: InterfaceName;
  /** Written with `*`: matches every name that begins so; such a beginning has at most 14 characters. */
  readonly isPrefix: boolean;
}

/** So many wrong steps in so long a time shut every door to a source for so long. */
export interface AutomaticBan {
  /** 1 to 1000 wrong steps. */
  readonly after: number;
  readonly withinSeconds: Seconds;
  readonly forSeconds: Seconds;
}

export interface Door {
  readonly name: DoorName;
  /** At least one; no two overlap, in this door or another with a destination in common. */
  readonly protects: readonly Service[];
  readonly openForSeconds: Seconds;
  readonly singleUse: boolean;
  readonly refuse: "drop" | "reset";
  /** Empty: every address of this host. */
  readonly destinations: readonly Prefix[];
  readonly sessionIdleSeconds: Seconds;
  readonly sequence: Sequence | undefined;
  readonly token: Token | undefined;
  /** Undefined in all three: nothing opens the door but `postern open` (and trust). */
  readonly signed: Signed | undefined;
}

export interface Service {
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
}

export interface Sequence {
  /** 1 to 16, in order. */
  readonly steps: readonly Step[];
  /** The longest pause between two steps. */
  readonly withinSeconds: Seconds;
  /** Undefined when every step is a ping and no ports were named. */
  readonly watch: PortRange | undefined;
}

/** How clients open a door with one-time tokens (design 6). */
export interface Token {
  /** At least one, each once. */
  readonly carriers: readonly Carrier[];
  /** How far ahead of the present the kernel holds tokens. */
  readonly lookaheadSeconds: Seconds;
  /** How long after the end of its slot a token still opens. */
  readonly lateSeconds: Seconds;
  /** 1 to 10000: for how many clients the kernel has room. */
  readonly clients: number;
}

/** How clients open a door with what they sign by their own SSH keys (design 7). */
export interface Signed {
  /** At least one, each once. */
  readonly carriers: readonly SignedCarrier[];
  /** Who may sign, as OpenSSH writes it; undefined: `allowed_signers` in the folder of Postern. */
  readonly signers: FilePath | undefined;
  /** Those of the file that may open the door, each once; undefined: all of them. */
  readonly clients: readonly Principal[] | undefined;
  /** Whose sources it opens for; empty: whoever has signed. */
  readonly from: readonly Prefix[];
  /** Whether a knock opens only that names the address which it is for. */
  readonly bound: boolean;
}

export type Step =
  | { readonly kind: "port"; readonly protocol: "tcp" | "udp" | "either"; readonly port: Port }
  | {
      readonly kind: "ping";
      /** Bytes after the ICMP header, 0 to 1232 (what fits IPv6's smallest MTU unfragmented). */
      readonly payloadBytes: number;
    };
