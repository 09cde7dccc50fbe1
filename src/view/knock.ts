/** What became of a knock, in one line, and what to try when it was none. */
import type { AddressOutcome, ClientDoor, Outcome, Sight } from "../client/index.ts";
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
    const at = listed(addresses.map(({ address }) => address));
    return `knocked at ${door.name} of ${host}, ${at} ${time}; ${whyUntried(door)}\n`;
  }
  const open = addresses.filter(({ state }) => state === "open");
  const shut = addresses.filter(({ state }) => state !== "open");
  const where = listed(open.map(({ address }) => address));
  const but = shut.length === 0 ? "" : `; but ${listed(shut.map(met))}`;
  return `${door.name} of ${host} is open for ${openFor}: ${where} ${time}${but}\n`;
}

/** For stderr, after the program's name. */
export function renderShut({ host, door, outcome }: Knocked): string {
  const { addresses, obstacle, milliseconds } = outcome;
  if (obstacle !== undefined) return `${escapeControl(obstacle)}\n`;
  const services = listed(door.protects.map(printService));
  if (door.steps.length === 0) {
    return `\
cannot connect to ${services} of ${host}: ${listed(addresses.map(met))} (${printTime(milliseconds)})
  no door of its profile protects that port, and none was knocked at
`;
  }
  const hints = addresses.some(({ state }) => state === "refused") ? [REFUSED] : [];
  return `\
${door.name} of ${host} is not open: at ${services} ${listed(addresses.map(met))} (${printTime(milliseconds)})
${renderTurnedBack(addresses)}\
${[...hints, ...hintsFor(door)].map((hint) => `  ${hint}\n`).join("")}`;
}

/** What is known of steps that cannot have arrived; nothing where all may have. */
export function renderTurnedBack(addresses: readonly AddressOutcome[]): string {
  return addresses
    .filter(({ turnedBack }) => turnedBack.length > 0)
    .map(({ address, turnedBack }) => {
      const why = turnedBack.map(escapeControl).join(", ");
      return `  steps to ${address} did not get there: ${why}\n`;
    })
    .join("");
}

const REFUSED =
  "a refusal means that the door is shut, or that it is open and nothing listens behind it";

function hintsFor({ name }: ClientDoor): string[] {
  return [
    "try it from another network: this one, or one on the way, may hold back some of the steps",
    `on the host, \`postern explain ADDRESS ${name}\` says what the gate makes of you, and`,
    `\`postern profile export ${name}\` what the steps are today; here, -v shows each packet`,
  ];
}

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
  return `${time} ms  ${address}  ${packet}  ${escapeControl(what)}\n`;
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
