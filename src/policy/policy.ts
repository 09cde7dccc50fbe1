/**
 * What an administrator asked for, in types that cannot be wrong: `parsePolicy` makes a
 * {@link Policy} and past it nothing is checked again.
 */
import type { Prefix } from "./address.ts";

declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A TCP or UDP port, 1 to 65535. */
export type Port = Branded<number, "Port">;
/** A whole number of seconds, 1 to 86400 (24 hours). */
export type Seconds = Branded<number, "Seconds">;
/** `[a-z][a-z0-9-]*`, 1 to 32 characters: safe in set names, log lines and on a terminal. */
export type DoorName = Branded<string, "DoorName">;
/** A network interface's name, 1 to 15 characters of `A-Za-z0-9._@:-`. */
export type InterfaceName = Branded<string, "InterfaceName">;
/** A name that can be looked up, or an address, with its zone where it has one; lower case. */
export type HostName = Branded<string, "HostName">;

/** `first` to `last`, both included; `first` is never greater. */
export interface PortRange {
  readonly first: Port;
  readonly last: Port;
}

export interface Policy {
  readonly backend: "auto" | "nftables" | "iptables";
  /** Where the gate looks at packets; empty: on every interface but loopback. */
  readonly interfaces: readonly InterfaceName[];
  readonly trusted: readonly Prefix[];
  /** 48 to 128: IPv6 sources that share so many bits are one knocker. */
  readonly ipv6PrefixLength: number;
  readonly log: boolean;
  readonly ban: AutomaticBan | undefined;
  /** In the order of the file, at least one; names differ. */
  readonly doors: readonly Door[];
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
  /** Undefined: nothing opens the door but `postern open` (and trust). */
  readonly sequence: Sequence | undefined;
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

export type Step =
  | { readonly kind: "port"; readonly protocol: "tcp" | "udp" | "either"; readonly port: Port }
  | {
      readonly kind: "ping";
      /** Bytes after the ICMP header, 0 to 1232 (what fits IPv6's smallest MTU unfragmented). */
      readonly payloadBytes: number;
    };
