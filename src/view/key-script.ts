/** A script for one client and host that knocks without Postern. */
import { bracketed } from "../client/index.ts";
import { printCarrier } from "../policy/carriers.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { bytesOf } from "../token/index.ts";
import { doorsOver, type Holder, type TokenDoor } from "./key/holder.ts";
import { SCRIPT_BODY } from "./key/script-body.ts";

/** The doors that the script can open: a ClientHello takes a program of its own. */
export function scriptDoors({ doors }: Pick<Holder, "doors">): readonly TokenDoor[] {
  return doorsOver(doors, ({ kind }) => kind !== "tls");
}

/**
 * For POSIX shells that have a `printf` of their own (dash, bash, ash of BusyBox). It holds the
 * key: whoever reads it can open the doors.
 *
 * @throws when no door is one of {@link scriptDoors}.
 */
export function printKeyScript(holder: Holder): string {
  const doors = scriptDoors(holder);
  if (doors.length === 0) throw new Error("printKeyScript: no door that a script can open");
  return [head(holder, doors), keyLines(holder), doorLines(doors), SCRIPT_BODY].join("\n");
}

function head({ client, host, doors: all }: Holder, doors: readonly TokenDoor[]): string {
  const hasTls = all.some(({ token }) => token?.carriers.some(({ kind }) => kind === "tls"));
  return `\
#!/bin/sh
# Opens doors of ${host} to ${client} with one-time tokens of Postern.
#
# WHOEVER READS THIS FILE CAN OPEN THEM. Keep it to yourself: chmod 700.
#
#   sh ${scriptName(host)} [-4 | -6] [DOOR] [CARRIER]
#
# Without CARRIER those of the door are tried in order until its port answers.
# What it needs: openssl; for \`ping\` the ping of iputils and getent, for \`udp\` nc or bash,
# for \`dns\` dig, for \`http\` curl; and nc to try whether the door opened. What is
# missing is passed over. The clock has to be right to within a minute.
${hasTls ? "# The carrier `tls` is left out: no common program sends a hello of one's own.\n" : ""}\
#
# Exit status: 0 the door is open, or was knocked at and cannot be tried; 2 wrong
# usage; 3 a program is missing; 4 the door did not open.
set -u
umask 077

host=${quoted(host)}
authority=${quoted(bracketed(host.replace("%", "%25")))}
client=${quoted(client)}
doors=${quoted(doors.map(({ name }) => name).join(" "))}
`;
}

/** What the script may be called: names of links are no names of files everywhere. */
export function scriptName(host: string): string {
  return `knock-${host.replaceAll(/[:%]/g, "-")}.sh`;
}

/** Names of hosts, clients, doors and carriers have nothing that ends a quotation. */
function quoted(text: string): string {
  if (/['\\\n]/.test(text)) throw new Error(`quoted: ${JSON.stringify(text)} is no such name`);
  return `'${text}'`;
}

const BLOCK_BYTES = 64;
const [INNER_PAD, OUTER_PAD] = [0x36, 0x5c];

/** HMAC (RFC 2104) takes the key twice, each time XORed with another byte. */
function keyLines({ key }: Holder): string {
  const block = Buffer.alloc(BLOCK_BYTES);
  bytesOf(key).copy(block);
  return `\
# The key, with the two pads of HMAC (RFC 2104). It is in functions, and a shell
# prints with a printf of its own: so it is never among the arguments of a program
# or in its environment, where others could see it.
inner_key() {
${octal(block.map((byte) => byte ^ INNER_PAD))}
}
outer_key() {
${octal(block.map((byte) => byte ^ OUTER_PAD))}
}
`;
}

function octal(bytes: Uint8Array): string {
  const escapes = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  const lines = escapes.join("").match(/.{1,64}/g) ?? [];
  return lines.map((line) => `  printf '${line}'`).join("\n");
}

function doorLines(doors: readonly TokenDoor[]): string {
  const cases = doors.map((door) => {
    const carriers = door.token.carriers.map(printCarrier).join(" ");
    const port = portToTry(door);
    return `    ${door.name}) carriers=${quoted(carriers)} port=${port ?? "''"} open_for=${printSeconds(door.openForSeconds)} ;;`;
  });
  return `\
# What the policy says of a door: its carriers, the port that tells whether it is
# open (none: it cannot be tried, or the try would use it up), and for how long.
describe() {
  case $1 in
${cases.join("\n")}
    *) return 1 ;;
  esac
}
`;
}

/** A try at a door for a single use would be that use. */
function portToTry({ protects, singleUse }: TokenDoor): number | undefined {
  if (singleUse) return undefined;
  return protects.find(({ protocol }) => protocol === "tcp")?.ports.first;
}
