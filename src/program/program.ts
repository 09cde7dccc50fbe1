/**
 * A small language for packet filters whose only state is named, timed sets. A program is
 * data: the compiler makes it, a printer per backend words it, the interpreter runs it.
 */
import type { TcpFlag } from "../model/packet.ts";
import type { Family, Prefix } from "../policy/address.ts";
import type { CarrierKind } from "../policy/carriers.ts";

export interface Program {
  /** Tells the policies apart that programs are made of: 16 hexadecimal digits. */
  readonly fingerprint: string;
  readonly sets: readonly TimedSet[];
  readonly counters: readonly Counter[];
  /** Kinds of log lines in use; each kind has one rate limit, whatever door it is about. */
  readonly logs: readonly LogKind[];
  /**
   * What IPv6 packets meet before fragments are put together and before {@link chains}. The first
   * is where they begin; its end leads on to {@link chains}. Empty: nothing is to be done there.
   */
  readonly fragmentChains: readonly Chain[];
  /** The first is where every incoming packet begins; the end of it passes the packet. */
  readonly chains: readonly Chain[];
  /**
   * What packets meet that leave this host, as who receives them sees them. The keys of sets are
   * those of packets the other way: of a connection's answer, that of the segment which it answers.
   * The first is where they begin; its end passes them. Empty: nothing looks at them.
   */
  readonly answerChains: readonly Chain[];
  /** Fragments must be put together before the first of {@link chains}. */
  readonly reassembles: boolean;
}

/** What one member of a set is. */
export type Key =
  /** The sender, cut to the bits that tell one knocker from another. */
  | { readonly kind: "source"; readonly prefixLength: number }
  /** Both addresses and both ports of a TCP connection. */
  | { readonly kind: "flow" }
  /** The 16 bytes that stand where such a packet carries its token. */
  | { readonly kind: "token"; readonly carrier: CarrierKind }
  /** The sender, all of its address, and the token that it has sent. */
  | { readonly kind: "use"; readonly carrier: CarrierKind }
  /** The 8 bytes with which the payload of a signed knock begins. */
  | { readonly kind: "tag" }
  /** 16 bytes that packets have no part in. */
  | { readonly kind: "mark" };

/** What being in a set stands for, for those who read it back from the kernel. */
export type Role =
  | { readonly kind: "grants"; readonly door: string }
  | { readonly kind: "sessions"; readonly door: string }
  | { readonly kind: "stage"; readonly door: string; readonly stage: number }
  | { readonly kind: "banned" }
  | { readonly kind: "auto-banned" }
  | { readonly kind: "wrong" }
  /** Sources whose SYN passed a short time ago by a grant. */
  | { readonly kind: "begun"; readonly door: string }
  /** Connections of which a SYN has passed by a grant, and nothing else yet. */
  | { readonly kind: "opening"; readonly door: string }
  /** Those of them of which an answer to the SYN has left this host. */
  | { readonly kind: "answered"; readonly door: string }
  /** Connections for which no socket of this host vouches. */
  | { readonly kind: "flows"; readonly door: string }
  /** Sources that have begun a connection, where connections cannot be told apart. */
  | { readonly kind: "let-through"; readonly door: string }
  /** Tokens not yet spent; the carrier is as a policy writes it. */
  | { readonly kind: "tokens"; readonly door: string; readonly carrier: string }
  /** Of which clients tokens were put in, and up to when. */
  | { readonly kind: "loaded"; readonly door: string; readonly carrier: string }
  /** Who has spent which token. */
  | { readonly kind: "uses"; readonly door: string; readonly carrier: string }
  /** With which bytes signed knocks begin at this time. */
  | { readonly kind: "signed-tags" }
  /** Which signed knocks have opened a door: none opens twice. */
  | { readonly kind: "signed-seen" };

export interface TimedSet {
  readonly name: string;
  /** Of whose packets its members are; undefined: of both families. */
  readonly family: Family | undefined;
  readonly key: Key;
  /** How many members it holds; a full set takes no more until some expire. */
  readonly capacity: number;
  /** Each membership may be used once: see the match `spend`. */
  readonly singleUse: boolean;
  readonly role: Role;
  /**
   * What it means to be a member, complete: two sets with one name and one meaning are the
   * same set, and a reload keeps its members.
   */
  readonly meaning: string;
}

export type Counter = DoorCounter | CandidateCounter;

export interface DoorCounter {
  readonly name: string;
  readonly door: string;
  readonly counts: LogKind;
}

/** Of packets that may be signed knocks, before any limit: of no door, for the agent tells which. */
export interface CandidateCounter {
  readonly name: string;
  readonly counts: "candidates";
}

export type LogKind = "open" | "refused" | "wrong" | "banned";

export interface Chain {
  readonly name: string;
  /** One line for the reader of the rules. */
  readonly note: string;
  readonly rules: readonly Rule[];
}

/** When all of `when` holds, `then` happens in order, and the packet goes `to` the next place. */
export interface Rule {
  readonly when: readonly Match[];
  readonly then: readonly Action[];
  readonly to: Verdict;
  readonly note?: string;
}

export type Match =
  | { readonly kind: "protocol"; readonly is: "tcp" | "udp" | "icmp" | "icmpv6" }
  /** The destination port, whatever the protocol that has one. */
  | { readonly kind: "to-port"; readonly first: number; readonly last: number }
  | { readonly kind: "from-loopback" }
  /** The interface that the packet came in by has the name, or with `isPrefix` a name that begins so. */
  | { readonly kind: "interface"; readonly name: string; readonly isPrefix: boolean }
  | { readonly kind: "source"; readonly in: Prefix }
  | { readonly kind: "destination"; readonly in: Prefix }
  /** Routing would keep the packet on this host (its own addresses, broadcast, multicast). */
  | { readonly kind: "destined-here" }
  /** An IPv6 fragment header, and where it stands. Only in {@link Program.fragmentChains}. */
  | {
      readonly kind: "ipv6-fragment";
      readonly is:
        | "present"
        /** Right behind the IPv6 header. */
        | "first-header"
        /** Right behind a hop-by-hop header, which is right behind the IPv6 header. */
        | "behind-hop-by-hop"
        /** Its offset is not 0. */
        | "continued";
    }
  /** An IPv6 fragment header that names the header of this number as the next one. */
  | { readonly kind: "ipv6-fragment"; readonly is: "of"; readonly header: number }
  /**
   * One right behind the IPv6 header that names destination options of 8 bytes, which in turn name
   * the header of this number; that header begins with this byte, as far as the mask says.
   */
  | {
      readonly kind: "ipv6-fragment";
      readonly is: "of-options";
      readonly header: number;
      readonly begins: { readonly byte: number; readonly mask: number };
    }
  /** A part of a packet, or its beginning. */
  | { readonly kind: "fragment"; readonly family: Family }
  /** The four bytes of the ports are in the packet. Only in {@link Program.fragmentChains}. */
  | { readonly kind: "readable-ports" }
  /**
   * Of an IPv6 packet after reassembly. `extended`: its first header is one behind which a fragment
   * header may have been. `harmless`: even so nothing that could be for a door is behind it.
   */
  | { readonly kind: "ipv6-headers"; readonly are: "extended" | "harmless" }
  /** SYN without ACK, RST and FIN (`is`), or flags that are there to read and are not so. */
  | { readonly kind: "new-connection"; readonly is: boolean }
  /** SYN and ACK without RST and FIN: a service answers a SYN. */
  | { readonly kind: "connection-answer" }
  | { readonly kind: "any-flag"; readonly of: readonly TcpFlag[] }
  /** Without options or extension headers where its length is asked for. */
  | {
      readonly kind: "echo-request";
      readonly family: Family;
      readonly payloadBytes: number | undefined;
    }
  /** These bytes stand so many bytes after the header of ICMP, UDP or TCP. */
  | {
      readonly kind: "payload";
      readonly of: "ping" | "udp" | "tcp";
      readonly at: number;
      readonly bytes: readonly number[];
    }
  /** A datagram or echo request in one packet, which has so many bytes with its headers. */
  | {
      readonly kind: "whole";
      readonly family: Family;
      readonly least: number;
      readonly most: number;
    }
  | { readonly kind: "member"; readonly of: TimedSet }
  /** A member whose one use is still free; the look-up itself takes it, so no two can. */
  | { readonly kind: "spend"; readonly of: TimedSet }
  /**
   * A socket with an address of its own would take it: a connection, or a listener on one address.
   * For those half open and those that close the backends differ.
   */
  | { readonly kind: "bound-socket" }
  /** Only a socket that listens on every address would take the packet. */
  | { readonly kind: "listener-only" }
  /** Some socket of the host would take the packet, half-open and closed ones too. */
  | { readonly kind: "has-socket" };

export type Action =
  /**
   * Puts the packet's key into the set until so much later; `renew` moves the end of a
   * membership that exists. A full set ends the rule here.
   */
  | {
      readonly kind: "remember";
      readonly in: TimedSet;
      readonly seconds: number;
      readonly renew: boolean;
    }
  | { readonly kind: "forget"; readonly in: TimedSet }
  /** Counts in a window of `seconds` from the first; ends the rule before the `after`th time. */
  | {
      readonly kind: "strike";
      readonly in: TimedSet;
      readonly seconds: number;
      readonly after: number;
    }
  | { readonly kind: "count"; readonly in: Counter }
  /** A line in the kernel log, within the rate limit of its kind. */
  | {
      readonly kind: "log";
      readonly line: LogKind;
      readonly door: string;
      /** What carried a token. */
      readonly via?: string;
    }
  /**
   * Shows the packet to the agent, within a rate limit: to whoever listens to the group of
   * `handed.ts`. It goes on as if nothing was.
   */
  | {
      readonly kind: "hand-over";
      /** As a policy writes it. */
      readonly carrier: string;
    };

export type Verdict =
  /** The gate does not object. */
  | { readonly kind: "pass" }
  /** Thrown away without an answer. */
  | { readonly kind: "drop" }
  /** Answered as the kernel answers for a port on which nothing listens. */
  | { readonly kind: "reset" }
  /** Runs another chain and comes back when it ends. */
  | { readonly kind: "jump"; readonly chain: string }
  /** Runs another chain; when that ends, the caller of this one goes on. */
  | { readonly kind: "goto"; readonly chain: string }
  | { readonly kind: "return" }
  /** The next rule. */
  | { readonly kind: "next" };
