/** A program as a shell script, for a host that has iptables and neither Postern nor Node.js. */
import type { Program } from "../../program/program.ts";
import { printRules } from "./print.ts";

export function printScript(program: Program): string {
  return `${HEAD}\n${printRules(program).join("\n")}\n${TAIL}`;
}

const HEAD = `#!/bin/sh
# A gate made by Postern, in iptables: for IPv4 and IPv6, for iptables-nft and iptables-legacy.
#
#     sh FILE           puts it up; doing so again changes nothing and forgets nobody
#     sh FILE remove    takes it away
#
# Each family is one transaction. If the second cannot be loaded the first goes back to what it
# was. The gate stands in the raw table, before connection tracking and NAT, and only ever
# refuses: what it lets through, the rules behind it judge. Who has knocked, is open or banned is
# in the files of /proc/net/xt_recent.
#
# IPTABLES=iptables-legacy (or iptables-nft) chooses one of two that are installed.
set -eu

# Lines that begin with -4 are for iptables alone, and those with -6 for ip6tables.
rules() {
  cat <<'END'`;

const TAIL = `END
}

ipv4=\${IPTABLES:-iptables}
ipv6=ip6\${ipv4#ip}

# The parts of our own that stand now: ours FAMILY.
ours() {
  "$1-save" --counters --table raw | sed -n '/^\\*raw/p; /^:POSTERN/p; /^\\[[0-9:]*\\] -A POSTERN/p'
}

# Makes RULES the gate of a family, and takes it away if they are none: put FAMILY RULES.
put() {
  old=$("$1-save" --table raw | sed -n 's/^:\\(POSTERN[^ ]*\\) .*/\\1/p')
  stale=
  for chain in $old; do
    case $2 in *":$chain "*) ;; *) stale="$stale $chain" ;; esac
  done
  {
    printf '%s\\n' "$2"
    for chain in $stale; do echo ":$chain - [0:0]"; done
    "$1-save" --table raw | sed -n '/^-A POSTERN/d; s/^-A \\(.* -[jg] POSTERN\\)/-D \\1/p'
    for chain in $stale; do echo "-X $chain"; done
    case $2 in *":POSTERN "*) echo "-I PREROUTING -j POSTERN" ;; esac
    echo COMMIT
  } | "$1-restore" --noflush --counters
}

case \${1:-} in
  "") new=$(rules) ;;
  remove) new="*raw" ;;
  *) echo "usage: sh $0 [remove]" >&2 && exit 2 ;;
esac
before=$(ours "$ipv4")
put "$ipv4" "$new"
if [ -e /proc/net/if_inet6 ] && ! put "$ipv6" "$new"; then
  put "$ipv4" "\${before:-*raw}"
  echo "$0: $ipv6 refused the rules, and those of $ipv4 are again what they were" >&2
  exit 1
fi
`;
