/** Names that the printed rules and the kernel's listing share. */

export const TABLE = "inet postern";

/** Holds what IPv6 packets meet before reassembly: in a table of both families IPv4 would pay, too. */
export const FRAGMENTS_TABLE = "ip6 postern";

/** The hook of the gate; see design 5.1 for why it stands there. */
export const HOOK = "type filter hook prerouting priority raw - 10; policy accept;";

/** Before the kernel puts fragments together, which it does at -400 where somebody asks for it. */
export const FRAGMENTS_HOOK = "type filter hook prerouting priority -450; policy accept;";

/** After source NAT, of iptables as well: a packet's addresses and ports are those that its receiver sees. */
export const ANSWERS_HOOK = "type filter hook postrouting priority srcnat + 10; policy accept;";

/** Of the program's own chains none may have these names. */
export const ANSWER_AS_CLOSED = "answer_as_closed";
export const REASSEMBLE = "reassemble";

/** Holds the fingerprint of the policy that the rules are made of, in a comment on its one rule. */
export const MADE_OF = "made_of";
export const FINGERPRINT = "policy=";
