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
:POSTERN-door_inside - [0:0]
:POSTERN-tcp_inside - [0:0]
:POSTERN-elsewhere_inside - [0:0]
:POSTERN-new_inside - [0:0]
:POSTERN-pass_inside - [0:0]
:POSTERN-refuse_inside - [0:0]
:POSTERN-knock_inside - [0:0]
:POSTERN-attempt_inside - [0:0]
:POSTERN-stages_inside - [0:0]
:POSTERN-at_inside_1 - [0:0]
:POSTERN-made_inside_1 - [0:0]
:POSTERN-open_inside - [0:0]
:POSTERN-opened_inside - [0:0]
:POSTERN-wrong_inside - [0:0]
:POSTERN-door_outside - [0:0]
:POSTERN-tcp_outside - [0:0]
:POSTERN-elsewhere_outside - [0:0]
:POSTERN-new_outside - [0:0]
:POSTERN-pass_outside - [0:0]
:POSTERN-refuse_outside - [0:0]
:POSTERN-knock_outside - [0:0]
:POSTERN-attempt_outside - [0:0]
:POSTERN-stages_outside - [0:0]
:POSTERN-at_outside_1 - [0:0]
:POSTERN-made_outside_1 - [0:0]
:POSTERN-open_outside - [0:0]
:POSTERN-opened_outside - [0:0]
:POSTERN-wrong_outside - [0:0]
:POSTERN-headers - [0:0]
:POSTERN-made_of - [0:0]

# Every incoming packet meets these comparisons, and most meet nothing else.
-A POSTERN -6 -m u32 --u32 "4&0xFF00=0x0000,0x2B00:0x2C00,0x3C00" -j POSTERN-headers
-A POSTERN -p tcp --dport 51001:54040 -j POSTERN-knock_inside
-A POSTERN -p udp --dport 51001:54040 -j POSTERN-knock_inside
-A POSTERN -p tcp --dport 51001:54041 -j POSTERN-knock_outside
-A POSTERN -p udp --dport 51001:54041 -j POSTERN-knock_outside
-A POSTERN -p tcp --dport 22 -j POSTERN-door_inside
-A POSTERN -p tcp --dport 22 -j POSTERN-door_outside

# The door inside: packets to its ports.
-A POSTERN-door_inside -i lo -j RETURN
-A POSTERN-door_inside -4 -p tcp --dport 22 -d 203.0.113.7 -g POSTERN-tcp_inside
-A POSTERN-door_inside -6 -p tcp --dport 22 -d 2001:db8::7 -g POSTERN-tcp_inside

# inside: is it a new connection, or part of one that exists?
-A POSTERN-tcp_inside -p tcp --syn -g POSTERN-new_inside
-A POSTERN-tcp_inside -p tcp ! --syn -m socket -j RETURN
# or a fragment that ends before its flags
-A POSTERN-tcp_inside -g POSTERN-elsewhere_inside

# inside: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_inside -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-inside_let_through4-432000s-a20796e8 -j RETURN
-A POSTERN-elsewhere_inside -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-inside_let_through6-432000s-486823ae -j RETURN
-A POSTERN-elsewhere_inside -g POSTERN-refuse_inside

# inside: a new connection needs a grant.
-A POSTERN-new_inside -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_inside
-A POSTERN-new_inside -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_inside
-A POSTERN-new_inside -4 -m recent --rcheck --seconds 10 --name postern-inside_grants4-10s-1cf8368a -g POSTERN-pass_inside
-A POSTERN-new_inside -4 -m recent --rcheck --seconds 3600 --name postern-inside_grants4-3600s-1cf8368a -g POSTERN-pass_inside
-A POSTERN-new_inside -6 -m recent --rcheck --seconds 10 --name postern-inside_grants6-10s-43e53e58 -g POSTERN-pass_inside
-A POSTERN-new_inside -6 -m recent --rcheck --seconds 3600 --name postern-inside_grants6-3600s-43e53e58 -g POSTERN-pass_inside
-A POSTERN-new_inside -g POSTERN-refuse_inside

# inside: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_inside -4 -m recent --set --name postern-inside_begun4-120s-de5031b3
-A POSTERN-pass_inside -4 -m recent --set --name postern-inside_let_through4-432000s-a20796e8
-A POSTERN-pass_inside -6 -m recent --set --name postern-inside_begun6-120s-ccd8f02b
-A POSTERN-pass_inside -6 -m recent --set --name postern-inside_let_through6-432000s-486823ae

# inside: refused.
-A POSTERN-refuse_inside -m comment --comment "counts=inside_refused" -j DROP

# inside: of TCP only new connections knock.
-A POSTERN-knock_inside -p tcp --syn -g POSTERN-attempt_inside
-A POSTERN-knock_inside -p udp -g POSTERN-attempt_inside

# inside: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_inside -i lo -j RETURN
-A POSTERN-attempt_inside -4 -d 203.0.113.7 -g POSTERN-stages_inside
-A POSTERN-attempt_inside -6 -d 2001:db8::7 -g POSTERN-stages_inside

# inside: at which stage is the source?
-A POSTERN-stages_inside -4 -m recent --rcheck --seconds 10 --name postern-inside_stage1_4-10s-f776899c -g POSTERN-at_inside_1
-A POSTERN-stages_inside -6 -m recent --rcheck --seconds 10 --name postern-inside_stage1_6-10s-73eec1ea -g POSTERN-at_inside_1
-A POSTERN-stages_inside -p tcp --dport 51001 -g POSTERN-made_inside_1
-A POSTERN-stages_inside -p udp --dport 51001 -g POSTERN-made_inside_1

# inside: after 1 of 2 steps; the next is 54040.
-A POSTERN-at_inside_1 -p tcp --dport 54040 -g POSTERN-open_inside
-A POSTERN-at_inside_1 -p udp --dport 54040 -g POSTERN-open_inside
# a repeated step
-A POSTERN-at_inside_1 -p tcp --dport 51001 -j RETURN
-A POSTERN-at_inside_1 -p udp --dport 51001 -j RETURN
-A POSTERN-at_inside_1 -4 -m recent --remove --name postern-inside_stage1_4-10s-f776899c
-A POSTERN-at_inside_1 -6 -m recent --remove --name postern-inside_stage1_6-10s-73eec1ea
-A POSTERN-at_inside_1 -g POSTERN-wrong_inside

# inside: step 1 is made.
-A POSTERN-made_inside_1 -4 -m recent --set --name postern-inside_stage1_4-10s-f776899c
-A POSTERN-made_inside_1 -6 -m recent --set --name postern-inside_stage1_6-10s-73eec1ea

# inside: the last step is made. The source gets a grant.
-A POSTERN-open_inside -4 -m recent --remove --name postern-inside_grants4-3600s-1cf8368a
-A POSTERN-open_inside -4 -m recent --set --name postern-inside_grants4-10s-1cf8368a
-A POSTERN-open_inside -4 -m recent --remove --name postern-inside_stage1_4-10s-f776899c
-A POSTERN-open_inside -4 -g POSTERN-opened_inside
-A POSTERN-open_inside -6 -m recent --remove --name postern-inside_grants6-3600s-43e53e58
-A POSTERN-open_inside -6 -m recent --set --name postern-inside_grants6-10s-43e53e58
-A POSTERN-open_inside -6 -m recent --remove --name postern-inside_stage1_6-10s-73eec1ea
-A POSTERN-open_inside -6 -g POSTERN-opened_inside

# inside: count and log an opening.
-A POSTERN-opened_inside -m comment --comment "counts=inside_open"

# inside: not a step of the attempt, which starts over.
-A POSTERN-wrong_inside -m comment --comment "counts=inside_wrong"

# The door outside: packets to its ports.
-A POSTERN-door_outside -i lo -j RETURN
-A POSTERN-door_outside -4 -p tcp --dport 22 -d 198.51.100.0/24 -g POSTERN-tcp_outside

# outside: is it a new connection, or part of one that exists?
-A POSTERN-tcp_outside -p tcp --syn -g POSTERN-new_outside
-A POSTERN-tcp_outside -p tcp ! --syn -m socket -j RETURN
# or a fragment that ends before its flags
-A POSTERN-tcp_outside -g POSTERN-elsewhere_outside

# outside: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_outside -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-outside_let_through4-432000s-0b667e5b -j RETURN
-A POSTERN-elsewhere_outside -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-outside_let_through6-432000s-67ef1cd3 -j RETURN
-A POSTERN-elsewhere_outside -g POSTERN-refuse_outside

# outside: a new connection needs a grant.
-A POSTERN-new_outside -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_outside
-A POSTERN-new_outside -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_outside
-A POSTERN-new_outside -4 -m recent --rcheck --seconds 10 --name postern-outside_grants4-10s-911bf0d5 -g POSTERN-pass_outside
-A POSTERN-new_outside -4 -m recent --rcheck --seconds 3600 --name postern-outside_grants4-3600s-911bf0d5 -g POSTERN-pass_outside
-A POSTERN-new_outside -6 -m recent --rcheck --seconds 10 --name postern-outside_grants6-10s-8842739d -g POSTERN-pass_outside
-A POSTERN-new_outside -6 -m recent --rcheck --seconds 3600 --name postern-outside_grants6-3600s-8842739d -g POSTERN-pass_outside
-A POSTERN-new_outside -g POSTERN-refuse_outside

# outside: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_outside -4 -m recent --set --name postern-outside_begun4-120s-23bb43f0
-A POSTERN-pass_outside -4 -m recent --set --name postern-outside_let_through4-432000s-0b667e5b
-A POSTERN-pass_outside -6 -m recent --set --name postern-outside_begun6-120s-ad13def6
-A POSTERN-pass_outside -6 -m recent --set --name postern-outside_let_through6-432000s-67ef1cd3

# outside: refused.
-A POSTERN-refuse_outside -m comment --comment "counts=outside_refused" -j DROP

# outside: of TCP only new connections knock.
-A POSTERN-knock_outside -p tcp --syn -g POSTERN-attempt_outside
-A POSTERN-knock_outside -p udp -g POSTERN-attempt_outside

# outside: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_outside -i lo -j RETURN
-A POSTERN-attempt_outside -4 -d 198.51.100.0/24 -g POSTERN-stages_outside

# outside: at which stage is the source?
-A POSTERN-stages_outside -4 -m recent --rcheck --seconds 10 --name postern-outside_stage1_4-10s-15f2dba7 -g POSTERN-at_outside_1
-A POSTERN-stages_outside -6 -m recent --rcheck --seconds 10 --name postern-outside_stage1_6-10s-547189c7 -g POSTERN-at_outside_1
-A POSTERN-stages_outside -p tcp --dport 51001 -g POSTERN-made_outside_1
-A POSTERN-stages_outside -p udp --dport 51001 -g POSTERN-made_outside_1

# outside: after 1 of 2 steps; the next is 54041.
-A POSTERN-at_outside_1 -p tcp --dport 54041 -g POSTERN-open_outside
-A POSTERN-at_outside_1 -p udp --dport 54041 -g POSTERN-open_outside
# a repeated step
-A POSTERN-at_outside_1 -p tcp --dport 51001 -j RETURN
-A POSTERN-at_outside_1 -p udp --dport 51001 -j RETURN
-A POSTERN-at_outside_1 -4 -m recent --remove --name postern-outside_stage1_4-10s-15f2dba7
-A POSTERN-at_outside_1 -6 -m recent --remove --name postern-outside_stage1_6-10s-547189c7
-A POSTERN-at_outside_1 -g POSTERN-wrong_outside

# outside: step 1 is made.
-A POSTERN-made_outside_1 -4 -m recent --set --name postern-outside_stage1_4-10s-15f2dba7
-A POSTERN-made_outside_1 -6 -m recent --set --name postern-outside_stage1_6-10s-547189c7

# outside: the last step is made. The source gets a grant.
-A POSTERN-open_outside -4 -m recent --remove --name postern-outside_grants4-3600s-911bf0d5
-A POSTERN-open_outside -4 -m recent --set --name postern-outside_grants4-10s-911bf0d5
-A POSTERN-open_outside -4 -m recent --remove --name postern-outside_stage1_4-10s-15f2dba7
-A POSTERN-open_outside -4 -g POSTERN-opened_outside
-A POSTERN-open_outside -6 -m recent --remove --name postern-outside_grants6-3600s-8842739d
-A POSTERN-open_outside -6 -m recent --set --name postern-outside_grants6-10s-8842739d
-A POSTERN-open_outside -6 -m recent --remove --name postern-outside_stage1_6-10s-547189c7
-A POSTERN-open_outside -6 -g POSTERN-opened_outside

# outside: count and log an opening.
-A POSTERN-opened_outside -m comment --comment "counts=outside_open"

# outside: not a step of the attempt, which starts over.
-A POSTERN-wrong_outside -m comment --comment "counts=outside_wrong"

# IPv6 headers behind which the host may find something else than these rules.
-A POSTERN-headers -i lo -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x0000&&40>>24=1:5,7:16,18:42,45:50,52:59,61:255" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=41&&40>>13&0x7F8@48>>24=0x60:0x6F" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=4&&40>>13&0x7F8@48>>24=0x40:0x4F" -j RETURN
-A POSTERN-headers -6 -m u32 --u32 "4&0xFF00=0x2B00,0x3C00&&40>>24=47&&40>>13&0x7F8@48>>24=0x10,0x20,0x30,0x80,0x90,0xA0,0xB0" -j RETURN
# also a fragment that could not be put together
-A POSTERN-headers -6 -d 2001:db8::7 -j DROP

# No packet comes here. It tells Postern what the gate is made of, and keeps every list there.
-A POSTERN-made_of -m comment --comment "policy=a12a0258207dd21e"
# That a rule asks for sockets makes the kernel put fragments together before these rules.
-A POSTERN-made_of -p tcp -m socket
-A POSTERN-made_of -4 -m comment --comment "list=postern-inside_grants4-10s-1cf8368a for=10s role=grants door=inside family=ipv4 prefix=32 meaning=ff156fa51cf8368a" -m recent --set --name postern-inside_grants4-10s-1cf8368a
-A POSTERN-made_of -4 -m comment --comment "list=postern-inside_grants4-3600s-1cf8368a for=3600s role=grants door=inside family=ipv4 prefix=32 meaning=ff156fa51cf8368a" -m recent --set --name postern-inside_grants4-3600s-1cf8368a
-A POSTERN-made_of -6 -m comment --comment "list=postern-inside_grants6-10s-43e53e58 for=10s role=grants door=inside family=ipv6 prefix=128 meaning=7b55359043e53e58" -m recent --set --name postern-inside_grants6-10s-43e53e58
-A POSTERN-made_of -6 -m comment --comment "list=postern-inside_grants6-3600s-43e53e58 for=3600s role=grants door=inside family=ipv6 prefix=128 meaning=7b55359043e53e58" -m recent --set --name postern-inside_grants6-3600s-43e53e58
-A POSTERN-made_of -4 -m comment --comment "list=postern-inside_begun4-120s-de5031b3 for=120s role=begun door=inside family=ipv4 prefix=32 meaning=bc6eeb0cde5031b3" -m recent --set --name postern-inside_begun4-120s-de5031b3
-A POSTERN-made_of -6 -m comment --comment "list=postern-inside_begun6-120s-ccd8f02b for=120s role=begun door=inside family=ipv6 prefix=128 meaning=92e53fddccd8f02b" -m recent --set --name postern-inside_begun6-120s-ccd8f02b
-A POSTERN-made_of -4 -m comment --comment "list=postern-inside_let_through4-432000s-a20796e8 for=432000s role=let-through door=inside family=ipv4 prefix=32 meaning=f1507291a20796e8" -m recent --set --name postern-inside_let_through4-432000s-a20796e8
-A POSTERN-made_of -6 -m comment --comment "list=postern-inside_let_through6-432000s-486823ae for=432000s role=let-through door=inside family=ipv6 prefix=128 meaning=012aaf76486823ae" -m recent --set --name postern-inside_let_through6-432000s-486823ae
-A POSTERN-made_of -4 -m comment --comment "list=postern-inside_stage1_4-10s-f776899c for=10s role=stage door=inside stage=1 family=ipv4 prefix=32 meaning=4b8de78ef776899c" -m recent --set --name postern-inside_stage1_4-10s-f776899c
-A POSTERN-made_of -6 -m comment --comment "list=postern-inside_stage1_6-10s-73eec1ea for=10s role=stage door=inside stage=1 family=ipv6 prefix=128 meaning=c68b4dee73eec1ea" -m recent --set --name postern-inside_stage1_6-10s-73eec1ea
-A POSTERN-made_of -4 -m comment --comment "list=postern-outside_grants4-10s-911bf0d5 for=10s role=grants door=outside family=ipv4 prefix=32 meaning=1b53226c911bf0d5" -m recent --set --name postern-outside_grants4-10s-911bf0d5
-A POSTERN-made_of -4 -m comment --comment "list=postern-outside_grants4-3600s-911bf0d5 for=3600s role=grants door=outside family=ipv4 prefix=32 meaning=1b53226c911bf0d5" -m recent --set --name postern-outside_grants4-3600s-911bf0d5
-A POSTERN-made_of -6 -m comment --comment "list=postern-outside_grants6-10s-8842739d for=10s role=grants door=outside family=ipv6 prefix=128 meaning=78671d7a8842739d" -m recent --set --name postern-outside_grants6-10s-8842739d
-A POSTERN-made_of -6 -m comment --comment "list=postern-outside_grants6-3600s-8842739d for=3600s role=grants door=outside family=ipv6 prefix=128 meaning=78671d7a8842739d" -m recent --set --name postern-outside_grants6-3600s-8842739d
-A POSTERN-made_of -4 -m comment --comment "list=postern-outside_begun4-120s-23bb43f0 for=120s role=begun door=outside family=ipv4 prefix=32 meaning=7c30dd6223bb43f0" -m recent --set --name postern-outside_begun4-120s-23bb43f0
-A POSTERN-made_of -6 -m comment --comment "list=postern-outside_begun6-120s-ad13def6 for=120s role=begun door=outside family=ipv6 prefix=128 meaning=b09a27c2ad13def6" -m recent --set --name postern-outside_begun6-120s-ad13def6
-A POSTERN-made_of -4 -m comment --comment "list=postern-outside_let_through4-432000s-0b667e5b for=432000s role=let-through door=outside family=ipv4 prefix=32 meaning=ddc11e3c0b667e5b" -m recent --set --name postern-outside_let_through4-432000s-0b667e5b
-A POSTERN-made_of -6 -m comment --comment "list=postern-outside_let_through6-432000s-67ef1cd3 for=432000s role=let-through door=outside family=ipv6 prefix=128 meaning=45bf110767ef1cd3" -m recent --set --name postern-outside_let_through6-432000s-67ef1cd3
-A POSTERN-made_of -4 -m comment --comment "list=postern-outside_stage1_4-10s-15f2dba7 for=10s role=stage door=outside stage=1 family=ipv4 prefix=32 meaning=7cf3270815f2dba7" -m recent --set --name postern-outside_stage1_4-10s-15f2dba7
-A POSTERN-made_of -6 -m comment --comment "list=postern-outside_stage1_6-10s-547189c7 for=10s role=stage door=outside stage=1 family=ipv6 prefix=128 meaning=54213fbd547189c7" -m recent --set --name postern-outside_stage1_6-10s-547189c7
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
