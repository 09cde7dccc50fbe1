/** The part of a client's script that is the same in all of them. */

/** It finds host, authority, client, doors, inner_key, outer_key and describe above itself. */
export const SCRIPT_BODY = `\
# --- the token ---

sha256() { openssl dgst -sha256 -binary; }

# byte NUMBER: 0 to 255, in octal digits as printf reads them.
byte() { printf %b "\\0$(($1 >> 6))$(($1 >> 3 & 7))$(($1 & 7))"; }

# What is signed: a constant, the door, the carrier, each ended by a zero, and the
# slot in eight bytes, the highest first.
message() {
  printf 'postern token v1\\000%s\\000%s\\000' "$door" "$carrier"
  for shift in 56 48 40 32 24 16 8 0; do
    byte $((slot >> shift & 255))
  done
}

# The 32 bytes of HMAC-SHA256, of which a token is the first.
hmac() { { outer_key && { inner_key && message; } | sha256; } | sha256; }

hexadecimal() { od -An -v -tx1 | tr -d ' \\n'; }

# base32 HEX: RFC 4648 in lower case, without padding; five digits are four letters.
base32() {
  rest=$1
  while [ -n "$rest" ]; do
    bits=$((0x\${rest%"\${rest#?????}"}))
    rest=\${rest#?????}
    for shift in 15 10 5 0; do
      value=$((bits >> shift & 31))
      byte $((value < 26 ? value + 97 : value + 24)) # a to z, then 2 to 7
    done
  done
}

# --- the slot ---

# A slot is ten seconds of Unix time, and each of its tokens opens once. Who has used
# this one takes the next, at most five ahead. A slot is taken by making a folder
# named after it, in which only one can succeed of two that try at the same time.
take_slot() {
  now=$(($(date +%s) / 10))
  slot=$now
  taken=\${XDG_STATE_HOME:-\${HOME:-}/.local/state}/postern/slots/$host/$client/$door/$carrier
  mkdir -p "$taken" 2>/dev/null
  for old in "$taken"/*; do
    [ ! -d "$old" ] || [ "\${old##*/}" -ge $((now - 360)) ] || rmdir "$old"
  done
  until mkdir "$taken/$slot" 2>/dev/null; do
    if [ ! -d "$taken/$slot" ]; then
      complain "cannot write to $taken: a second knock within ten seconds will not open"
      return 0
    fi
    slot=$((slot + 1))
    if [ $slot -gt $((now + 5)) ]; then
      complain "too many knocks within ten seconds; wait for as long"
      return 1
    fi
  done
}

# --- the carriers: each fails when it cannot be sent ---

has() { command -v "$1" >/dev/null; }

send() {
  case $carrier in
    ping) send_ping ;;
    udp/*) send_udp "\${carrier#*/}" ;;
    dns/*) send_dns "\${carrier#*/}" ;;
    http/*) send_http "\${carrier#*/}" ;;
  esac
}

# Other programs called ping put the pattern elsewhere, or take one byte of it only.
# Everybody on this machine can read the arguments of ping, and so the token. It is made
# when the name has been looked up, so that ping has nothing to wait for before it sends.
send_ping() {
  ping -V 2>&1 | grep -q iputils || lacks 'the ping of iputils' || return
  address=$(address_of "$host") || return
  take_slot || return
  pattern=$(hmac | hexadecimal | cut -c 1-32)
  ping -n -c 1 -W 1 -p "$pattern" "$address" >/dev/null
  [ $? -lt 2 ]
}

# address_of HOST: the first of the family that is asked for, as this system prefers them.
address_of() {
  case $1$family in
    *:*-4) return 1 ;;
    *:*)
      echo "$1"
      return
      ;;
  esac
  has getent || lacks getent || return
  # In place of IPv6 addresses that are missing it prints those of IPv4, in another form.
  found=$(getent "ahosts\${family:+v\${family#-}}" "$1" | grep -v '^::ffff:' | head -n 1)
  [ -n "$found" ] && echo "\${found%% *}"
}

send_udp() {
  has nc || { has bash && [ -z "$family" ]; } || lacks nc || return
  take_slot || return
  if has nc; then
    hmac | head -c 16 | nc \${family:+"$family"} -u -w 1 "$host" "$1" >/dev/null
  else
    # shellcheck disable=SC2016 # the other shell's
    hmac | bash -c 'head -c 16 >"/dev/udp/$0/$1"' "$host" "$1"
  fi
  true # a datagram that was refused has come to the host
}

# The names are given by stdin: tokens that are still under way are nobody's business.
send_dns() {
  has dig || lacks dig || return
  take_slot || return
  token=$(base32 "$(hmac | hexadecimal | cut -c 1-20)")
  echo "$token.example.org" |
    dig \${family:+"$family"} +tries=1 +time=1 -p "$1" "@$host" -f - >/dev/null 2>&1
  [ $? != 1 ] # that is wrong usage
}

send_http() {
  has curl || lacks curl || return
  take_slot || return
  token=$(hmac | openssl base64 -A | tr +/ -_ | cut -c 1-16)
  echo "url = http://$authority:$1/$token" |
    curl -q \${family:+"$family"} -sS -g -m 5 --noproxy '*' -o /dev/null -K -
}

# --- what is said ---

complain() { printf '%s: %s\\n' "\${0##*/}" "$1" >&2; }

lacks() {
  complain "$carrier is passed over: $1 is needed"
  return 3
}

usage() {
  complain "usage: \${0##*/} [-4 | -6] [DOOR] [CARRIER], where DOOR is one of: $doors"
  exit 2
}

# --- the knock ---

# Fails when the door is shut; nc of some kinds cannot try.
can_try() { [ -n "$port" ] && has nc && nc -h 2>&1 | grep -q -e '-z'; }
is_open() { nc \${family:+"$family"} -z -w 3 "$host" "$port" >/dev/null 2>&1; }

family=
case \${1:-} in
  -4 | -6)
    family=$1
    shift
    ;;
esac
[ $# -le 2 ] || usage
door=\${1:-$doors}
describe "$door" || usage
if [ $# = 2 ]; then
  case " $carriers " in
    *" $2 "*) carriers=$2 ;;
    *)
      complain "the door $door opens over: $carriers"
      exit 2
      ;;
  esac
fi

has openssl || { complain 'openssl is needed' && exit 3; }
case $(command -v printf) in
  */*)
    complain 'this shell has no printf of its own: use dash or bash'
    exit 3
    ;;
esac

status=3
for carrier in $carriers; do
  send
  case $? in
    0) ;;
    3) continue ;;
    *)
      status=4
      complain "$carrier could not be sent"
      continue
      ;;
  esac
  status=4
  if ! can_try; then
    echo "$door of $host: knocked over $carrier; whether it opened was not tried"
    exit 0
  fi
  if is_open; then
    echo "$door of $host is open for $open_for: knocked over $carrier"
    exit 0
  fi
  echo "$door of $host: knocked over $carrier, and port $port does not answer"
done
[ $status = 3 ] || complain "$door did not open; is this clock right? It is $(date -u)"
exit $status
`;
