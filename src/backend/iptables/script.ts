/** A program as a shell script, for a host that has iptables and neither Postern nor Node.js. */
import { FAMILIES, type Family } from "../../policy/address.ts";
import type { Chain, Program } from "../../program/program.ts";
import type { Saved } from "./listing.ts";
import { listsOf } from "./lists.ts";
import { CLOCK } from "./names.ts";
import { printRules } from "./print.ts";
import { OPTION } from "./print-match.ts";

export function printScript(program: Program): string {
  return [
    HEAD,
    ...wayThrough(program.chains),
    LISTS,
    ...kindsOfLists(program),
    ...(program.logs.length === 0 ? [] : [LOGS]),
    BEGIN,
    ...printRules(program),
    END,
  ].join("\n");
}

/** The same of rules as they once stood, without what they had counted. */
export function printSavedScript(saved: Readonly<Record<Family, Saved>>): string {
  const chains = new Set([...saved.ipv4.chains, ...saved.ipv6.chains]);
  return [
    HEAD,
    LISTS,
    CLOCK_LINE,
    BEGIN,
    "*raw",
    ...[...chains].map((chain) => `:${chain} - [0:0]`),
    ...FAMILIES.flatMap((family) => saved[family].rules.map((rule) => forFamily(rule, family))),
    END,
  ].join("\n");
}

/** `[7:420] -A CHAIN ...`: of one family alone, and so that the same rules make the same text. */
function forFamily(rule: string, family: Family): string {
  return rule.replace(/^(\[\S+ )?(-A \S+)/, `$2 ${OPTION[family]}`);
}

/** What a reader wants to know before the first rule. */
const HEAD = `#!/bin/sh
# A gate made by Postern, in iptables: for IPv4 and IPv6, for iptables-nft and iptables-legacy.
#
#     sh FILE           puts it up, in the place of one that stands
#     sh FILE remove    takes it away
#
# To put it up again does no harm: who is open, part way or banned stays so where that still
# means the same. The counts begin anew, and grants and bans that were given with \`--for\` end.
# The rules live until the next boot.
#
# IPTABLES=iptables-legacy (or iptables-nft) before the line chooses one of two that are installed.
# A gate in the other one is taken away once this one stands. By the options in use, iptables
# 1.4.15 and Linux 3.5 are the oldest; from 1.6.2 on another program's change is waited for.
#
# Each family is one transaction. If the second cannot be loaded the first goes back to what it
# was. The gate stands in the raw table, before connection tracking and NAT, and only ever
# refuses: what it lets through, the rules behind it judge. It touches nothing but its own chains,
# POSTERN and POSTERN-*, and the one jump to them.
#
# The way of a packet. After -j it comes back when nothing more is to be done; after -g it does
# not, and comes back to where the last -j was. Who comes to the end of POSTERN has passed. A name
# that is too long for the kernel ends in four digits instead.
#`;

/** By what the names of chains begin with. */
const WAY: readonly (readonly [string, string])[] = [
  ["", "PREROUTING -> POSTERN: which port? Most packets meet nothing else."],
  ["headers", "  headers: IPv6 headers behind which the ports may be others than they seem."],
  ["gate", "  gate: the same, on the interfaces that have doors."],
  ["knocks", "  knocks...: which port of many, for knocks?"],
  ["services", "  services...: which port of many, for doors?"],
  ["pings", "  pings: is it an echo request of a length that is a step?"],
  ["steps_", "  steps_DOOR: is it a step outside of the watched ports?"],
  ["knock_", "  knock_DOOR: a watched port. Is it a knock?"],
  ["attempt_", "  attempt_DOOR, stages_DOOR: a knock. Is it for this host? How far is its source?"],
  ["at_", "    at_DOOR_N: after N steps. Is it the next one, a repeated one, or wrong?"],
  ["made_", "      made_DOOR_N: the next one, N: remember it."],
  ["open_", "      open_DOOR, opened_DOOR: the last one: the source gets a grant."],
  ["wrong_", "      wrong_DOOR: wrong: the source starts over."],
  ["banned_", "        banned_DOOR: too often: the source is banned."],
  ["door_", "  door_DOOR: a packet to a port of the door. Is it for this host?"],
  ["tcp_", "    tcp_DOOR: TCP. Does it begin a connection?"],
  ["new_", "      new_DOOR: it does. Is the source banned, has it a grant?"],
  ["pass_", "        pass_DOOR: it may: remember its source, and back to POSTERN."],
  ["listener_", "      listener_DOOR: it does not, and no connection of this host has it."],
  ["elsewhere_", "      elsewhere_DOOR: it does not, and is for no socket of this host."],
  ["udp_", "    udp_DOOR: UDP. Is there a session, or a grant to begin one?"],
  ["refuse_", "    refuse_DOOR: it may not: drop it."],
];

function wayThrough(chains: readonly Chain[]): string[] {
  return WAY.filter(([start]) => chains.some(({ name }) => name.startsWith(start))).map(
    ([, words]) => `#     ${words}`,
  );
}

const LISTS = `#
# Lists of sources, each a file of /proc/net/xt_recent:
#
#     cat FILE               shows who is in it
#     echo +ADDRESS >FILE    puts a source in; -ADDRESS takes it out, / all of them
#
# In a name, 4 or 6 is the family; then comes how long one is in it, as 10s, or always (until taken
# out); the last digits stand for what the list means. A list has room for as many sources as
# /sys/module/xt_recent/parameters/ip_list_tot says; one more, and the one seen least recently goes.
#`;

/** By the kind of a set, with the beginning of its lists' names. */
const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  grants: ["DOOR_grants", "may begin connections"],
  stage: ["DOOR_stageN_", "has made N steps"],
  sessions: ["DOOR_sessions", "has a UDP session, as long as packets come"],
  banned: ["banned", "is banned by hand"],
  "auto-banned": ["auto_banned", "is banned for wrong steps"],
  wrong: ["wrong", "has made wrong steps; in the list called window: since when"],
  begun: ["DOOR_begun", "has begun a connection in the last two minutes"],
  "let-through": ["DOOR_let_through", "has begun a connection, the rest of which passes"],
};

function kindsOfLists(program: Program): string[] {
  const roles = new Set(listsOf(program).map(({ set }) => set.role.kind));
  const lines = [...roles].flatMap((role) => {
    const [name, meaning] = KINDS[role] ?? [];
    return name === undefined ? [] : [[`postern-${name}...`, meaning]];
  });
  return [...lines.map(([name = "", meaning = ""]) => listLine(name, meaning)), CLOCK_LINE];
}

function listLine(name: string, meaning: string): string {
  return `#     ${name.padEnd(33)} ${meaning}`;
}

const CLOCK_LINE = listLine(CLOCK, "nobody: Postern reads the kernel's clock in it");

const LOGS = `#
# The kernel log holds at most 5 lines a second of each kind, and the counts all.`;

const BEGIN = `set -euf
PATH=$PATH:/usr/sbin:/sbin

# Lines that begin with -4 are for iptables alone, and those with -6 for ip6tables.
rules() {
  cat <<'END'`;

const END = `END
}

# What NAME-save prints, in words for NAME-restore: own rules | own jumps | own away
#     rules   the chains of the gate and what is in them
#     jumps   what leads to them from other chains, each in its place
#     away    what takes those jumps away
own() {
  awk -v want="$1" '
    function ours(chain) { return chain ~ /^POSTERN(-|$)/ }
    want == "rules" && /^:/ && ours(substr($1, 2)) { print $1 " - [0:0]" }
    !/^\\[[0-9]+:[0-9]+\\] -A / { next }
    { place[$3]++ }
    ours($3) { if (want == "rules") print; next }
    {
      words = $0
      gsub(/"([^"\\\\]|\\\\.)*"/, "", words)  # a comment leads nowhere
      if (words !~ / -[jg] POSTERN(-[^ ]*)?( |$)/) next
      rule = $0
      sub(/^[^ ]+ -A [^ ]+ /, "", rule)
      if (want == "jumps") print $1 " -I " $3 " " place[$3] " " rule
      if (want == "away") print "-D " $3 " " rule
    }'
}

# What stands of a family, in $saved. Warnings are no matter, unless it fails: save NAME
save() {
  saved=$("$1-save" --counters --table raw 2>&1) || {
    printf '%s\\n' "$saved" >&2
    return 1
  }
}

# What makes RULES and JUMPS the gate of a family, or takes it away: change NAME RULES JUMPS
change() {
  save "$1" || return
  gate=$(printf '%s\\n' "$saved" | own rules)
  away=$(printf '%s\\n' "$saved" | own away)
  if [ -z "$2$gate$away" ]; then return; fi
  stale=''
  for chain in $(printf '%s\\n' "$gate" | sed -n 's/^:\\([^ ]*\\) .*/\\1/p'); do
    case $2 in *":$chain "*) ;; *) stale="$stale $chain" ;; esac
  done
  echo '*raw'
  # Without empty lines: iptables-nft 1.8.4 takes the first one for the end.
  printf '%s\\n' "$2" | sed '/^$/d; /^\\*raw$/d'
  for chain in $stale; do echo ":$chain - [0:0]"; done
  printf '%s\\n' "$away" | sed '/^$/d'
  for chain in $stale; do echo "-X $chain"; done
  printf '%s\\n' "$3" | sed '/^$/d'
  echo COMMIT
}

# One transaction, or only a look at whether it would do: load NAME CHANGE [--test]
load() {
  if [ -n "$2" ]; then
    printf '%s\\n' "$2" | "$1-restore" --noflush --counters $wait \${3:+"$3"}
  fi
}

# Whether there is a gate: stands NAME
stands() {
  command -v "$1-save" >/dev/null && "$1-save" --table raw 2>/dev/null | grep -q '^:POSTERN '
}

fail() {
  echo "$0: $*" >&2
  exit 1
}

case $#:\${1:-} in
  0:) new=$(rules) && jump='-I PREROUTING -j POSTERN' ;;
  1:remove) new='' && jump='' ;;
  *) echo "usage: sh $0 [remove]" >&2 && exit 2 ;;
esac
ipv4=\${IPTABLES:-iptables}
ipv6=ip6\${ipv4#ip}

save "$ipv4" || fail "$ipv4-save failed; nothing has been changed"
rules=$(printf '%s\\n' "$saved" | own rules)
jumps=$(printf '%s\\n' "$saved" | own jumps)
case $rules in
  *:POSTERN-made_of\\ * | "") ;;
  *) fail "there are chains POSTERN that Postern did not make; give them another name" ;;
esac

# Before iptables 1.6.2 there was no lock that one could wait for.
case $("$ipv4-restore" --help 2>&1) in *--wait*) wait=--wait=10 ;; *) wait='' ;; esac
{ change4=$(change "$ipv4" "$new" "$jump") && load "$ipv4" "$change4" --test; } ||
  fail "$ipv4 refused; nothing has been changed"
change6=''
if [ -e /proc/net/if_inet6 ]; then
  { change6=$(change "$ipv6" "$new" "$jump") && load "$ipv6" "$change6" --test; } ||
    fail "$ipv6 refused; nothing has been changed"
fi

# From here on to the end: one family with the gate and one without would be half a gate.
trap '' HUP INT TERM
load "$ipv4" "$change4" || fail "$ipv4 refused; nothing has been changed"
if ! load "$ipv6" "$change6"; then
  { back=$(change "$ipv4" "$rules" "$jumps") && load "$ipv4" "$back"; } ||
    fail "$ipv6 refused, and now $ipv4 did: IPv4 has changed alone"
  fail "$ipv6 refused; $ipv4 is again what it was"
fi

# Of two gates on one host each would count the knocks and take the grants of the other.
case $("$ipv4" --version) in *nf_tables*) other=legacy ;; *) other=nft ;; esac
# To ask iptables-legacy for a table that it has not makes it.
if [ "$other" = nft ] || grep -qsx raw /proc/net/ip_tables_names /proc/net/ip6_tables_names; then
  for name in "iptables-$other" "ip6tables-$other"; do
    if stands "$name"; then
      { gone=$(change "$name" '' '') && load "$name" "$gone"; } || fail "$name keeps its gate"
    fi
  done
fi
`;
