#!/bin/sh
# A gate made by Postern, in iptables: for IPv4 and IPv6, for iptables-nft and iptables-legacy.
#
#     sh FILE           puts it up, in the place of one that stands
#     sh FILE remove    takes it away
#
# To put it up again does no harm: who is open, part way or banned stays so where that still
# means the same. The counts begin anew, and grants and bans that were given with `--for` end.
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
#
#     PREROUTING -> POSTERN: which port? Most packets meet nothing else.
#       headers: IPv6 headers behind which the ports may be others than they seem.
#       gate: the same, on the interfaces that have doors.
#       knock_DOOR: a watched port. Is it a knock?
#       attempt_DOOR, stages_DOOR: a knock. Is it for this host? How far is its source?
#         at_DOOR_N: after N steps. Is it the next one, a repeated one, or wrong?
#           made_DOOR_N: the next one, N: remember it.
#           open_DOOR, opened_DOOR: the last one: the source gets a grant.
#           wrong_DOOR: wrong: the source starts over.
#       door_DOOR: a packet to a port of the door. Is it for this host?
#         tcp_DOOR: TCP. Does it begin a connection?
#           new_DOOR: it does. Is the source banned, has it a grant?
#             pass_DOOR: it may: remember its source, and back to POSTERN.
#           listener_DOOR: it does not, and no connection of this host has it.
#           elsewhere_DOOR: it does not, and is for no socket of this host.
#         refuse_DOOR: it may not: drop it.
#
# Lists of sources, each a file of /proc/net/xt_recent:
#
#     cat FILE               shows who is in it
#     echo +ADDRESS >FILE    puts a source in; -ADDRESS takes it out, / all of them
#
# In a name, 4 or 6 is the family; then comes how long one is in it, as 10s, or always (until taken
# out); the last digits stand for what the list means. A list has room for as many sources as
# /sys/module/xt_recent/parameters/ip_list_tot says; one more, and the one seen least recently goes.
#
#     postern-DOOR_grants...            may begin connections
#     postern-DOOR_begun...             has begun a connection in the last two minutes
#     postern-DOOR_let_through...       has begun a connection, the rest of which passes
#     postern-DOOR_stageN_...           has made N steps
#     postern-banned...                 is banned by hand
#     postern-clock                     nobody: Postern reads the kernel's clock in it
set -euf
PATH=$PATH:/usr/sbin:/sbin

# Lines that begin with -4 are for iptables alone, and those with -6 for ip6tables.
rules() {
  cat <<'END'
*raw
:POSTERN - [0:0]
:POSTERN-gate - [0:0]
:POSTERN-door_ssh - [0:0]
:POSTERN-tcp_ssh - [0:0]
:POSTERN-listener_ssh - [0:0]
:POSTERN-elsewhere_ssh - [0:0]
:POSTERN-new_ssh - [0:0]
:POSTERN-pass_ssh - [0:0]
:POSTERN-refuse_ssh - [0:0]
:POSTERN-knock_ssh - [0:0]
:POSTERN-attempt_ssh - [0:0]
:POSTERN-stages_ssh - [0:0]
:POSTERN-at_ssh_1 - [0:0]
:POSTERN-made_ssh_1 - [0:0]
:POSTERN-open_ssh - [0:0]
:POSTERN-opened_ssh - [0:0]
:POSTERN-wrong_ssh - [0:0]
:POSTERN-headers - [0:0]
:POSTERN-made_of - [0:0]

# The gate covers these interfaces only.
-A POSTERN -i eth1 -j RETURN
-A POSTERN -i eth+ -g POSTERN-gate
-A POSTERN -i ppp0 -g POSTERN-gate

# Every incoming packet meets these comparisons, and most meet nothing else.
-A POSTERN-gate -6 -m u32 --u32 "4&0xFF00=0x0000,0x2B00:0x2C00,0x3C00" -j POSTERN-headers
-A POSTERN-gate -p tcp --dport 51001:54040 -j POSTERN-knock_ssh
-A POSTERN-gate -p udp --dport 51001:54040 -j POSTERN-knock_ssh
-A POSTERN-gate -p tcp --dport 22 -j POSTERN-door_ssh

# The door ssh: packets to its ports.
-A POSTERN-door_ssh -4 -p tcp --dport 22 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_ssh
-A POSTERN-door_ssh -6 -p tcp --dport 22 -m addrtype --dst-type LOCAL -g POSTERN-tcp_ssh
-A POSTERN-door_ssh -6 -p tcp --dport 22 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_ssh
-A POSTERN-door_ssh -6 -p tcp --dport 22 -d ff00::/8 -g POSTERN-tcp_ssh

# ssh: is it a new connection, or part of one that exists?
-A POSTERN-tcp_ssh -p tcp --syn -g POSTERN-new_ssh
-A POSTERN-tcp_ssh -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_ssh -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_ssh
# or a fragment that ends before its flags
-A POSTERN-tcp_ssh -g POSTERN-elsewhere_ssh

# ssh: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_ssh -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_ssh
-A POSTERN-listener_ssh -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_ssh
# no handshake ends so
-A POSTERN-listener_ssh -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_ssh
-A POSTERN-listener_ssh -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-ssh_begun4-120s-239ff33e -m recent --remove --name postern-ssh_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_ssh -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-ssh_begun6-120s-9347ec74 -m recent --remove --name postern-ssh_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_ssh -g POSTERN-refuse_ssh

# ssh: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_ssh -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-ssh_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_ssh -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-ssh_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_ssh -g POSTERN-refuse_ssh

# ssh: a new connection needs a grant.
-A POSTERN-new_ssh -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_ssh
-A POSTERN-new_ssh -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_ssh
-A POSTERN-new_ssh -4 -m recent --rcheck --seconds 10 --name postern-ssh_grants4-10s-4b5a5d1d -g POSTERN-pass_ssh
-A POSTERN-new_ssh -4 -m recent --rcheck --seconds 3600 --name postern-ssh_grants4-3600s-4b5a5d1d -g POSTERN-pass_ssh
-A POSTERN-new_ssh -6 -m recent --rcheck --seconds 10 --name postern-ssh_grants6-10s-fff784e5 -g POSTERN-pass_ssh
-A POSTERN-new_ssh -6 -m recent --rcheck --seconds 3600 --name postern-ssh_grants6-3600s-fff784e5 -g POSTERN-pass_ssh
-A POSTERN-new_ssh -g POSTERN-refuse_ssh

# ssh: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_ssh -4 -m recent --set --name postern-ssh_begun4-120s-239ff33e
-A POSTERN-pass_ssh -4 -m recent --set --name postern-ssh_let_through4-432000s-7ed8f02b
-A POSTERN-pass_ssh -6 -m recent --set --name postern-ssh_begun6-120s-9347ec74
-A POSTERN-pass_ssh -6 -m recent --set --name postern-ssh_let_through6-432000s-94d7df63

# ssh: refused.
-A POSTERN-refuse_ssh -m comment --comment "counts=ssh_refused" -j DROP

# ssh: of TCP only new connections knock.
-A POSTERN-knock_ssh -p tcp --syn -g POSTERN-attempt_ssh
-A POSTERN-knock_ssh -p udp -g POSTERN-attempt_ssh

# ssh: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_ssh -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_ssh
-A POSTERN-attempt_ssh -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_ssh
-A POSTERN-attempt_ssh -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_ssh
-A POSTERN-attempt_ssh -6 -d ff00::/8 -g POSTERN-stages_ssh

# ssh: at which stage is the source?
-A POSTERN-stages_ssh -4 -m recent --rcheck --seconds 10 --name postern-ssh_stage1_4-10s-fe64394f -g POSTERN-at_ssh_1
-A POSTERN-stages_ssh -6 -m recent --rcheck --seconds 10 --name postern-ssh_stage1_6-10s-4d6ff82f -g POSTERN-at_ssh_1
-A POSTERN-stages_ssh -p tcp --dport 51001 -g POSTERN-made_ssh_1
-A POSTERN-stages_ssh -p udp --dport 51001 -g POSTERN-made_ssh_1

# ssh: after 1 of 2 steps; the next is 54040.
-A POSTERN-at_ssh_1 -p tcp --dport 54040 -g POSTERN-open_ssh
-A POSTERN-at_ssh_1 -p udp --dport 54040 -g POSTERN-open_ssh
# a repeated step
-A POSTERN-at_ssh_1 -p tcp --dport 51001 -j RETURN
-A POSTERN-at_ssh_1 -p udp --dport 51001 -j RETURN
-A POSTERN-at_ssh_1 -4 -m recent --remove --name postern-ssh_stage1_4-10s-fe64394f
-A POSTERN-at_ssh_1 -6 -m recent --remove --name postern-ssh_stage1_6-10s-4d6ff82f
-A POSTERN-at_ssh_1 -g POSTERN-wrong_ssh

# ssh: step 1 is made.
-A POSTERN-made_ssh_1 -4 -m recent --set --name postern-ssh_stage1_4-10s-fe64394f
-A POSTERN-made_ssh_1 -6 -m recent --set --name postern-ssh_stage1_6-10s-4d6ff82f

# ssh: the last step is made. The source gets a grant.
-A POSTERN-open_ssh -4 -m recent --remove --name postern-ssh_grants4-3600s-4b5a5d1d
-A POSTERN-open_ssh -4 -m recent --set --name postern-ssh_grants4-10s-4b5a5d1d
-A POSTERN-open_ssh -4 -m recent --remove --name postern-ssh_stage1_4-10s-fe64394f
-A POSTERN-open_ssh -4 -g POSTERN-opened_ssh
-A POSTERN-open_ssh -6 -m recent --remove --name postern-ssh_grants6-3600s-fff784e5
-A POSTERN-open_ssh -6 -m recent --set --name postern-ssh_grants6-10s-fff784e5
-A POSTERN-open_ssh -6 -m recent --remove --name postern-ssh_stage1_6-10s-4d6ff82f
-A POSTERN-open_ssh -6 -g POSTERN-opened_ssh

# ssh: count and log an opening.
-A POSTERN-opened_ssh -m comment --comment "counts=ssh_open"

# ssh: not a step of the attempt, which starts over.
-A POSTERN-wrong_ssh -m comment --comment "counts=ssh_wrong"

# IPv6 headers behind which the host may find something else than these rules.
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x0000&&40>>24=1:5,7:16,18:42,45:50,52:59,61:255" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=41&&40>>13&0x7F8@48>>24=0x60:0x6F" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=4&&40>>13&0x7F8@48>>24=0x40:0x4F" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=47&&40>>13&0x7F8@48>>24=0x10,0x20,0x30,0x80,0x90,0xA0,0xB0" -j RETURN
# also a fragment that could not be put together
-A POSTERN-headers -4 -m addrtype ! --dst-type UNICAST -j DROP
-A POSTERN-headers -6 -m addrtype --dst-type LOCAL -j DROP
-A POSTERN-headers -6 -m addrtype --dst-type ANYCAST -j DROP
-A POSTERN-headers -6 -d ff00::/8 -j DROP

# No packet comes here. It tells Postern what the gate is made of, and keeps every list there.
-A POSTERN-made_of -m comment --comment "policy=696b199d38e69439"
# That a rule asks for sockets makes the kernel put fragments together before these rules.
-A POSTERN-made_of -p tcp -m socket
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh_grants4-10s-4b5a5d1d for=10s role=grants door=ssh family=ipv4 prefix=32 meaning=43dde6964b5a5d1d" -m recent --set --name postern-ssh_grants4-10s-4b5a5d1d
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh_grants4-3600s-4b5a5d1d for=3600s role=grants door=ssh family=ipv4 prefix=32 meaning=43dde6964b5a5d1d" -m recent --set --name postern-ssh_grants4-3600s-4b5a5d1d
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh_grants6-10s-fff784e5 for=10s role=grants door=ssh family=ipv6 prefix=128 meaning=9a31a861fff784e5" -m recent --set --name postern-ssh_grants6-10s-fff784e5
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh_grants6-3600s-fff784e5 for=3600s role=grants door=ssh family=ipv6 prefix=128 meaning=9a31a861fff784e5" -m recent --set --name postern-ssh_grants6-3600s-fff784e5
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh_begun4-120s-239ff33e for=120s role=begun door=ssh family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-ssh_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh_begun6-120s-9347ec74 for=120s role=begun door=ssh family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-ssh_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh_let_through4-432000s-7ed8f02b for=432000s role=let-through door=ssh family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-ssh_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh_let_through6-432000s-94d7df63 for=432000s role=let-through door=ssh family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-ssh_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh_stage1_4-10s-fe64394f for=10s role=stage door=ssh stage=1 family=ipv4 prefix=32 meaning=f7cfb56efe64394f" -m recent --set --name postern-ssh_stage1_4-10s-fe64394f
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh_stage1_6-10s-4d6ff82f for=10s role=stage door=ssh stage=1 family=ipv6 prefix=128 meaning=8ab1909a4d6ff82f" -m recent --set --name postern-ssh_stage1_6-10s-4d6ff82f
-A POSTERN-made_of -4 -m comment --comment "list=postern-banned4-always-44b432a4 for=always role=banned family=ipv4 prefix=32 meaning=daa93fc644b432a4" -m recent --set --name postern-banned4-always-44b432a4
-A POSTERN-made_of -6 -m comment --comment "list=postern-banned6-always-44c29f0b for=always role=banned family=ipv6 prefix=64 meaning=daba3bc644c29f0b" -m recent --set --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff::
-A POSTERN-made_of -m recent --set --name postern-clock
END
}

# What NAME-save prints, in words for NAME-restore: own rules | own jumps | own away
#     rules   the chains of the gate and what is in them
#     jumps   what leads to them from other chains, each in its place
#     away    what takes those jumps away
own() {
  awk -v want="$1" '
    function ours(chain) { return chain ~ /^POSTERN(-|$)/ }
    want == "rules" && /^:/ && ours(substr($1, 2)) { print $1 " - [0:0]" }
    !/^\[[0-9]+:[0-9]+\] -A / { next }
    { place[$3]++ }
    ours($3) { if (want == "rules") print; next }
    {
      words = $0
      gsub(/"([^"\\]|\\.)*"/, "", words)  # a comment leads nowhere
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
    printf '%s\n' "$saved" >&2
    return 1
  }
}

# What makes RULES and JUMPS the gate of a family, or takes it away: change NAME RULES JUMPS
change() {
  save "$1" || return
  gate=$(printf '%s\n' "$saved" | own rules)
  away=$(printf '%s\n' "$saved" | own away)
  if [ -z "$2$gate$away" ]; then return; fi
  stale=''
  for chain in $(printf '%s\n' "$gate" | sed -n 's/^:\([^ ]*\) .*/\1/p'); do
    case $2 in *":$chain "*) ;; *) stale="$stale $chain" ;; esac
  done
  echo '*raw'
  # Without empty lines: iptables-nft 1.8.4 takes the first one for the end.
  printf '%s\n' "$2" | sed '/^$/d; /^\*raw$/d'
  for chain in $stale; do echo ":$chain - [0:0]"; done
  printf '%s\n' "$away" | sed '/^$/d'
  for chain in $stale; do echo "-X $chain"; done
  printf '%s\n' "$3" | sed '/^$/d'
  echo COMMIT
}

# One transaction, or only a look at whether it would do: load NAME CHANGE [--test]
load() {
  if [ -n "$2" ]; then
    printf '%s\n' "$2" | "$1-restore" --noflush --counters $wait ${3:+"$3"}
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

case $#:${1:-} in
  0:) new=$(rules) && jump='-I PREROUTING -j POSTERN' ;;
  1:remove) new='' && jump='' ;;
  *) echo "usage: sh $0 [remove]" >&2 && exit 2 ;;
esac
ipv4=${IPTABLES:-iptables}
ipv6=ip6${ipv4#ip}

save "$ipv4" || fail "$ipv4-save failed; nothing has been changed"
rules=$(printf '%s\n' "$saved" | own rules)
jumps=$(printf '%s\n' "$saved" | own jumps)
case $rules in
  *:POSTERN-made_of\ * | "") ;;
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
