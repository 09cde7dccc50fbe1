/** One HTML file for one client and host, which a phone can keep, and which knocks over http. */
import { createHash } from "node:crypto";
import { bracketed } from "../client/index.ts";
import { parseAddress } from "../policy/address.ts";
import { type Carrier, printCarrier } from "../policy/carriers.ts";
import type { HostName } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";
import { bytesOf } from "../token/index.ts";
import { BLOCKED_PORTS } from "./key/blocked-ports.ts";
import { doorsOver, type Holder, type TokenDoor } from "./key/holder.ts";
import { KNOCK_SCRIPT } from "./key/page-knock.ts";
import { STYLE } from "./key/page-style.ts";
import { TOKEN_SCRIPT } from "./key/page-token.ts";
import { VIEW_SCRIPT } from "./key/page-view.ts";

/** The doors that the page can open: of the carriers a browser sends web requests alone. */
export function pageDoors({ doors }: Pick<Holder, "doors">): readonly TokenDoor[] {
  return doorsOver(doors, isForBrowsers);
}

/** Addresses with a zone cannot, nor can names that end like a number. */
export function canBeInUrl(host: string): boolean {
  return URL.canParse(`http://${bracketed(host)}/`);
}

function isForBrowsers(carrier: Carrier): boolean {
  return carrier.kind === "http" && !BLOCKED_PORTS.has(carrier.port);
}

/**
 * It has the key in it: whoever reads it can open the doors. It refers to nothing outside, and its
 * policy lets it do no more than run what is in it and ask the web servers that carry its tokens
 * and the ports by which it sees whether a door opened.
 *
 * @throws when no door is one of {@link pageDoors}, or not {@link canBeInUrl}.
 */
export function printKeyPage(holder: Holder): string {
  const doors = pageDoors(holder);
  if (doors.length === 0) throw new Error("printKeyPage: no door that a browser can open");
  if (!canBeInUrl(holder.host)) throw new Error(`printKeyPage: ${holder.host} is no host of a URL`);
  const { client, host } = holder;
  const script = `"use strict";\n(() => {\n${TOKEN_SCRIPT}\n${KNOCK_SCRIPT}\n${VIEW_SCRIPT}})();\n`;
  const told = doors.map((door) => tellDoor(host, door));
  const urls = told.flatMap(({ carriers, probe }) => [
    ...carriers.map(({ url }) => url),
    ...(probe === undefined ? [] : [probe]),
  ]);
  const data = { client, host, key: bytesOf(holder.key).toString("base64"), doors: told };
  return `\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<!-- Whoever has this file can open the doors in it. -->
<meta http-equiv="content-security-policy" content="${securityPolicy(script, host, urls)}">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="apple-mobile-web-app-capable" content="yes">
<title>Doors of ${escapeHtml(host)}</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Doors of ${escapeHtml(host)}</h1>
<p class="client">for ${escapeHtml(client)}</p>
<noscript><p>This page knocks with JavaScript, which is turned off.</p></noscript>
${doors.map(printDoor).join("\n")}
${ADVICE}
</main>
<script type="application/json" id="gate">${printData(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E" +
  "%3Crect width='32' height='32' rx='7' fill='%231f5d4c'/%3E" +
  "%3Cpath d='M9 26V14a7 7 0 0 1 14 0v12z' fill='%23fff'/%3E" +
  "%3Ccircle cx='19.5' cy='18.5' r='1.5' fill='%231f5d4c'/%3E%3C/svg%3E";

function securityPolicy(script: string, host: HostName, urls: readonly string[]): string {
  // Addresses match nothing in such a policy (CSP 3, 6.7.2.8).
  const isAddress = parseAddress(host) !== undefined;
  const origins = isAddress ? ["http:"] : new Set(urls.map((url) => new URL(url).origin));
  return [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(STYLE)}'`,
    "img-src data:",
    `connect-src ${[...origins].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** What the script has to know of a door. */
function tellDoor(host: HostName, door: TokenDoor) {
  const port = portToProbe(door);
  return {
    name: door.name,
    carriers: door.token.carriers.map((carrier) => ({
      name: printCarrier(carrier),
      url: carrier.kind === "ping" ? "" : urlOf(host, carrier.port),
    })),
    openSeconds: door.openForSeconds,
    openFor: printSeconds(door.openForSeconds),
    isSilent: door.refuse === "drop",
    ...(port === undefined ? {} : { port, probe: urlOf(host, port) }),
  };
}

function urlOf(host: HostName, port: number): string {
  return `http://${bracketed(host)}:${port}/`;
}

/** A request to a door for a single use would be that use. */
function portToProbe({ protects, singleUse }: TokenDoor): number | undefined {
  if (singleUse) return undefined;
  for (const { protocol, ports } of protects) {
    for (let port = ports.first; protocol === "tcp" && port <= ports.last; port++) {
      if (!BLOCKED_PORTS.has(port)) return port;
    }
  }
  return undefined;
}

function printDoor({ name, protects }: TokenDoor): string {
  const title = escapeHtml(name);
  return `\
<section class="door" id="door-${title}" data-outcome="idle" aria-labelledby="name-${title}">
<div class="head"><h2 id="name-${title}">${title}</h2><span class="left" aria-hidden="true"></span></div>
<p class="protects">${escapeHtml(protects.map(printService).join(", "))}</p>
<div class="said" role="status"><p class="title">Not knocked yet</p><p class="words"></p></div>
<button type="button" disabled>Knock at ${title}</button>
</section>`;
}

const ADVICE = `\
<details>
<summary>When a door does not open</summary>
<ul>
<li>The clock of this device has to be right to within a minute.</li>
<li>A door opens to the address that the knock came from: use the same network for both, and
neither a proxy nor a data saver for this page alone.</li>
<li>A browser that has learnt to use nothing but https with this host cannot knock there.</li>
<li>The key may have been taken back. Whoever runs the host can tell, and make you another page.</li>
</ul>
</details>`;

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Inside a script element nothing but its end means anything; and that it cannot have. */
function printData(data: unknown): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
