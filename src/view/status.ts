/** The state of a gate for people. */
import type { DoorStatus, KnockStatus, Status, TokenStatus } from "../gate/index.ts";
import { escapeControl } from "../problem/escape.ts";
import { ago } from "./times.ts";

export interface ViewOptions {
  readonly colour: boolean;
}

/** Sources shown of each kind; a flood would fill the screen. */
const MOST_SHOWN = 20;

export function renderStatus(status: Status, options: ViewOptions): string {
  const paint = options.colour ? colour : plain;
  const banned = status.banned.map(
    (ban) =>
      `${ban.source}  ${lasting(ban.secondsLeft)}${ban.automatic ? ", for wrong steps" : ""}`,
  );
  const lines = [
    ...unconfirmedLines(status.unconfirmed, paint),
    ...bypassLines(status.bypasses, paint),
    ...status.doors.flatMap((door) => [...doorLines(door, paint), ""]),
    ...agentLines(status.agent, paint),
    ...atBootLines(status.atBoot, paint),
    ...section("banned", banned, paint),
    ...section("sets", setLines(status), paint),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

type Paint = (tone: keyof typeof TONES, text: string) => string;

type Toned = readonly [tone: keyof typeof TONES, words: string];

const TONES = { bold: 1, green: 32, yellow: 33, red: 31, dim: 2 } as const;
const colour: Paint = (tone, text) => `\u001b[${TONES[tone]}m${text}\u001b[0m`;
const plain: Paint = (_tone, text) => text;

function doorLines(
  { name, open, sessions, partWay, counters, tokens, knocks }: DoorStatus,
  paint: Paint,
): string[] {
  const isOpen = open.length > 0;
  return [
    `${paint("bold", name)}  ${isOpen ? paint("green", "open") : paint("red", "shut")}`,
    ...shown(open.map(({ source, secondsLeft }) => `open to ${source}, ${lasting(secondsLeft)}`)),
    ...shown(
      sessions.map(
        ({ source, secondsLeft }) => `session of ${source}, ${lasting(secondsLeft)} if silent`,
      ),
    ),
    ...shown(
      partWay.map(
        ({ source, stage, of, secondsLeft }) =>
          `${source} has made ${stage} of ${of} steps, ${lasting(secondsLeft)} for the next`,
      ),
    ),
    ...tokens.map((held) => `  ${tokensInWords(held)}`),
    ...shown(knocks.map(knockInWords)),
    paint("dim", `  so far: ${countersInWords(counters)}`),
  ];
}

function tokensInWords({ carrier, clients, tokens, bytes, secondsLeft }: TokenStatus): string {
  if (secondsLeft === null) return `tokens by ${carrier}: no client has any`;
  const counted = `${tokens} for ${clients} ${clients === 1 ? "client" : "clients"}`;
  return `tokens by ${carrier}: ${counted}, about ${inBytes(bytes)}, ${lasting(secondsLeft)}`;
}

function inBytes(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.ceil(bytes / 1000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function knockInWords({ with: how, client, carrier, source, secondsAgo }: KnockStatus): string {
  const who = client === null ? "somebody whose key is gone" : escapeControl(client);
  return `${who} by ${carrier}${how === "token" ? "" : ", signed,"} from ${source}, ${ago(secondsAgo)}`;
}

function agentLines(agent: Status["agent"], paint: Paint): string[] {
  if (agent === null) return [];
  if (!agent.isRunning) {
    return [
      paint("yellow", "no agent is running, and signed knocks open nothing"),
      "  start it: `postern agent`, as a service",
      "",
    ];
  }
  const { candidates } = agent;
  const refused = Object.entries(agent.refused).map(([reason, count]) => `${count} ${reason}`);
  const repeated = agent.repeated === 0 ? "" : `, ${agent.repeated} repeated`;
  const lost = agent.lost === 0 ? [] : [`${agent.lost} came too fast to be read`];
  return [
    paint("bold", "agent"),
    `  signed knocks since it began: ${agent.opened} opened${repeated}, refused: ${refused.join(", ") || "none"}`,
    `  packets that might have been some: ${candidates}`,
    ...lost.map((words) => `  ${words}`),
    "",
  ];
}

function unconfirmedLines(unconfirmed: Status["unconfirmed"], paint: Paint): string[] {
  if (unconfirmed === null) return [];
  const { by, secondsLeft } = unconfirmed;
  const when = secondsLeft > 0 ? `in ${secondsLeft} s` : "now";
  return [
    paint("yellow", `not confirmed: ${when} the gate of before comes back`),
    `  put up by ${escapeControl(by)}; \`postern confirm\` keeps it`,
    "",
  ];
}

/** Those that are certain first. */
function bypassLines(bypasses: Status["bypasses"], paint: Paint): string[] {
  const [sure, perhaps] = (["error", "warning"] as const).map((severity) =>
    (bypasses ?? []).filter((one) => one.severity === severity).map(({ what }) => what),
  );
  const rows = [
    ...(sure ?? []).map((what) => paint("red", escapeControl(what))),
    ...(perhaps ?? []).map((what) => paint("yellow", escapeControl(what))),
  ];
  return section("past the gate", rows, paint);
}

function atBootLines(atBoot: Status["atBoot"], paint: Paint): string[] {
  if (atBoot === null) return [];
  const [tone, words] = atBootInWords(atBoot);
  return [paint(tone, `at boot: ${words}`), ""];
}

function atBootInWords({ isEnabled, kept }: NonNullable<Status["atBoot"]>): Toned {
  if (!isEnabled) {
    return ["yellow", "postern.service loads no gate: `systemctl enable postern.service`"];
  }
  switch (kept) {
    case "this":
      return ["dim", "this gate (postern.service is enabled)"];
    case "another":
      return ["yellow", "another gate than this, the last that was applied for good"];
    case "none":
      return ["yellow", "no gate is kept: apply the policy again"];
  }
}

/** One, and more than one. */
const COUNTED: Readonly<Record<string, readonly [string, string]>> = {
  open: ["time opened", "times opened"],
  refused: ["packet refused", "packets refused"],
  wrong: ["wrong step", "wrong steps"],
  banned: ["automatic ban", "automatic bans"],
};

function countersInWords(counters: DoorStatus["counters"]): string {
  return Object.entries(counters)
    .map(([name, count]) => `${count} ${(COUNTED[name] ?? [name, name])[count === 1 ? 0 : 1]}`)
    .join(", ");
}

function section(title: string, rows: readonly string[], paint: Paint): string[] {
  return rows.length === 0 ? [] : [paint("bold", title), ...shown(rows), ""];
}

function shown(rows: readonly string[]): string[] {
  const more = rows.length - MOST_SHOWN;
  return [
    ...rows.slice(0, MOST_SHOWN).map((row) => `  ${row}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** Those that anybody is in. */
function fullestFirst(sets: Status["sets"]): Status["sets"] {
  return sets
    .filter(({ members }) => members > 0)
    .toSorted((a, b) => b.members / b.capacity - a.members / a.capacity);
}

function setLines({ backend, sets, toHoldMore }: Status): string[] {
  const full = `, full: ${WHEN_FULL[backend]}`;
  const lines = fullestFirst(sets).map(({ name, members, capacity }) => {
    const percent = Math.floor((100 * members) / capacity);
    return `${name}  ${members} of ${capacity} (${percent} %)${members >= capacity ? full : ""}`;
  });
  // In front of a list of which not all may be shown.
  return toHoldMore === null ? lines : [`to hold more: ${escapeControl(toHoldMore)}`, ...lines];
}

const WHEN_FULL = {
  nftables: "newcomers are refused",
  iptables: "the oldest is forgotten for each newcomer",
} as const;

/** How long something goes on; rounded down. */
export function lasting(seconds: number | null): string {
  if (seconds === null) return "until lifted";
  if (seconds < 120) return `${seconds} s left`;
  return seconds < 7200
    ? `${Math.floor(seconds / 60)} min left`
    : `${Math.floor(seconds / 3600)} h left`;
}
