/** What became of a knock, in one line, and what to try when it was none. */
import {
  type AddressOutcome,
  type ClientDoor,
  type Outcome,
  SEQUENCE,
  type Sight,
} from "../client/index.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";
import { escapeControl } from "../problem/escape.ts";

/** How a knock is told: of which door, at which host. */
export interface Knocked {
  readonly host: string;
  readonly door: ClientDoor;
  readonly outcome: Outcome;
}

/** Of a door that is open, or of which nobody knows. */
export function renderKnock({ host, door, outcome }: Knocked): string {
  const { addresses, isOpen } = outcome;
  const time = `(${printTime(outcome.milliseconds)})`;
  const openFor = printSeconds(door.openForSeconds);
  if (isOpen === undefined) {
    const knocked = addresses.filter(({ by }) => by !== undefined);
    if (knocked.length === 0) return `nothing could be sent to ${door.name} of ${host} ${time}\n`;
    const at = listed(knocked.map(withCarrier));
    return `knocked at ${door.name} of ${host}, ${at} ${time}; ${whyUntried(door)}\n`;
  }
  const open = addresses.filter(({ state }) => state === "open");
  const shut = addresses.filter(({ state }) => state !== "open");
  const where = listed(open.map(withCarrier));
  const but = shut.length === 0 ? "" : `; but ${listed(shut.map(met))}`;
  return `${door.name} of ${host} is open for ${openFor}: ${where} ${time}${but}\n`;
}

/** For stderr, after the program's name. */
export function renderShut({ host, door, outcome }: Knocked): string {
  const { addresses, obstacle, milliseconds } = outcome;
  if (obstacle !== undefined) return `${escapeControl(obstacle)}\n`;
  const services = listed(door.protects.map(printService));
  if (door.sequence?.steps.length === 0) {
    return `\
cannot connect to ${services} of ${host}: ${listed(addresses.map(met))} (${printTime(milliseconds)})
  no door of its profile protects that port, and none was knocked at
`;
  }
  if (addresses.every(({ state }) => state === "unsent")) {
    const time = printTime(milliseconds);
    return `nothing was sent to ${door.name} of ${host}: nothing could be signed (${time})\n`;
  }
  const hints = addresses.some(({ state }) => state === "refused") ? [REFUSED] : [];
  return `\
${door.name} of ${host} is not open: at ${services} ${listed(addresses.map(met))} (${printTime(milliseconds)})
${renderTurnedBack(addresses)}\
${[...hints, ...hintsFor(door)].map((hint) => `  ${hint}\n`).join("")}`;
}

/** A token is told by its carrier. */
function withCarrier({ address, by }: AddressOutcome): string {
  return by === undefined || by === SEQUENCE ? address : `${address} by ${by}`;
}

/** What is known of packets that cannot have arrived; nothing where all may have. */
export function renderTurnedBack(addresses: readonly AddressOutcome[]): string {
  return addresses
    .filter(({ turnedBack }) => turnedBack.length > 0)
    .map(({ address, turnedBack }) => {
      const why = turnedBack.map(escapeControl).join(", ");
      return `  packets to ${address} did not get there: ${why}\n`;
    })
    .join("");
}

/** That a knock which somebody could stop is good from elsewhere; nothing where none is. */
export function renderUnbound(addresses: readonly AddressOutcome[]): string {
  const unbound = addresses.filter(({ signed }) => signed?.boundTo === null);
  if (unbound.length === 0) return "";
  const to = listed(unbound.map(({ address }) => address));
  return `\
  the knock at ${to} is not bound to an address of yours: others may be put in its place on the way
  (NAT). --bind ADDRESS names the one that is seen there, --bind none says nothing of it
`;
}

const REFUSED =
  "a refusal means that the door is shut, or that it is open and nothing listens behind it";

function hintsFor({ name, sequence, token, signed }: ClientDoor): string[] {
  const packets = sequence === undefined ? "packets" : "steps";
  return [
    ...(token === undefined ? [] : TOKEN_HINTS),
    ...(signed === undefined ? [] : SIGNED_HINTS),
    `try it from another network: this one, or one on the way, may hold back some of the ${packets}`,
    `on the host, \`postern explain ADDRESS ${name}\` says what the gate makes of you, and`,
    `${whatElse({ name, sequence, token })}; here, -v shows each packet`,
  ];
}

function whatElse({
  name,
  sequence,
  token,
}: Pick<ClientDoor, "name" | "sequence" | "token">): string {
  if (sequence !== undefined) return `\`postern profile export ${name}\` what the steps are today`;
  if (token !== undefined) return "`postern key list` whether your key is still good";
  return "the log of `postern agent` why it refused a knock";
}

const TOKEN_HINTS = [
  "a token is good for about a minute: compare the clocks, with `date -u` here and on the host",
  "a gate that has just been started, or got your key, takes tokens a minute later; of a key that",
  "was revoked it takes none",
];

const SIGNED_HINTS = [
  "a signed knock is good for a minute: compare the clocks, with `date -u` here and on the host",
  "your public key has to be in `allowed_signers` there, `postern agent` to run, and `postern agent",
  "key` to print the sealing key of your profile; behind NAT, a knock bound to an address opens nothing",
];

function whyUntried({ singleUse, protects, openForSeconds }: ClientDoor): string {
  const time = printSeconds(openForSeconds);
  if (protects.every(({ protocol }) => protocol === "udp")) {
    return `if it opened, then for ${time}: a UDP service does not say`;
  }
  if (singleUse)
    return `if it opened, then for one connection within ${time}, which a try would be`;
  return `if it opened, then for ${time}`;
}

function met({ address, state }: AddressOutcome): string {
  switch (state) {
    case "silent":
      return `${address} does not answer`;
    case "unsent":
      return `${address} was not knocked at`;
    case "late":
      return `${address} had not opened by then`;
    case "refused":
      return `${address} refuses`;
    default:
      return `${address} cannot be reached (${escapeControl(state)})`;
  }
}

/** A packet, or what came back for it, in a line. */
export function renderSight({ address, packet, answer, at }: Sight, began: number): string {
  const time = (at - began).toFixed(1).padStart(7);
  const what = answer?.kind === "unreachable" ? answer.why : (answer?.kind ?? "sent");
  return `${time} ms  ${address}  ${escapeControl(packet)}  ${escapeControl(what)}\n`;
}

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function printTime(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}
