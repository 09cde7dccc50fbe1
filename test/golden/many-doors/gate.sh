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
#       knocks...: which port of many, for knocks?
#       services...: which port of many, for doors?
#       knock_DOOR: a watched port. Is it a knock?
#       attempt_DOOR, stages_DOOR: a knock. Is it for this host? How far is its source?
#           open_DOOR, opened_DOOR: the last one: the source gets a grant.
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
#     postern-banned...                 is banned by hand
#     postern-clock                     nobody: Postern reads the kernel's clock in it
set -euf
PATH=$PATH:/usr/sbin:/sbin

# Lines that begin with -4 are for iptables alone, and those with -6 for ip6tables.
rules() {
  cat <<'END'
*raw
:POSTERN - [0:0]
:POSTERN-knocks - [0:0]
:POSTERN-knocks_1 - [0:0]
:POSTERN-knocks_2 - [0:0]
:POSTERN-knocks_3 - [0:0]
:POSTERN-knocks_4 - [0:0]
:POSTERN-knocks_5 - [0:0]
:POSTERN-services - [0:0]
:POSTERN-services_1 - [0:0]
:POSTERN-services_2 - [0:0]
:POSTERN-services_3 - [0:0]
:POSTERN-services_4 - [0:0]
:POSTERN-services_5 - [0:0]
:POSTERN-door_accept - [0:0]
:POSTERN-tcp_accept - [0:0]
:POSTERN-listener_accept - [0:0]
:POSTERN-elsewhere_accept - [0:0]
:POSTERN-new_accept - [0:0]
:POSTERN-pass_accept - [0:0]
:POSTERN-refuse_accept - [0:0]
:POSTERN-knock_accept - [0:0]
:POSTERN-attempt_accept - [0:0]
:POSTERN-stages_accept - [0:0]
:POSTERN-open_accept - [0:0]
:POSTERN-opened_accept - [0:0]
:POSTERN-door_all - [0:0]
:POSTERN-tcp_all - [0:0]
:POSTERN-listener_all - [0:0]
:POSTERN-elsewhere_all - [0:0]
:POSTERN-new_all - [0:0]
:POSTERN-pass_all - [0:0]
:POSTERN-refuse_all - [0:0]
:POSTERN-knock_all - [0:0]
:POSTERN-attempt_all - [0:0]
:POSTERN-stages_all - [0:0]
:POSTERN-open_all - [0:0]
:POSTERN-opened_all - [0:0]
:POSTERN-door_reset - [0:0]
:POSTERN-tcp_reset - [0:0]
:POSTERN-listener_reset - [0:0]
:POSTERN-elsewhere_reset - [0:0]
:POSTERN-new_reset - [0:0]
:POSTERN-pass_reset - [0:0]
:POSTERN-refuse_reset - [0:0]
:POSTERN-knock_reset - [0:0]
:POSTERN-attempt_reset - [0:0]
:POSTERN-stages_reset - [0:0]
:POSTERN-open_reset - [0:0]
:POSTERN-opened_reset - [0:0]
:POSTERN-door_tcp - [0:0]
:POSTERN-tcp_tcp - [0:0]
:POSTERN-listener_tcp - [0:0]
:POSTERN-elsewhere_tcp - [0:0]
:POSTERN-new_tcp - [0:0]
:POSTERN-pass_tcp - [0:0]
:POSTERN-refuse_tcp - [0:0]
:POSTERN-knock_tcp - [0:0]
:POSTERN-attempt_tcp - [0:0]
:POSTERN-stages_tcp - [0:0]
:POSTERN-open_tcp - [0:0]
:POSTERN-opened_tcp - [0:0]
:POSTERN-door_services - [0:0]
:POSTERN-tcp_services - [0:0]
:POSTERN-listener_services - [0:0]
:POSTERN-elsewhere_services - [0:0]
:POSTERN-new_services - [0:0]
:POSTERN-pass_services - [0:0]
:POSTERN-refuse_services - [0:0]
:POSTERN-knock_services - [0:0]
:POSTERN-attempt_services - [0:0]
:POSTERN-stages_services - [0:0]
:POSTERN-open_services - [0:0]
:POSTERN-opened_services - [0:0]
:POSTERN-door_knocks-1 - [0:0]
:POSTERN-tcp_knocks-1 - [0:0]
:POSTERN-listener_knocks-1 - [0:0]
:POSTERN-elsewhere_knocks-1 - [0:0]
:POSTERN-new_knocks-1 - [0:0]
:POSTERN-pass_knocks-1 - [0:0]
:POSTERN-refuse_knocks-1 - [0:0]
:POSTERN-knock_knocks-1 - [0:0]
:POSTERN-attempt_knocks-1 - [0:0]
:POSTERN-stages_knocks-1 - [0:0]
:POSTERN-open_knocks-1 - [0:0]
:POSTERN-opened_knocks-1 - [0:0]
:POSTERN-door_ssh-1 - [0:0]
:POSTERN-tcp_ssh-1 - [0:0]
:POSTERN-listener_ssh-1 - [0:0]
:POSTERN-elsewhere_ssh-1 - [0:0]
:POSTERN-new_ssh-1 - [0:0]
:POSTERN-pass_ssh-1 - [0:0]
:POSTERN-refuse_ssh-1 - [0:0]
:POSTERN-knock_ssh-1 - [0:0]
:POSTERN-attempt_ssh-1 - [0:0]
:POSTERN-stages_ssh-1 - [0:0]
:POSTERN-open_ssh-1 - [0:0]
:POSTERN-opened_ssh-1 - [0:0]
:POSTERN-door_banned - [0:0]
:POSTERN-tcp_banned - [0:0]
:POSTERN-listener_banned - [0:0]
:POSTERN-elsewhere_banned - [0:0]
:POSTERN-new_banned - [0:0]
:POSTERN-pass_banned - [0:0]
:POSTERN-refuse_banned - [0:0]
:POSTERN-knock_banned - [0:0]
:POSTERN-attempt_banned - [0:0]
:POSTERN-stages_banned - [0:0]
:POSTERN-open_banned - [0:0]
:POSTERN-opened_banned - [0:0]
:POSTERN-door_auto - [0:0]
:POSTERN-tcp_auto - [0:0]
:POSTERN-listener_auto - [0:0]
:POSTERN-elsewhere_auto - [0:0]
:POSTERN-new_auto - [0:0]
:POSTERN-pass_auto - [0:0]
:POSTERN-refuse_auto - [0:0]
:POSTERN-knock_auto - [0:0]
:POSTERN-attempt_auto - [0:0]
:POSTERN-stages_auto - [0:0]
:POSTERN-open_auto - [0:0]
:POSTERN-opened_auto - [0:0]
:POSTERN-door_drop - [0:0]
:POSTERN-tcp_drop - [0:0]
:POSTERN-listener_drop - [0:0]
:POSTERN-elsewhere_drop - [0:0]
:POSTERN-new_drop - [0:0]
:POSTERN-pass_drop - [0:0]
:POSTERN-refuse_drop - [0:0]
:POSTERN-knock_drop - [0:0]
:POSTERN-attempt_drop - [0:0]
:POSTERN-stages_drop - [0:0]
:POSTERN-open_drop - [0:0]
:POSTERN-opened_drop - [0:0]
:POSTERN-headers - [0:0]
:POSTERN-made_of - [0:0]

# Every incoming packet meets these comparisons, and most meet nothing else.
-A POSTERN -6 -m u32 --u32 "4&0xFF00=0x0000,0x2B00:0x2C00,0x3C00" -j POSTERN-headers
-A POSTERN -p tcp --dport 51001:51118 -j POSTERN-knocks
-A POSTERN -p udp --dport 51001:51118 -j POSTERN-knocks
-A POSTERN -p tcp --dport 2000:2063 -j POSTERN-services

# Ports 51001 to 51118.
-A POSTERN-knocks -p tcp --dport 51001:51014 -g POSTERN-knocks_1
-A POSTERN-knocks -p udp --dport 51001:51014 -g POSTERN-knocks_1
-A POSTERN-knocks -p tcp --dport 51027:51040 -g POSTERN-knocks_2
-A POSTERN-knocks -p udp --dport 51027:51040 -g POSTERN-knocks_2
-A POSTERN-knocks -p tcp --dport 51053:51066 -g POSTERN-knocks_3
-A POSTERN-knocks -p udp --dport 51053:51066 -g POSTERN-knocks_3
-A POSTERN-knocks -p tcp --dport 51079:51092 -g POSTERN-knocks_4
-A POSTERN-knocks -p udp --dport 51079:51092 -g POSTERN-knocks_4
-A POSTERN-knocks -p tcp --dport 51105:51118 -g POSTERN-knocks_5
-A POSTERN-knocks -p udp --dport 51105:51118 -g POSTERN-knocks_5

# Ports 51001 to 51014.
-A POSTERN-knocks_1 -p tcp --dport 51001 -g POSTERN-knock_accept
-A POSTERN-knocks_1 -p udp --dport 51001 -g POSTERN-knock_accept
-A POSTERN-knocks_1 -p tcp --dport 51014 -g POSTERN-knock_all
-A POSTERN-knocks_1 -p udp --dport 51014 -g POSTERN-knock_all

# Ports 51027 to 51040.
-A POSTERN-knocks_2 -p tcp --dport 51027 -g POSTERN-knock_reset
-A POSTERN-knocks_2 -p udp --dport 51027 -g POSTERN-knock_reset
-A POSTERN-knocks_2 -p tcp --dport 51040 -g POSTERN-knock_tcp
-A POSTERN-knocks_2 -p udp --dport 51040 -g POSTERN-knock_tcp

# Ports 51053 to 51066.
-A POSTERN-knocks_3 -p tcp --dport 51053 -g POSTERN-knock_services
-A POSTERN-knocks_3 -p udp --dport 51053 -g POSTERN-knock_services
-A POSTERN-knocks_3 -p tcp --dport 51066 -g POSTERN-knock_knocks-1
-A POSTERN-knocks_3 -p udp --dport 51066 -g POSTERN-knock_knocks-1

# Ports 51079 to 51092.
-A POSTERN-knocks_4 -p tcp --dport 51079 -g POSTERN-knock_ssh-1
-A POSTERN-knocks_4 -p udp --dport 51079 -g POSTERN-knock_ssh-1
-A POSTERN-knocks_4 -p tcp --dport 51092 -g POSTERN-knock_banned
-A POSTERN-knocks_4 -p udp --dport 51092 -g POSTERN-knock_banned

# Ports 51105 to 51118.
-A POSTERN-knocks_5 -p tcp --dport 51105 -g POSTERN-knock_auto
-A POSTERN-knocks_5 -p udp --dport 51105 -g POSTERN-knock_auto
-A POSTERN-knocks_5 -p tcp --dport 51118 -g POSTERN-knock_drop
-A POSTERN-knocks_5 -p udp --dport 51118 -g POSTERN-knock_drop

# Ports 2000 to 2063.
-A POSTERN-services -p tcp --dport 2000:2007 -g POSTERN-services_1
-A POSTERN-services -p tcp --dport 2014:2021 -g POSTERN-services_2
-A POSTERN-services -p tcp --dport 2028:2035 -g POSTERN-services_3
-A POSTERN-services -p tcp --dport 2042:2049 -g POSTERN-services_4
-A POSTERN-services -p tcp --dport 2056:2063 -g POSTERN-services_5

# Ports 2000 to 2007.
-A POSTERN-services_1 -p tcp --dport 2000 -g POSTERN-door_accept
-A POSTERN-services_1 -p tcp --dport 2007 -g POSTERN-door_all

# Ports 2014 to 2021.
-A POSTERN-services_2 -p tcp --dport 2014 -g POSTERN-door_reset
-A POSTERN-services_2 -p tcp --dport 2021 -g POSTERN-door_tcp

# Ports 2028 to 2035.
-A POSTERN-services_3 -p tcp --dport 2028 -g POSTERN-door_services
-A POSTERN-services_3 -p tcp --dport 2035 -g POSTERN-door_knocks-1

# Ports 2042 to 2049.
-A POSTERN-services_4 -p tcp --dport 2042 -g POSTERN-door_ssh-1
-A POSTERN-services_4 -p tcp --dport 2049 -g POSTERN-door_banned

# Ports 2056 to 2063.
-A POSTERN-services_5 -p tcp --dport 2056 -g POSTERN-door_auto
-A POSTERN-services_5 -p tcp --dport 2063 -g POSTERN-door_drop

# The door accept: packets to its ports.
-A POSTERN-door_accept -i lo -j RETURN
-A POSTERN-door_accept -4 -p tcp --dport 2000 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_accept
-A POSTERN-door_accept -6 -p tcp --dport 2000 -m addrtype --dst-type LOCAL -g POSTERN-tcp_accept
-A POSTERN-door_accept -6 -p tcp --dport 2000 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_accept
-A POSTERN-door_accept -6 -p tcp --dport 2000 -d ff00::/8 -g POSTERN-tcp_accept

# accept: is it a new connection, or part of one that exists?
-A POSTERN-tcp_accept -p tcp --syn -g POSTERN-new_accept
-A POSTERN-tcp_accept -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_accept -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_accept
# or a fragment that ends before its flags
-A POSTERN-tcp_accept -g POSTERN-elsewhere_accept

# accept: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_accept -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_accept
-A POSTERN-listener_accept -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_accept
# no handshake ends so
-A POSTERN-listener_accept -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_accept
-A POSTERN-listener_accept -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-accept_begun4-120s-239ff33e -m recent --remove --name postern-accept_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_accept -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-accept_begun6-120s-9347ec74 -m recent --remove --name postern-accept_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_accept -g POSTERN-refuse_accept

# accept: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_accept -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-accept_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_accept -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-accept_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_accept -g POSTERN-refuse_accept

# accept: a new connection needs a grant.
-A POSTERN-new_accept -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_accept
-A POSTERN-new_accept -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_accept
-A POSTERN-new_accept -4 -m recent --rcheck --seconds 10 --name postern-accept_grants4-10s-cc194b21 -g POSTERN-pass_accept
-A POSTERN-new_accept -4 -m recent --rcheck --seconds 3600 --name postern-accept_grants4-3600s-cc194b21 -g POSTERN-pass_accept
-A POSTERN-new_accept -6 -m recent --rcheck --seconds 10 --name postern-accept_grants6-10s-c5d84881 -g POSTERN-pass_accept
-A POSTERN-new_accept -6 -m recent --rcheck --seconds 3600 --name postern-accept_grants6-3600s-c5d84881 -g POSTERN-pass_accept
-A POSTERN-new_accept -g POSTERN-refuse_accept

# accept: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_accept -4 -m recent --set --name postern-accept_begun4-120s-239ff33e
-A POSTERN-pass_accept -4 -m recent --set --name postern-accept_let_through4-432000s-7ed8f02b
-A POSTERN-pass_accept -6 -m recent --set --name postern-accept_begun6-120s-9347ec74
-A POSTERN-pass_accept -6 -m recent --set --name postern-accept_let_through6-432000s-94d7df63

# accept: refused.
-A POSTERN-refuse_accept -m comment --comment "counts=accept_refused" -j DROP

# accept: of TCP only new connections knock.
-A POSTERN-knock_accept -p tcp --syn -g POSTERN-attempt_accept
-A POSTERN-knock_accept -p udp -g POSTERN-attempt_accept

# accept: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_accept -i lo -j RETURN
-A POSTERN-attempt_accept -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_accept
-A POSTERN-attempt_accept -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_accept
-A POSTERN-attempt_accept -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_accept
-A POSTERN-attempt_accept -6 -d ff00::/8 -g POSTERN-stages_accept

# accept: at which stage is the source?
-A POSTERN-stages_accept -p tcp --dport 51001 -g POSTERN-open_accept
-A POSTERN-stages_accept -p udp --dport 51001 -g POSTERN-open_accept

# accept: the last step is made. The source gets a grant.
-A POSTERN-open_accept -4 -m recent --remove --name postern-accept_grants4-3600s-cc194b21
-A POSTERN-open_accept -4 -m recent --set --name postern-accept_grants4-10s-cc194b21
-A POSTERN-open_accept -4 -g POSTERN-opened_accept
-A POSTERN-open_accept -6 -m recent --remove --name postern-accept_grants6-3600s-c5d84881
-A POSTERN-open_accept -6 -m recent --set --name postern-accept_grants6-10s-c5d84881
-A POSTERN-open_accept -6 -g POSTERN-opened_accept

# accept: count and log an opening.
-A POSTERN-opened_accept -m comment --comment "counts=accept_open"

# The door all: packets to its ports.
-A POSTERN-door_all -i lo -j RETURN
-A POSTERN-door_all -4 -p tcp --dport 2007 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_all
-A POSTERN-door_all -6 -p tcp --dport 2007 -m addrtype --dst-type LOCAL -g POSTERN-tcp_all
-A POSTERN-door_all -6 -p tcp --dport 2007 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_all
-A POSTERN-door_all -6 -p tcp --dport 2007 -d ff00::/8 -g POSTERN-tcp_all

# all: is it a new connection, or part of one that exists?
-A POSTERN-tcp_all -p tcp --syn -g POSTERN-new_all
-A POSTERN-tcp_all -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_all -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_all
# or a fragment that ends before its flags
-A POSTERN-tcp_all -g POSTERN-elsewhere_all

# all: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_all -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_all
-A POSTERN-listener_all -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_all
# no handshake ends so
-A POSTERN-listener_all -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_all
-A POSTERN-listener_all -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-all_begun4-120s-239ff33e -m recent --remove --name postern-all_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_all -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-all_begun6-120s-9347ec74 -m recent --remove --name postern-all_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_all -g POSTERN-refuse_all

# all: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_all -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-all_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_all -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-all_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_all -g POSTERN-refuse_all

# all: a new connection needs a grant.
-A POSTERN-new_all -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_all
-A POSTERN-new_all -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_all
-A POSTERN-new_all -4 -m recent --rcheck --seconds 10 --name postern-all_grants4-10s-d6b2cdb3 -g POSTERN-pass_all
-A POSTERN-new_all -4 -m recent --rcheck --seconds 3600 --name postern-all_grants4-3600s-d6b2cdb3 -g POSTERN-pass_all
-A POSTERN-new_all -6 -m recent --rcheck --seconds 10 --name postern-all_grants6-10s-dc68042b -g POSTERN-pass_all
-A POSTERN-new_all -6 -m recent --rcheck --seconds 3600 --name postern-all_grants6-3600s-dc68042b -g POSTERN-pass_all
-A POSTERN-new_all -g POSTERN-refuse_all

# all: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_all -4 -m recent --set --name postern-all_begun4-120s-239ff33e
-A POSTERN-pass_all -4 -m recent --set --name postern-all_let_through4-432000s-7ed8f02b
-A POSTERN-pass_all -6 -m recent --set --name postern-all_begun6-120s-9347ec74
-A POSTERN-pass_all -6 -m recent --set --name postern-all_let_through6-432000s-94d7df63

# all: refused.
-A POSTERN-refuse_all -m comment --comment "counts=all_refused" -j DROP

# all: of TCP only new connections knock.
-A POSTERN-knock_all -p tcp --syn -g POSTERN-attempt_all
-A POSTERN-knock_all -p udp -g POSTERN-attempt_all

# all: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_all -i lo -j RETURN
-A POSTERN-attempt_all -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_all
-A POSTERN-attempt_all -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_all
-A POSTERN-attempt_all -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_all
-A POSTERN-attempt_all -6 -d ff00::/8 -g POSTERN-stages_all

# all: at which stage is the source?
-A POSTERN-stages_all -p tcp --dport 51014 -g POSTERN-open_all
-A POSTERN-stages_all -p udp --dport 51014 -g POSTERN-open_all

# all: the last step is made. The source gets a grant.
-A POSTERN-open_all -4 -m recent --remove --name postern-all_grants4-3600s-d6b2cdb3
-A POSTERN-open_all -4 -m recent --set --name postern-all_grants4-10s-d6b2cdb3
-A POSTERN-open_all -4 -g POSTERN-opened_all
-A POSTERN-open_all -6 -m recent --remove --name postern-all_grants6-3600s-dc68042b
-A POSTERN-open_all -6 -m recent --set --name postern-all_grants6-10s-dc68042b
-A POSTERN-open_all -6 -g POSTERN-opened_all

# all: count and log an opening.
-A POSTERN-opened_all -m comment --comment "counts=all_open"

# The door reset: packets to its ports.
-A POSTERN-door_reset -i lo -j RETURN
-A POSTERN-door_reset -4 -p tcp --dport 2014 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_reset
-A POSTERN-door_reset -6 -p tcp --dport 2014 -m addrtype --dst-type LOCAL -g POSTERN-tcp_reset
-A POSTERN-door_reset -6 -p tcp --dport 2014 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_reset
-A POSTERN-door_reset -6 -p tcp --dport 2014 -d ff00::/8 -g POSTERN-tcp_reset

# reset: is it a new connection, or part of one that exists?
-A POSTERN-tcp_reset -p tcp --syn -g POSTERN-new_reset
-A POSTERN-tcp_reset -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_reset -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_reset
# or a fragment that ends before its flags
-A POSTERN-tcp_reset -g POSTERN-elsewhere_reset

# reset: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_reset -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_reset
-A POSTERN-listener_reset -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_reset
# no handshake ends so
-A POSTERN-listener_reset -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_reset
-A POSTERN-listener_reset -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-reset_begun4-120s-239ff33e -m recent --remove --name postern-reset_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_reset -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-reset_begun6-120s-9347ec74 -m recent --remove --name postern-reset_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_reset -g POSTERN-refuse_reset

# reset: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_reset -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-reset_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_reset -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-reset_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_reset -g POSTERN-refuse_reset

# reset: a new connection needs a grant.
-A POSTERN-new_reset -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_reset
-A POSTERN-new_reset -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_reset
-A POSTERN-new_reset -4 -m recent --rcheck --seconds 10 --name postern-reset_grants4-10s-7d564757 -g POSTERN-pass_reset
-A POSTERN-new_reset -4 -m recent --rcheck --seconds 3600 --name postern-reset_grants4-3600s-7d564757 -g POSTERN-pass_reset
-A POSTERN-new_reset -6 -m recent --rcheck --seconds 10 --name postern-reset_grants6-10s-03d350b7 -g POSTERN-pass_reset
-A POSTERN-new_reset -6 -m recent --rcheck --seconds 3600 --name postern-reset_grants6-3600s-03d350b7 -g POSTERN-pass_reset
-A POSTERN-new_reset -g POSTERN-refuse_reset

# reset: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_reset -4 -m recent --set --name postern-reset_begun4-120s-239ff33e
-A POSTERN-pass_reset -4 -m recent --set --name postern-reset_let_through4-432000s-7ed8f02b
-A POSTERN-pass_reset -6 -m recent --set --name postern-reset_begun6-120s-9347ec74
-A POSTERN-pass_reset -6 -m recent --set --name postern-reset_let_through6-432000s-94d7df63

# reset: refused.
-A POSTERN-refuse_reset -m comment --comment "counts=reset_refused" -j DROP

# reset: of TCP only new connections knock.
-A POSTERN-knock_reset -p tcp --syn -g POSTERN-attempt_reset
-A POSTERN-knock_reset -p udp -g POSTERN-attempt_reset

# reset: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_reset -i lo -j RETURN
-A POSTERN-attempt_reset -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_reset
-A POSTERN-attempt_reset -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_reset
-A POSTERN-attempt_reset -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_reset
-A POSTERN-attempt_reset -6 -d ff00::/8 -g POSTERN-stages_reset

# reset: at which stage is the source?
-A POSTERN-stages_reset -p tcp --dport 51027 -g POSTERN-open_reset
-A POSTERN-stages_reset -p udp --dport 51027 -g POSTERN-open_reset

# reset: the last step is made. The source gets a grant.
-A POSTERN-open_reset -4 -m recent --remove --name postern-reset_grants4-3600s-7d564757
-A POSTERN-open_reset -4 -m recent --set --name postern-reset_grants4-10s-7d564757
-A POSTERN-open_reset -4 -g POSTERN-opened_reset
-A POSTERN-open_reset -6 -m recent --remove --name postern-reset_grants6-3600s-03d350b7
-A POSTERN-open_reset -6 -m recent --set --name postern-reset_grants6-10s-03d350b7
-A POSTERN-open_reset -6 -g POSTERN-opened_reset

# reset: count and log an opening.
-A POSTERN-opened_reset -m comment --comment "counts=reset_open"

# The door tcp: packets to its ports.
-A POSTERN-door_tcp -i lo -j RETURN
-A POSTERN-door_tcp -4 -p tcp --dport 2021 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_tcp
-A POSTERN-door_tcp -6 -p tcp --dport 2021 -m addrtype --dst-type LOCAL -g POSTERN-tcp_tcp
-A POSTERN-door_tcp -6 -p tcp --dport 2021 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_tcp
-A POSTERN-door_tcp -6 -p tcp --dport 2021 -d ff00::/8 -g POSTERN-tcp_tcp

# tcp: is it a new connection, or part of one that exists?
-A POSTERN-tcp_tcp -p tcp --syn -g POSTERN-new_tcp
-A POSTERN-tcp_tcp -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_tcp -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_tcp
# or a fragment that ends before its flags
-A POSTERN-tcp_tcp -g POSTERN-elsewhere_tcp

# tcp: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_tcp -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_tcp
-A POSTERN-listener_tcp -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_tcp
# no handshake ends so
-A POSTERN-listener_tcp -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_tcp
-A POSTERN-listener_tcp -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-tcp_begun4-120s-239ff33e -m recent --remove --name postern-tcp_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_tcp -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-tcp_begun6-120s-9347ec74 -m recent --remove --name postern-tcp_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_tcp -g POSTERN-refuse_tcp

# tcp: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_tcp -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-tcp_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_tcp -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-tcp_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_tcp -g POSTERN-refuse_tcp

# tcp: a new connection needs a grant.
-A POSTERN-new_tcp -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_tcp
-A POSTERN-new_tcp -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_tcp
-A POSTERN-new_tcp -4 -m recent --rcheck --seconds 10 --name postern-tcp_grants4-10s-be39e3b3 -g POSTERN-pass_tcp
-A POSTERN-new_tcp -4 -m recent --rcheck --seconds 3600 --name postern-tcp_grants4-3600s-be39e3b3 -g POSTERN-pass_tcp
-A POSTERN-new_tcp -6 -m recent --rcheck --seconds 10 --name postern-tcp_grants6-10s-46f2662b -g POSTERN-pass_tcp
-A POSTERN-new_tcp -6 -m recent --rcheck --seconds 3600 --name postern-tcp_grants6-3600s-46f2662b -g POSTERN-pass_tcp
-A POSTERN-new_tcp -g POSTERN-refuse_tcp

# tcp: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_tcp -4 -m recent --set --name postern-tcp_begun4-120s-239ff33e
-A POSTERN-pass_tcp -4 -m recent --set --name postern-tcp_let_through4-432000s-7ed8f02b
-A POSTERN-pass_tcp -6 -m recent --set --name postern-tcp_begun6-120s-9347ec74
-A POSTERN-pass_tcp -6 -m recent --set --name postern-tcp_let_through6-432000s-94d7df63

# tcp: refused.
-A POSTERN-refuse_tcp -m comment --comment "counts=tcp_refused" -j DROP

# tcp: of TCP only new connections knock.
-A POSTERN-knock_tcp -p tcp --syn -g POSTERN-attempt_tcp
-A POSTERN-knock_tcp -p udp -g POSTERN-attempt_tcp

# tcp: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_tcp -i lo -j RETURN
-A POSTERN-attempt_tcp -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_tcp
-A POSTERN-attempt_tcp -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_tcp
-A POSTERN-attempt_tcp -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_tcp
-A POSTERN-attempt_tcp -6 -d ff00::/8 -g POSTERN-stages_tcp

# tcp: at which stage is the source?
-A POSTERN-stages_tcp -p tcp --dport 51040 -g POSTERN-open_tcp
-A POSTERN-stages_tcp -p udp --dport 51040 -g POSTERN-open_tcp

# tcp: the last step is made. The source gets a grant.
-A POSTERN-open_tcp -4 -m recent --remove --name postern-tcp_grants4-3600s-be39e3b3
-A POSTERN-open_tcp -4 -m recent --set --name postern-tcp_grants4-10s-be39e3b3
-A POSTERN-open_tcp -4 -g POSTERN-opened_tcp
-A POSTERN-open_tcp -6 -m recent --remove --name postern-tcp_grants6-3600s-46f2662b
-A POSTERN-open_tcp -6 -m recent --set --name postern-tcp_grants6-10s-46f2662b
-A POSTERN-open_tcp -6 -g POSTERN-opened_tcp

# tcp: count and log an opening.
-A POSTERN-opened_tcp -m comment --comment "counts=tcp_open"

# The door services: packets to its ports.
-A POSTERN-door_services -i lo -j RETURN
-A POSTERN-door_services -4 -p tcp --dport 2028 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_services
-A POSTERN-door_services -6 -p tcp --dport 2028 -m addrtype --dst-type LOCAL -g POSTERN-tcp_services
-A POSTERN-door_services -6 -p tcp --dport 2028 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_services
-A POSTERN-door_services -6 -p tcp --dport 2028 -d ff00::/8 -g POSTERN-tcp_services

# services: is it a new connection, or part of one that exists?
-A POSTERN-tcp_services -p tcp --syn -g POSTERN-new_services
-A POSTERN-tcp_services -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_services -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_services
# or a fragment that ends before its flags
-A POSTERN-tcp_services -g POSTERN-elsewhere_services

# services: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_services -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_services
-A POSTERN-listener_services -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_services
# no handshake ends so
-A POSTERN-listener_services -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_services
-A POSTERN-listener_services -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-services_begun4-120s-239ff33e -m recent --remove --name postern-services_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_services -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-services_begun6-120s-9347ec74 -m recent --remove --name postern-services_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_services -g POSTERN-refuse_services

# services: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_services -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-services_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_services -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-services_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_services -g POSTERN-refuse_services

# services: a new connection needs a grant.
-A POSTERN-new_services -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_services
-A POSTERN-new_services -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_services
-A POSTERN-new_services -4 -m recent --rcheck --seconds 10 --name postern-services_grants4-10s-306dee99 -g POSTERN-pass_services
-A POSTERN-new_services -4 -m recent --rcheck --seconds 3600 --name postern-services_grants4-3600s-306dee99 -g POSTERN-pass_services
-A POSTERN-new_services -6 -m recent --rcheck --seconds 10 --name postern-services_grants6-10s-420620f9 -g POSTERN-pass_services
-A POSTERN-new_services -6 -m recent --rcheck --seconds 3600 --name postern-services_grants6-3600s-420620f9 -g POSTERN-pass_services
-A POSTERN-new_services -g POSTERN-refuse_services

# services: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_services -4 -m recent --set --name postern-services_begun4-120s-239ff33e
-A POSTERN-pass_services -4 -m recent --set --name postern-services_let_through4-432000s-7ed8f02b
-A POSTERN-pass_services -6 -m recent --set --name postern-services_begun6-120s-9347ec74
-A POSTERN-pass_services -6 -m recent --set --name postern-services_let_through6-432000s-94d7df63

# services: refused.
-A POSTERN-refuse_services -m comment --comment "counts=services_refused" -j DROP

# services: of TCP only new connections knock.
-A POSTERN-knock_services -p tcp --syn -g POSTERN-attempt_services
-A POSTERN-knock_services -p udp -g POSTERN-attempt_services

# services: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_services -i lo -j RETURN
-A POSTERN-attempt_services -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_services
-A POSTERN-attempt_services -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_services
-A POSTERN-attempt_services -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_services
-A POSTERN-attempt_services -6 -d ff00::/8 -g POSTERN-stages_services

# services: at which stage is the source?
-A POSTERN-stages_services -p tcp --dport 51053 -g POSTERN-open_services
-A POSTERN-stages_services -p udp --dport 51053 -g POSTERN-open_services

# services: the last step is made. The source gets a grant.
-A POSTERN-open_services -4 -m recent --remove --name postern-services_grants4-3600s-306dee99
-A POSTERN-open_services -4 -m recent --set --name postern-services_grants4-10s-306dee99
-A POSTERN-open_services -4 -g POSTERN-opened_services
-A POSTERN-open_services -6 -m recent --remove --name postern-services_grants6-3600s-420620f9
-A POSTERN-open_services -6 -m recent --set --name postern-services_grants6-10s-420620f9
-A POSTERN-open_services -6 -g POSTERN-opened_services

# services: count and log an opening.
-A POSTERN-opened_services -m comment --comment "counts=services_open"

# The door knocks-1: packets to its ports.
-A POSTERN-door_knocks-1 -i lo -j RETURN
-A POSTERN-door_knocks-1 -4 -p tcp --dport 2035 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_knocks-1
-A POSTERN-door_knocks-1 -6 -p tcp --dport 2035 -m addrtype --dst-type LOCAL -g POSTERN-tcp_knocks-1
-A POSTERN-door_knocks-1 -6 -p tcp --dport 2035 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_knocks-1
-A POSTERN-door_knocks-1 -6 -p tcp --dport 2035 -d ff00::/8 -g POSTERN-tcp_knocks-1

# knocks-1: is it a new connection, or part of one that exists?
-A POSTERN-tcp_knocks-1 -p tcp --syn -g POSTERN-new_knocks-1
-A POSTERN-tcp_knocks-1 -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_knocks-1 -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_knocks-1
# or a fragment that ends before its flags
-A POSTERN-tcp_knocks-1 -g POSTERN-elsewhere_knocks-1

# knocks-1: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_knocks-1 -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_knocks-1
-A POSTERN-listener_knocks-1 -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_knocks-1
# no handshake ends so
-A POSTERN-listener_knocks-1 -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_knocks-1
-A POSTERN-listener_knocks-1 -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-knocks-1_begun4-120s-239ff33e -m recent --remove --name postern-knocks-1_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_knocks-1 -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-knocks-1_begun6-120s-9347ec74 -m recent --remove --name postern-knocks-1_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_knocks-1 -g POSTERN-refuse_knocks-1

# knocks-1: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_knocks-1 -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-knocks-1_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_knocks-1 -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-knocks-1_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_knocks-1 -g POSTERN-refuse_knocks-1

# knocks-1: a new connection needs a grant.
-A POSTERN-new_knocks-1 -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_knocks-1
-A POSTERN-new_knocks-1 -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_knocks-1
-A POSTERN-new_knocks-1 -4 -m recent --rcheck --seconds 10 --name postern-knocks-1_grants4-10s-b03e1e45 -g POSTERN-pass_knocks-1
-A POSTERN-new_knocks-1 -4 -m recent --rcheck --seconds 3600 --name postern-knocks-1_grants4-3600s-b03e1e45 -g POSTERN-pass_knocks-1
-A POSTERN-new_knocks-1 -6 -m recent --rcheck --seconds 10 --name postern-knocks-1_grants6-10s-6f55df4d -g POSTERN-pass_knocks-1
-A POSTERN-new_knocks-1 -6 -m recent --rcheck --seconds 3600 --name postern-knocks-1_grants6-3600s-6f55df4d -g POSTERN-pass_knocks-1
-A POSTERN-new_knocks-1 -g POSTERN-refuse_knocks-1

# knocks-1: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_knocks-1 -4 -m recent --set --name postern-knocks-1_begun4-120s-239ff33e
-A POSTERN-pass_knocks-1 -4 -m recent --set --name postern-knocks-1_let_through4-432000s-7ed8f02b
-A POSTERN-pass_knocks-1 -6 -m recent --set --name postern-knocks-1_begun6-120s-9347ec74
-A POSTERN-pass_knocks-1 -6 -m recent --set --name postern-knocks-1_let_through6-432000s-94d7df63

# knocks-1: refused.
-A POSTERN-refuse_knocks-1 -m comment --comment "counts=knocks-1_refused" -j DROP

# knocks-1: of TCP only new connections knock.
-A POSTERN-knock_knocks-1 -p tcp --syn -g POSTERN-attempt_knocks-1
-A POSTERN-knock_knocks-1 -p udp -g POSTERN-attempt_knocks-1

# knocks-1: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_knocks-1 -i lo -j RETURN
-A POSTERN-attempt_knocks-1 -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_knocks-1
-A POSTERN-attempt_knocks-1 -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_knocks-1
-A POSTERN-attempt_knocks-1 -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_knocks-1
-A POSTERN-attempt_knocks-1 -6 -d ff00::/8 -g POSTERN-stages_knocks-1

# knocks-1: at which stage is the source?
-A POSTERN-stages_knocks-1 -p tcp --dport 51066 -g POSTERN-open_knocks-1
-A POSTERN-stages_knocks-1 -p udp --dport 51066 -g POSTERN-open_knocks-1

# knocks-1: the last step is made. The source gets a grant.
-A POSTERN-open_knocks-1 -4 -m recent --remove --name postern-knocks-1_grants4-3600s-b03e1e45
-A POSTERN-open_knocks-1 -4 -m recent --set --name postern-knocks-1_grants4-10s-b03e1e45
-A POSTERN-open_knocks-1 -4 -g POSTERN-opened_knocks-1
-A POSTERN-open_knocks-1 -6 -m recent --remove --name postern-knocks-1_grants6-3600s-6f55df4d
-A POSTERN-open_knocks-1 -6 -m recent --set --name postern-knocks-1_grants6-10s-6f55df4d
-A POSTERN-open_knocks-1 -6 -g POSTERN-opened_knocks-1

# knocks-1: count and log an opening.
-A POSTERN-opened_knocks-1 -m comment --comment "counts=knocks-1_open"

# The door ssh-1: packets to its ports.
-A POSTERN-door_ssh-1 -i lo -j RETURN
-A POSTERN-door_ssh-1 -4 -p tcp --dport 2042 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_ssh-1
-A POSTERN-door_ssh-1 -6 -p tcp --dport 2042 -m addrtype --dst-type LOCAL -g POSTERN-tcp_ssh-1
-A POSTERN-door_ssh-1 -6 -p tcp --dport 2042 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_ssh-1
-A POSTERN-door_ssh-1 -6 -p tcp --dport 2042 -d ff00::/8 -g POSTERN-tcp_ssh-1

# ssh-1: is it a new connection, or part of one that exists?
-A POSTERN-tcp_ssh-1 -p tcp --syn -g POSTERN-new_ssh-1
-A POSTERN-tcp_ssh-1 -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_ssh-1 -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_ssh-1
# or a fragment that ends before its flags
-A POSTERN-tcp_ssh-1 -g POSTERN-elsewhere_ssh-1

# ssh-1: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_ssh-1 -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_ssh-1
-A POSTERN-listener_ssh-1 -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_ssh-1
# no handshake ends so
-A POSTERN-listener_ssh-1 -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_ssh-1
-A POSTERN-listener_ssh-1 -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-ssh-1_begun4-120s-239ff33e -m recent --remove --name postern-ssh-1_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_ssh-1 -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-ssh-1_begun6-120s-9347ec74 -m recent --remove --name postern-ssh-1_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_ssh-1 -g POSTERN-refuse_ssh-1

# ssh-1: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_ssh-1 -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-ssh-1_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_ssh-1 -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-ssh-1_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_ssh-1 -g POSTERN-refuse_ssh-1

# ssh-1: a new connection needs a grant.
-A POSTERN-new_ssh-1 -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_ssh-1
-A POSTERN-new_ssh-1 -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_ssh-1
-A POSTERN-new_ssh-1 -4 -m recent --rcheck --seconds 10 --name postern-ssh-1_grants4-10s-d2cc8bd5 -g POSTERN-pass_ssh-1
-A POSTERN-new_ssh-1 -4 -m recent --rcheck --seconds 3600 --name postern-ssh-1_grants4-3600s-d2cc8bd5 -g POSTERN-pass_ssh-1
-A POSTERN-new_ssh-1 -6 -m recent --rcheck --seconds 10 --name postern-ssh-1_grants6-10s-2759d49d -g POSTERN-pass_ssh-1
-A POSTERN-new_ssh-1 -6 -m recent --rcheck --seconds 3600 --name postern-ssh-1_grants6-3600s-2759d49d -g POSTERN-pass_ssh-1
-A POSTERN-new_ssh-1 -g POSTERN-refuse_ssh-1

# ssh-1: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_ssh-1 -4 -m recent --set --name postern-ssh-1_begun4-120s-239ff33e
-A POSTERN-pass_ssh-1 -4 -m recent --set --name postern-ssh-1_let_through4-432000s-7ed8f02b
-A POSTERN-pass_ssh-1 -6 -m recent --set --name postern-ssh-1_begun6-120s-9347ec74
-A POSTERN-pass_ssh-1 -6 -m recent --set --name postern-ssh-1_let_through6-432000s-94d7df63

# ssh-1: refused.
-A POSTERN-refuse_ssh-1 -m comment --comment "counts=ssh-1_refused" -j DROP

# ssh-1: of TCP only new connections knock.
-A POSTERN-knock_ssh-1 -p tcp --syn -g POSTERN-attempt_ssh-1
-A POSTERN-knock_ssh-1 -p udp -g POSTERN-attempt_ssh-1

# ssh-1: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_ssh-1 -i lo -j RETURN
-A POSTERN-attempt_ssh-1 -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_ssh-1
-A POSTERN-attempt_ssh-1 -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_ssh-1
-A POSTERN-attempt_ssh-1 -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_ssh-1
-A POSTERN-attempt_ssh-1 -6 -d ff00::/8 -g POSTERN-stages_ssh-1

# ssh-1: at which stage is the source?
-A POSTERN-stages_ssh-1 -p tcp --dport 51079 -g POSTERN-open_ssh-1
-A POSTERN-stages_ssh-1 -p udp --dport 51079 -g POSTERN-open_ssh-1

# ssh-1: the last step is made. The source gets a grant.
-A POSTERN-open_ssh-1 -4 -m recent --remove --name postern-ssh-1_grants4-3600s-d2cc8bd5
-A POSTERN-open_ssh-1 -4 -m recent --set --name postern-ssh-1_grants4-10s-d2cc8bd5
-A POSTERN-open_ssh-1 -4 -g POSTERN-opened_ssh-1
-A POSTERN-open_ssh-1 -6 -m recent --remove --name postern-ssh-1_grants6-3600s-2759d49d
-A POSTERN-open_ssh-1 -6 -m recent --set --name postern-ssh-1_grants6-10s-2759d49d
-A POSTERN-open_ssh-1 -6 -g POSTERN-opened_ssh-1

# ssh-1: count and log an opening.
-A POSTERN-opened_ssh-1 -m comment --comment "counts=ssh-1_open"

# The door banned: packets to its ports.
-A POSTERN-door_banned -i lo -j RETURN
-A POSTERN-door_banned -4 -p tcp --dport 2049 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_banned
-A POSTERN-door_banned -6 -p tcp --dport 2049 -m addrtype --dst-type LOCAL -g POSTERN-tcp_banned
-A POSTERN-door_banned -6 -p tcp --dport 2049 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_banned
-A POSTERN-door_banned -6 -p tcp --dport 2049 -d ff00::/8 -g POSTERN-tcp_banned

# banned: is it a new connection, or part of one that exists?
-A POSTERN-tcp_banned -p tcp --syn -g POSTERN-new_banned
-A POSTERN-tcp_banned -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_banned -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_banned
# or a fragment that ends before its flags
-A POSTERN-tcp_banned -g POSTERN-elsewhere_banned

# banned: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_banned -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_banned
-A POSTERN-listener_banned -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_banned
# no handshake ends so
-A POSTERN-listener_banned -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_banned
-A POSTERN-listener_banned -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-banned_begun4-120s-239ff33e -m recent --remove --name postern-banned_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_banned -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-banned_begun6-120s-9347ec74 -m recent --remove --name postern-banned_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_banned -g POSTERN-refuse_banned

# banned: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_banned -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-banned_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_banned -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-banned_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_banned -g POSTERN-refuse_banned

# banned: a new connection needs a grant.
-A POSTERN-new_banned -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_banned
-A POSTERN-new_banned -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_banned
-A POSTERN-new_banned -4 -m recent --rcheck --seconds 10 --name postern-banned_grants4-10s-f090e1a3 -g POSTERN-pass_banned
-A POSTERN-new_banned -4 -m recent --rcheck --seconds 3600 --name postern-banned_grants4-3600s-f090e1a3 -g POSTERN-pass_banned
-A POSTERN-new_banned -6 -m recent --rcheck --seconds 10 --name postern-banned_grants6-10s-d0c41b5b -g POSTERN-pass_banned
-A POSTERN-new_banned -6 -m recent --rcheck --seconds 3600 --name postern-banned_grants6-3600s-d0c41b5b -g POSTERN-pass_banned
-A POSTERN-new_banned -g POSTERN-refuse_banned

# banned: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_banned -4 -m recent --set --name postern-banned_begun4-120s-239ff33e
-A POSTERN-pass_banned -4 -m recent --set --name postern-banned_let_through4-432000s-7ed8f02b
-A POSTERN-pass_banned -6 -m recent --set --name postern-banned_begun6-120s-9347ec74
-A POSTERN-pass_banned -6 -m recent --set --name postern-banned_let_through6-432000s-94d7df63

# banned: refused.
-A POSTERN-refuse_banned -m comment --comment "counts=banned_refused" -j DROP

# banned: of TCP only new connections knock.
-A POSTERN-knock_banned -p tcp --syn -g POSTERN-attempt_banned
-A POSTERN-knock_banned -p udp -g POSTERN-attempt_banned

# banned: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_banned -i lo -j RETURN
-A POSTERN-attempt_banned -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_banned
-A POSTERN-attempt_banned -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_banned
-A POSTERN-attempt_banned -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_banned
-A POSTERN-attempt_banned -6 -d ff00::/8 -g POSTERN-stages_banned

# banned: at which stage is the source?
-A POSTERN-stages_banned -p tcp --dport 51092 -g POSTERN-open_banned
-A POSTERN-stages_banned -p udp --dport 51092 -g POSTERN-open_banned

# banned: the last step is made. The source gets a grant.
-A POSTERN-open_banned -4 -m recent --remove --name postern-banned_grants4-3600s-f090e1a3
-A POSTERN-open_banned -4 -m recent --set --name postern-banned_grants4-10s-f090e1a3
-A POSTERN-open_banned -4 -g POSTERN-opened_banned
-A POSTERN-open_banned -6 -m recent --remove --name postern-banned_grants6-3600s-d0c41b5b
-A POSTERN-open_banned -6 -m recent --set --name postern-banned_grants6-10s-d0c41b5b
-A POSTERN-open_banned -6 -g POSTERN-opened_banned

# banned: count and log an opening.
-A POSTERN-opened_banned -m comment --comment "counts=banned_open"

# The door auto: packets to its ports.
-A POSTERN-door_auto -i lo -j RETURN
-A POSTERN-door_auto -4 -p tcp --dport 2056 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_auto
-A POSTERN-door_auto -6 -p tcp --dport 2056 -m addrtype --dst-type LOCAL -g POSTERN-tcp_auto
-A POSTERN-door_auto -6 -p tcp --dport 2056 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_auto
-A POSTERN-door_auto -6 -p tcp --dport 2056 -d ff00::/8 -g POSTERN-tcp_auto

# auto: is it a new connection, or part of one that exists?
-A POSTERN-tcp_auto -p tcp --syn -g POSTERN-new_auto
-A POSTERN-tcp_auto -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_auto -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_auto
# or a fragment that ends before its flags
-A POSTERN-tcp_auto -g POSTERN-elsewhere_auto

# auto: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_auto -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_auto
-A POSTERN-listener_auto -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_auto
# no handshake ends so
-A POSTERN-listener_auto -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_auto
-A POSTERN-listener_auto -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-auto_begun4-120s-239ff33e -m recent --remove --name postern-auto_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_auto -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-auto_begun6-120s-9347ec74 -m recent --remove --name postern-auto_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_auto -g POSTERN-refuse_auto

# auto: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_auto -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-auto_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_auto -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-auto_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_auto -g POSTERN-refuse_auto

# auto: a new connection needs a grant.
-A POSTERN-new_auto -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_auto
-A POSTERN-new_auto -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_auto
-A POSTERN-new_auto -4 -m recent --rcheck --seconds 10 --name postern-auto_grants4-10s-6871071b -g POSTERN-pass_auto
-A POSTERN-new_auto -4 -m recent --rcheck --seconds 3600 --name postern-auto_grants4-3600s-6871071b -g POSTERN-pass_auto
-A POSTERN-new_auto -6 -m recent --rcheck --seconds 10 --name postern-auto_grants6-10s-80d57b13 -g POSTERN-pass_auto
-A POSTERN-new_auto -6 -m recent --rcheck --seconds 3600 --name postern-auto_grants6-3600s-80d57b13 -g POSTERN-pass_auto
-A POSTERN-new_auto -g POSTERN-refuse_auto

# auto: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_auto -4 -m recent --set --name postern-auto_begun4-120s-239ff33e
-A POSTERN-pass_auto -4 -m recent --set --name postern-auto_let_through4-432000s-7ed8f02b
-A POSTERN-pass_auto -6 -m recent --set --name postern-auto_begun6-120s-9347ec74
-A POSTERN-pass_auto -6 -m recent --set --name postern-auto_let_through6-432000s-94d7df63

# auto: refused.
-A POSTERN-refuse_auto -m comment --comment "counts=auto_refused" -j DROP

# auto: of TCP only new connections knock.
-A POSTERN-knock_auto -p tcp --syn -g POSTERN-attempt_auto
-A POSTERN-knock_auto -p udp -g POSTERN-attempt_auto

# auto: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_auto -i lo -j RETURN
-A POSTERN-attempt_auto -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_auto
-A POSTERN-attempt_auto -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_auto
-A POSTERN-attempt_auto -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_auto
-A POSTERN-attempt_auto -6 -d ff00::/8 -g POSTERN-stages_auto

# auto: at which stage is the source?
-A POSTERN-stages_auto -p tcp --dport 51105 -g POSTERN-open_auto
-A POSTERN-stages_auto -p udp --dport 51105 -g POSTERN-open_auto

# auto: the last step is made. The source gets a grant.
-A POSTERN-open_auto -4 -m recent --remove --name postern-auto_grants4-3600s-6871071b
-A POSTERN-open_auto -4 -m recent --set --name postern-auto_grants4-10s-6871071b
-A POSTERN-open_auto -4 -g POSTERN-opened_auto
-A POSTERN-open_auto -6 -m recent --remove --name postern-auto_grants6-3600s-80d57b13
-A POSTERN-open_auto -6 -m recent --set --name postern-auto_grants6-10s-80d57b13
-A POSTERN-open_auto -6 -g POSTERN-opened_auto

# auto: count and log an opening.
-A POSTERN-opened_auto -m comment --comment "counts=auto_open"

# The door drop: packets to its ports.
-A POSTERN-door_drop -i lo -j RETURN
-A POSTERN-door_drop -4 -p tcp --dport 2063 -m addrtype ! --dst-type UNICAST -g POSTERN-tcp_drop
-A POSTERN-door_drop -6 -p tcp --dport 2063 -m addrtype --dst-type LOCAL -g POSTERN-tcp_drop
-A POSTERN-door_drop -6 -p tcp --dport 2063 -m addrtype --dst-type ANYCAST -g POSTERN-tcp_drop
-A POSTERN-door_drop -6 -p tcp --dport 2063 -d ff00::/8 -g POSTERN-tcp_drop

# drop: is it a new connection, or part of one that exists?
-A POSTERN-tcp_drop -p tcp --syn -g POSTERN-new_drop
-A POSTERN-tcp_drop -p tcp ! --syn -m socket -j RETURN
-A POSTERN-tcp_drop -p tcp ! --syn -m socket --nowildcard -g POSTERN-listener_drop
# or a fragment that ends before its flags
-A POSTERN-tcp_drop -g POSTERN-elsewhere_drop

# drop: no connection has it. It may end a handshake by SYN cookie, once.
-A POSTERN-listener_drop -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_drop
-A POSTERN-listener_drop -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_drop
# no handshake ends so
-A POSTERN-listener_drop -p tcp ! --tcp-flags FIN,RST NONE -g POSTERN-refuse_drop
-A POSTERN-listener_drop -4 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-drop_begun4-120s-239ff33e -m recent --remove --name postern-drop_begun4-120s-239ff33e -j RETURN
-A POSTERN-listener_drop -6 -p tcp ! --tcp-flags ACK NONE -m recent --rcheck --seconds 120 --name postern-drop_begun6-120s-9347ec74 -m recent --remove --name postern-drop_begun6-120s-9347ec74 -j RETURN
-A POSTERN-listener_drop -g POSTERN-refuse_drop

# drop: no socket vouches for it; perhaps a source that was let through.
-A POSTERN-elsewhere_drop -4 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-drop_let_through4-432000s-7ed8f02b -j RETURN
-A POSTERN-elsewhere_drop -6 -p tcp ! --tcp-flags ACK,RST NONE -m recent --update --seconds 432000 --name postern-drop_let_through6-432000s-94d7df63 -j RETURN
-A POSTERN-elsewhere_drop -g POSTERN-refuse_drop

# drop: a new connection needs a grant.
-A POSTERN-new_drop -4 -m recent --rcheck --name postern-banned4-always-44b432a4 -g POSTERN-refuse_drop
-A POSTERN-new_drop -6 -m recent --rcheck --name postern-banned6-always-44c29f0b --mask ffff:ffff:ffff:ffff:: -g POSTERN-refuse_drop
-A POSTERN-new_drop -4 -m recent --rcheck --seconds 10 --name postern-drop_grants4-10s-9605e3d3 -g POSTERN-pass_drop
-A POSTERN-new_drop -4 -m recent --rcheck --seconds 3600 --name postern-drop_grants4-3600s-9605e3d3 -g POSTERN-pass_drop
-A POSTERN-new_drop -6 -m recent --rcheck --seconds 10 --name postern-drop_grants6-10s-f5249b4b -g POSTERN-pass_drop
-A POSTERN-new_drop -6 -m recent --rcheck --seconds 3600 --name postern-drop_grants6-3600s-f5249b4b -g POSTERN-pass_drop
-A POSTERN-new_drop -g POSTERN-refuse_drop

# drop: let through by a grant. Note its source, so that the rest of it passes.
-A POSTERN-pass_drop -4 -m recent --set --name postern-drop_begun4-120s-239ff33e
-A POSTERN-pass_drop -4 -m recent --set --name postern-drop_let_through4-432000s-7ed8f02b
-A POSTERN-pass_drop -6 -m recent --set --name postern-drop_begun6-120s-9347ec74
-A POSTERN-pass_drop -6 -m recent --set --name postern-drop_let_through6-432000s-94d7df63

# drop: refused.
-A POSTERN-refuse_drop -m comment --comment "counts=drop_refused" -j DROP

# drop: of TCP only new connections knock.
-A POSTERN-knock_drop -p tcp --syn -g POSTERN-attempt_drop
-A POSTERN-knock_drop -p udp -g POSTERN-attempt_drop

# drop: a watched port or a step. Is it for an address of this door?
-A POSTERN-attempt_drop -i lo -j RETURN
-A POSTERN-attempt_drop -4 -m addrtype ! --dst-type UNICAST -g POSTERN-stages_drop
-A POSTERN-attempt_drop -6 -m addrtype --dst-type LOCAL -g POSTERN-stages_drop
-A POSTERN-attempt_drop -6 -m addrtype --dst-type ANYCAST -g POSTERN-stages_drop
-A POSTERN-attempt_drop -6 -d ff00::/8 -g POSTERN-stages_drop

# drop: at which stage is the source?
-A POSTERN-stages_drop -p tcp --dport 51118 -g POSTERN-open_drop
-A POSTERN-stages_drop -p udp --dport 51118 -g POSTERN-open_drop

# drop: the last step is made. The source gets a grant.
-A POSTERN-open_drop -4 -m recent --remove --name postern-drop_grants4-3600s-9605e3d3
-A POSTERN-open_drop -4 -m recent --set --name postern-drop_grants4-10s-9605e3d3
-A POSTERN-open_drop -4 -g POSTERN-opened_drop
-A POSTERN-open_drop -6 -m recent --remove --name postern-drop_grants6-3600s-f5249b4b
-A POSTERN-open_drop -6 -m recent --set --name postern-drop_grants6-10s-f5249b4b
-A POSTERN-open_drop -6 -g POSTERN-opened_drop

# drop: count and log an opening.
-A POSTERN-opened_drop -m comment --comment "counts=drop_open"

# IPv6 headers behind which the host may find something else than these rules.
-A POSTERN-headers -i lo -j RETURN
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
-A POSTERN-made_of -m comment --comment "policy=defa96f7439d0a5d"
# That a rule asks for sockets makes the kernel put fragments together before these rules.
-A POSTERN-made_of -p tcp -m socket
-A POSTERN-made_of -4 -m comment --comment "list=postern-accept_grants4-10s-cc194b21 for=10s role=grants door=accept family=ipv4 prefix=32 meaning=4bc27f25cc194b21" -m recent --set --name postern-accept_grants4-10s-cc194b21
-A POSTERN-made_of -4 -m comment --comment "list=postern-accept_grants4-3600s-cc194b21 for=3600s role=grants door=accept family=ipv4 prefix=32 meaning=4bc27f25cc194b21" -m recent --set --name postern-accept_grants4-3600s-cc194b21
-A POSTERN-made_of -6 -m comment --comment "list=postern-accept_grants6-10s-c5d84881 for=10s role=grants door=accept family=ipv6 prefix=128 meaning=c4425839c5d84881" -m recent --set --name postern-accept_grants6-10s-c5d84881
-A POSTERN-made_of -6 -m comment --comment "list=postern-accept_grants6-3600s-c5d84881 for=3600s role=grants door=accept family=ipv6 prefix=128 meaning=c4425839c5d84881" -m recent --set --name postern-accept_grants6-3600s-c5d84881
-A POSTERN-made_of -4 -m comment --comment "list=postern-accept_begun4-120s-239ff33e for=120s role=begun door=accept family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-accept_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-accept_begun6-120s-9347ec74 for=120s role=begun door=accept family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-accept_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-accept_let_through4-432000s-7ed8f02b for=432000s role=let-through door=accept family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-accept_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-accept_let_through6-432000s-94d7df63 for=432000s role=let-through door=accept family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-accept_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-all_grants4-10s-d6b2cdb3 for=10s role=grants door=all family=ipv4 prefix=32 meaning=845deb3bd6b2cdb3" -m recent --set --name postern-all_grants4-10s-d6b2cdb3
-A POSTERN-made_of -4 -m comment --comment "list=postern-all_grants4-3600s-d6b2cdb3 for=3600s role=grants door=all family=ipv4 prefix=32 meaning=845deb3bd6b2cdb3" -m recent --set --name postern-all_grants4-3600s-d6b2cdb3
-A POSTERN-made_of -6 -m comment --comment "list=postern-all_grants6-10s-dc68042b for=10s role=grants door=all family=ipv6 prefix=128 meaning=b09e8faddc68042b" -m recent --set --name postern-all_grants6-10s-dc68042b
-A POSTERN-made_of -6 -m comment --comment "list=postern-all_grants6-3600s-dc68042b for=3600s role=grants door=all family=ipv6 prefix=128 meaning=b09e8faddc68042b" -m recent --set --name postern-all_grants6-3600s-dc68042b
-A POSTERN-made_of -4 -m comment --comment "list=postern-all_begun4-120s-239ff33e for=120s role=begun door=all family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-all_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-all_begun6-120s-9347ec74 for=120s role=begun door=all family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-all_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-all_let_through4-432000s-7ed8f02b for=432000s role=let-through door=all family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-all_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-all_let_through6-432000s-94d7df63 for=432000s role=let-through door=all family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-all_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-reset_grants4-10s-7d564757 for=10s role=grants door=reset family=ipv4 prefix=32 meaning=0d6870647d564757" -m recent --set --name postern-reset_grants4-10s-7d564757
-A POSTERN-made_of -4 -m comment --comment "list=postern-reset_grants4-3600s-7d564757 for=3600s role=grants door=reset family=ipv4 prefix=32 meaning=0d6870647d564757" -m recent --set --name postern-reset_grants4-3600s-7d564757
-A POSTERN-made_of -6 -m comment --comment "list=postern-reset_grants6-10s-03d350b7 for=10s role=grants door=reset family=ipv6 prefix=128 meaning=308bb7c103d350b7" -m recent --set --name postern-reset_grants6-10s-03d350b7
-A POSTERN-made_of -6 -m comment --comment "list=postern-reset_grants6-3600s-03d350b7 for=3600s role=grants door=reset family=ipv6 prefix=128 meaning=308bb7c103d350b7" -m recent --set --name postern-reset_grants6-3600s-03d350b7
-A POSTERN-made_of -4 -m comment --comment "list=postern-reset_begun4-120s-239ff33e for=120s role=begun door=reset family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-reset_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-reset_begun6-120s-9347ec74 for=120s role=begun door=reset family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-reset_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-reset_let_through4-432000s-7ed8f02b for=432000s role=let-through door=reset family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-reset_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-reset_let_through6-432000s-94d7df63 for=432000s role=let-through door=reset family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-reset_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-tcp_grants4-10s-be39e3b3 for=10s role=grants door=tcp family=ipv4 prefix=32 meaning=f36d1152be39e3b3" -m recent --set --name postern-tcp_grants4-10s-be39e3b3
-A POSTERN-made_of -4 -m comment --comment "list=postern-tcp_grants4-3600s-be39e3b3 for=3600s role=grants door=tcp family=ipv4 prefix=32 meaning=f36d1152be39e3b3" -m recent --set --name postern-tcp_grants4-3600s-be39e3b3
-A POSTERN-made_of -6 -m comment --comment "list=postern-tcp_grants6-10s-46f2662b for=10s role=grants door=tcp family=ipv6 prefix=128 meaning=ee72489946f2662b" -m recent --set --name postern-tcp_grants6-10s-46f2662b
-A POSTERN-made_of -6 -m comment --comment "list=postern-tcp_grants6-3600s-46f2662b for=3600s role=grants door=tcp family=ipv6 prefix=128 meaning=ee72489946f2662b" -m recent --set --name postern-tcp_grants6-3600s-46f2662b
-A POSTERN-made_of -4 -m comment --comment "list=postern-tcp_begun4-120s-239ff33e for=120s role=begun door=tcp family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-tcp_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-tcp_begun6-120s-9347ec74 for=120s role=begun door=tcp family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-tcp_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-tcp_let_through4-432000s-7ed8f02b for=432000s role=let-through door=tcp family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-tcp_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-tcp_let_through6-432000s-94d7df63 for=432000s role=let-through door=tcp family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-tcp_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-services_grants4-10s-306dee99 for=10s role=grants door=services family=ipv4 prefix=32 meaning=509b5675306dee99" -m recent --set --name postern-services_grants4-10s-306dee99
-A POSTERN-made_of -4 -m comment --comment "list=postern-services_grants4-3600s-306dee99 for=3600s role=grants door=services family=ipv4 prefix=32 meaning=509b5675306dee99" -m recent --set --name postern-services_grants4-3600s-306dee99
-A POSTERN-made_of -6 -m comment --comment "list=postern-services_grants6-10s-420620f9 for=10s role=grants door=services family=ipv6 prefix=128 meaning=55c83c21420620f9" -m recent --set --name postern-services_grants6-10s-420620f9
-A POSTERN-made_of -6 -m comment --comment "list=postern-services_grants6-3600s-420620f9 for=3600s role=grants door=services family=ipv6 prefix=128 meaning=55c83c21420620f9" -m recent --set --name postern-services_grants6-3600s-420620f9
-A POSTERN-made_of -4 -m comment --comment "list=postern-services_begun4-120s-239ff33e for=120s role=begun door=services family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-services_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-services_begun6-120s-9347ec74 for=120s role=begun door=services family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-services_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-services_let_through4-432000s-7ed8f02b for=432000s role=let-through door=services family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-services_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-services_let_through6-432000s-94d7df63 for=432000s role=let-through door=services family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-services_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-knocks-1_grants4-10s-b03e1e45 for=10s role=grants door=knocks-1 family=ipv4 prefix=32 meaning=abed5e41b03e1e45" -m recent --set --name postern-knocks-1_grants4-10s-b03e1e45
-A POSTERN-made_of -4 -m comment --comment "list=postern-knocks-1_grants4-3600s-b03e1e45 for=3600s role=grants door=knocks-1 family=ipv4 prefix=32 meaning=abed5e41b03e1e45" -m recent --set --name postern-knocks-1_grants4-3600s-b03e1e45
-A POSTERN-made_of -6 -m comment --comment "list=postern-knocks-1_grants6-10s-6f55df4d for=10s role=grants door=knocks-1 family=ipv6 prefix=128 meaning=50a8589e6f55df4d" -m recent --set --name postern-knocks-1_grants6-10s-6f55df4d
-A POSTERN-made_of -6 -m comment --comment "list=postern-knocks-1_grants6-3600s-6f55df4d for=3600s role=grants door=knocks-1 family=ipv6 prefix=128 meaning=50a8589e6f55df4d" -m recent --set --name postern-knocks-1_grants6-3600s-6f55df4d
-A POSTERN-made_of -4 -m comment --comment "list=postern-knocks-1_begun4-120s-239ff33e for=120s role=begun door=knocks-1 family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-knocks-1_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-knocks-1_begun6-120s-9347ec74 for=120s role=begun door=knocks-1 family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-knocks-1_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-knocks-1_let_through4-432000s-7ed8f02b for=432000s role=let-through door=knocks-1 family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-knocks-1_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-knocks-1_let_through6-432000s-94d7df63 for=432000s role=let-through door=knocks-1 family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-knocks-1_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh-1_grants4-10s-d2cc8bd5 for=10s role=grants door=ssh-1 family=ipv4 prefix=32 meaning=4b3f5d96d2cc8bd5" -m recent --set --name postern-ssh-1_grants4-10s-d2cc8bd5
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh-1_grants4-3600s-d2cc8bd5 for=3600s role=grants door=ssh-1 family=ipv4 prefix=32 meaning=4b3f5d96d2cc8bd5" -m recent --set --name postern-ssh-1_grants4-3600s-d2cc8bd5
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh-1_grants6-10s-2759d49d for=10s role=grants door=ssh-1 family=ipv6 prefix=128 meaning=976aa6482759d49d" -m recent --set --name postern-ssh-1_grants6-10s-2759d49d
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh-1_grants6-3600s-2759d49d for=3600s role=grants door=ssh-1 family=ipv6 prefix=128 meaning=976aa6482759d49d" -m recent --set --name postern-ssh-1_grants6-3600s-2759d49d
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh-1_begun4-120s-239ff33e for=120s role=begun door=ssh-1 family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-ssh-1_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh-1_begun6-120s-9347ec74 for=120s role=begun door=ssh-1 family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-ssh-1_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-ssh-1_let_through4-432000s-7ed8f02b for=432000s role=let-through door=ssh-1 family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-ssh-1_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-ssh-1_let_through6-432000s-94d7df63 for=432000s role=let-through door=ssh-1 family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-ssh-1_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-banned_grants4-10s-f090e1a3 for=10s role=grants door=banned family=ipv4 prefix=32 meaning=51c02583f090e1a3" -m recent --set --name postern-banned_grants4-10s-f090e1a3
-A POSTERN-made_of -4 -m comment --comment "list=postern-banned_grants4-3600s-f090e1a3 for=3600s role=grants door=banned family=ipv4 prefix=32 meaning=51c02583f090e1a3" -m recent --set --name postern-banned_grants4-3600s-f090e1a3
-A POSTERN-made_of -6 -m comment --comment "list=postern-banned_grants6-10s-d0c41b5b for=10s role=grants door=banned family=ipv6 prefix=128 meaning=8c9ba831d0c41b5b" -m recent --set --name postern-banned_grants6-10s-d0c41b5b
-A POSTERN-made_of -6 -m comment --comment "list=postern-banned_grants6-3600s-d0c41b5b for=3600s role=grants door=banned family=ipv6 prefix=128 meaning=8c9ba831d0c41b5b" -m recent --set --name postern-banned_grants6-3600s-d0c41b5b
-A POSTERN-made_of -4 -m comment --comment "list=postern-banned_begun4-120s-239ff33e for=120s role=begun door=banned family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-banned_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-banned_begun6-120s-9347ec74 for=120s role=begun door=banned family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-banned_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-banned_let_through4-432000s-7ed8f02b for=432000s role=let-through door=banned family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-banned_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-banned_let_through6-432000s-94d7df63 for=432000s role=let-through door=banned family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-banned_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-auto_grants4-10s-6871071b for=10s role=grants door=auto family=ipv4 prefix=32 meaning=1d84dba36871071b" -m recent --set --name postern-auto_grants4-10s-6871071b
-A POSTERN-made_of -4 -m comment --comment "list=postern-auto_grants4-3600s-6871071b for=3600s role=grants door=auto family=ipv4 prefix=32 meaning=1d84dba36871071b" -m recent --set --name postern-auto_grants4-3600s-6871071b
-A POSTERN-made_of -6 -m comment --comment "list=postern-auto_grants6-10s-80d57b13 for=10s role=grants door=auto family=ipv6 prefix=128 meaning=a9e2a7aa80d57b13" -m recent --set --name postern-auto_grants6-10s-80d57b13
-A POSTERN-made_of -6 -m comment --comment "list=postern-auto_grants6-3600s-80d57b13 for=3600s role=grants door=auto family=ipv6 prefix=128 meaning=a9e2a7aa80d57b13" -m recent --set --name postern-auto_grants6-3600s-80d57b13
-A POSTERN-made_of -4 -m comment --comment "list=postern-auto_begun4-120s-239ff33e for=120s role=begun door=auto family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-auto_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-auto_begun6-120s-9347ec74 for=120s role=begun door=auto family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-auto_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-auto_let_through4-432000s-7ed8f02b for=432000s role=let-through door=auto family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-auto_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-auto_let_through6-432000s-94d7df63 for=432000s role=let-through door=auto family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-auto_let_through6-432000s-94d7df63
-A POSTERN-made_of -4 -m comment --comment "list=postern-drop_grants4-10s-9605e3d3 for=10s role=grants door=drop family=ipv4 prefix=32 meaning=253665769605e3d3" -m recent --set --name postern-drop_grants4-10s-9605e3d3
-A POSTERN-made_of -4 -m comment --comment "list=postern-drop_grants4-3600s-9605e3d3 for=3600s role=grants door=drop family=ipv4 prefix=32 meaning=253665769605e3d3" -m recent --set --name postern-drop_grants4-3600s-9605e3d3
-A POSTERN-made_of -6 -m comment --comment "list=postern-drop_grants6-10s-f5249b4b for=10s role=grants door=drop family=ipv6 prefix=128 meaning=51d92180f5249b4b" -m recent --set --name postern-drop_grants6-10s-f5249b4b
-A POSTERN-made_of -6 -m comment --comment "list=postern-drop_grants6-3600s-f5249b4b for=3600s role=grants door=drop family=ipv6 prefix=128 meaning=51d92180f5249b4b" -m recent --set --name postern-drop_grants6-3600s-f5249b4b
-A POSTERN-made_of -4 -m comment --comment "list=postern-drop_begun4-120s-239ff33e for=120s role=begun door=drop family=ipv4 prefix=32 meaning=a38864cc239ff33e" -m recent --set --name postern-drop_begun4-120s-239ff33e
-A POSTERN-made_of -6 -m comment --comment "list=postern-drop_begun6-120s-9347ec74 for=120s role=begun door=drop family=ipv6 prefix=128 meaning=92d59ae09347ec74" -m recent --set --name postern-drop_begun6-120s-9347ec74
-A POSTERN-made_of -4 -m comment --comment "list=postern-drop_let_through4-432000s-7ed8f02b for=432000s role=let-through door=drop family=ipv4 prefix=32 meaning=e70140a37ed8f02b" -m recent --set --name postern-drop_let_through4-432000s-7ed8f02b
-A POSTERN-made_of -6 -m comment --comment "list=postern-drop_let_through6-432000s-94d7df63 for=432000s role=let-through door=drop family=ipv6 prefix=128 meaning=71de36d094d7df63" -m recent --set --name postern-drop_let_through6-432000s-94d7df63
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
