/** Clients and their keys for people. The keys themselves are not shown. */
import { renderUnicodeCompact } from "uqr";
import type { Client, InKernel, Knock, Refilled } from "../gate/index.ts";
import { renderMoment } from "./times.ts";

export function renderClients(clients: readonly Client[]): string {
  if (clients.length === 0) return "there are no clients yet: `postern key add NAME`\n";
  const width = Math.max(...clients.map(({ name }) => name.length));
  return clients.map(({ name, key }) => `${name.padEnd(width)}  ${doorsOf(key)}\n`).join("");
}

function doorsOf({ doors }: Client["key"]): string {
  return doors === undefined ? "every door that opens with tokens" : doors.join(" ");
}

/** The same facts for scripts. */
export function reportClients(clients: readonly Client[]) {
  return {
    clients: clients.map(({ name, key }) => ({ name, doors: key.doors ?? null })),
  };
}

/** What a client's telephone can read from a screen. */
export function renderQr(text: string): string {
  return `${renderUnicodeCompact(text, { border: 2 })}\n`;
}

/** What became of a change of keys in the kernel. */
export function renderInKernel(inKernel: InKernel): string {
  if (inKernel === undefined) return "no gate stands on this host: `postern apply` puts it up\n";
  if (!inKernel.ok) return "the gate knows nothing of it yet\n";
  return inKernel.value.carriers.length === 0
    ? "no door of the gate opens with tokens yet: `token:` in the policy, and `postern apply`\n"
    : "the gate knows it\n";
}

/** What a refill did, for people and for the log of whatever runs it. */
export function renderRefilled({ carriers, gone, knocks }: Refilled): string {
  const lines = [
    ...knocks.map(renderKnock),
    ...gone.map((client) => `${client}: the key was revoked, and no token of it is left`),
    ...carriers.map(({ door, carrier, clients, added, until }) =>
      until === undefined
        ? `${door} by ${carrier}: no clients`
        : `${door} by ${carrier}: ${counted(clients, "client")}, ${counted(added, "token")} added; they last until ${renderMoment(until)}`,
    ),
  ];
  return lines.length === 0 ? "no door of the gate opens with tokens\n" : `${lines.join("\n")}\n`;
}

function renderKnock({ client, door, carrier, source, at }: Knock): string {
  return `${client ?? "somebody whose key is gone"} opened ${door} by ${carrier} from ${source} at ${renderMoment(at)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
