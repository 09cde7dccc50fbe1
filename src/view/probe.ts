/** What a probe has shown: a line for each address and stage, and the whole of it in the last. */
import type { AddressProbe, ClientDoor, Finding, Probe, Sighting, Stage } from "../client/index.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { escapeControl } from "../problem/escape.ts";

export interface Probed {
  readonly host: string;
  readonly door: ClientDoor;
  readonly probe: Probe;
  /** Whether it was to be seen that the door shuts again. */
  readonly waits: boolean;
}

const MARKS: Readonly<Record<Finding, string>> = {
  so: "ok",
  "not-so": "NOT SO",
  untested: "untested",
};

/** For stdout. */
export function renderProbe(probed: Probed): string {
  const { addresses } = probed.probe;
  const width = Math.max(0, ...addresses.map(({ address }) => address.length));
  const lines = addresses.flatMap(({ address, stages }) =>
    stages.map((stage) => {
      const mark = MARKS[stage.finding].padEnd(MARKS.untested.length);
      return `${mark}  ${address.padEnd(width)}  ${escapeControl(renderStage(stage, probed.door))}\n`;
    }),
  );
  return `${lines.join("")}${renderVerdict(probed)}`;
}

function renderStage(stage: Stage, door: ClientDoor): string {
  switch (stage.name) {
    case "shut-before":
      return `before the knock: ${renderShut(stage)}`;
    case "opens":
      return renderOpens(stage, door);
    case "shut-again": {
      const time = door.singleUse
        ? "after its one connection"
        : `${stage.afterSeconds ?? 0} s after the knock`;
      const hasUdp = door.protects.some(({ protocol }) => protocol === "udp");
      const seen = stage.sightings.length === 0 ? [] : [renderShut(stage)];
      return `${time}: ${[...seen, ...(hasUdp ? [UDP_SESSION] : [])].join("; ")}`;
    }
  }
}

const UDP_SESSION =
  "a session of UDP goes on until it has been silent for the policy's `session-idle`";

function renderShut({ finding, sightings, unsent }: Stage): string {
  const services = [...new Set(sightings.map(({ service }) => service))];
  const told = services.map((service) =>
    renderService(
      service,
      sightings.filter((one) => one.service === service),
    ),
  );
  const state = finding === "not-so" ? stateOf(sightings) : "shut";
  const what = finding === "untested" ? told : [state, ...told];
  return [...what, ...(unsent === undefined ? [] : ["FIN and ACK were not tried"])].join("; ");
}

/** A port that hides from SYN alone lets nobody in by it, and yet is no secret. */
function stateOf(sightings: readonly Sighting[]): "open" | "seen" {
  return sightings.some(({ answer }) => answer === "accepted") ? "open" : "seen";
}

const WORDS = { syn: "SYN", fin: "FIN", ack: "ACK", datagram: "a datagram" } as const;

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** The packets that met the same together. */
function renderService(service: string, sightings: readonly Sighting[]): string {
  const answers = [...new Set(sightings.map(({ answer }) => answer))];
  const parts = answers.map((answer) => {
    const packets = sightings.filter((one) => one.answer === answer);
    const words = packets.map(({ packet }) => WORDS[packet]);
    return renderAnswer(answer, listed(words), packets[0]?.packet === "datagram");
  });
  return service === "" ? parts.join(", ") : `${service} ${parts.join(", ")}`;
}

function renderAnswer(answer: string, packets: string, isUdp: boolean): string {
  switch (answer) {
    case "accepted":
      return isUdp ? "answers a datagram" : "accepts connections";
    case "refused":
      return `refuses ${packets}`;
    case "silent":
      return isUdp ? UDP_SILENT : `does not answer ${packets}`;
    default:
      return `cannot be reached (${answer})`;
  }
}

const UDP_SILENT = "is silent: a UDP service that is silent cannot be told from a shut door";

function renderOpens(
  { finding, knocked, sightings, answersPing }: Stage,
  door: ClientDoor,
): string {
  const by = knocked?.by === undefined ? "" : ` by ${knocked.by}`;
  const tcp = door.protects.some(({ protocol }) => protocol === "tcp");
  const udp = sightings.map((one) => renderService(one.service, [one]));
  if (!tcp) {
    const opened = finding === "so" ? "opened to the knock" : "was knocked at";
    return `${opened}${by}: ${udp.join("; ")}`;
  }
  if (knocked?.state === "open") return [`opened to the knock${by}`, ...udp].join("; ");
  return `did not open to the knock: it ${renderState(knocked?.state ?? "silent", answersPing)}`;
}

function renderState(state: string, answersPing: boolean | undefined): string {
  switch (state) {
    case "silent":
      if (answersPing === undefined) return "does not answer";
      return answersPing
        ? "does not answer, but for pings"
        : "answers nothing, not even a ping: it may be that no packets get there";
    case "refused":
      return "refuses";
    case "unsent":
      return "was not knocked at: nothing could be signed";
    default:
      return `cannot be reached (${state})`;
  }
}

function renderVerdict({ host, door, probe, waits }: Probed): string {
  const what = `${door.name} of ${host}`;
  switch (probe.verdict) {
    case "proved":
      return `${what} is shut${waits ? ", opens to a knock and shuts again" : " and opens to a knock"}\n`;
    case "not-opened":
      return `${what} did not open to the knock\n`;
    case "refuted":
      return `${what} is not as it should be: ${whatDiffers(probe.addresses)}\n`;
    case "untested":
      return `${what}: not all of it could be tested from here\n`;
  }
}

/** Which addresses are open, or stay shut, and which are not. */
function whatDiffers(addresses: readonly AddressProbe[]): string {
  const withBad = (name: Stage["name"]) =>
    addresses.filter(({ stages }) =>
      stages.some((stage) => stage.name === name && stage.finding === "not-so"),
    );
  const [before, opens, again] = [withBad("shut-before"), withBad("opens"), withBad("shut-again")];
  const list = (some: readonly AddressProbe[]) => some.map(({ address }) => address).join(", ");
  const but = (some: readonly AddressProbe[]) =>
    some.length === addresses.length ? "" : ", and not at every address";
  if (before.length > 0) {
    const sightings = before.flatMap(({ stages: [stage] }) => stage?.sightings ?? []);
    return `${stateOf(sightings)} without a knock at ${list(before)}${but(before)}`;
  }
  if (opens.length > 0) return `it does not open at ${list(opens)}, and does at another address`;
  return `still open at ${list(again)}${but(again)}`;
}

/** For stderr: what to do; nothing where all is so. */
export function renderProbeHints({ door, probe: { verdict, addresses } }: Probed): string {
  const stages = addresses.flatMap((one) => one.stages);
  const unsent = stages.find((stage) => stage.unsent !== undefined)?.unsent;
  const hints = [
    ...(verdict === "refuted" ? refutedHints(stages, door) : []),
    ...(verdict === "not-opened" ? NOT_OPENED : []),
    ...(verdict === "untested" ? UNTESTED : []),
    ...(unsent === undefined ? [] : [`FIN and ACK were not tried: ${unsent}`]),
  ];
  return hints.map((hint) => `  ${escapeControl(hint)}\n`).join("");
}

function refutedHints(stages: readonly Stage[], { name, openForSeconds }: ClientDoor): string[] {
  const has = (stage: Stage["name"]) =>
    stages.some((one) => one.name === stage && one.finding === "not-so");
  const seen = stages.flatMap(({ sightings }) => sightings);
  if (has("shut-before") && stateOf(seen) === "seen") {
    return [
      "something else than a gate of Postern hides the port from SYN alone: scans with FIN and ACK see it",
    ];
  }
  if (has("shut-before")) {
    return [
      "already open: this source holds a grant or is trusted, or nothing guards the port",
      `wait ${printSeconds(openForSeconds)}, or run \`postern close ${name}\` on the host; or probe from another address`,
      `on the host, \`postern explain ADDRESS ${name}\` says what the gate makes of you, and \`postern check\` what goes around it`,
    ];
  }
  if (has("opens")) {
    return [
      "on the host, `postern status` says whether the gate covers both families; -4 or -6 probes one",
    ];
  }
  return [
    `the profile says that a grant ends after ${printSeconds(openForSeconds)}: compare it with \`open-for\` in the policy`,
  ];
}

const NOT_OPENED = ["`postern knock` with the same target says what to try"];

const UNTESTED = [
  "-4 or -6 probes one family; a machine with both, elsewhere, can probe what this one cannot",
];

/** For scripts; the fields stay as they are. */
export function probeFacts({ host, door, probe }: Probed) {
  const { verdict, obstacle = null, addresses } = probe;
  return {
    ...{ host, door: door.name, verdict, obstacle },
    addresses: addresses.map(({ address, family, stages }) => ({
      address,
      family,
      stages: stages.map(({ name, finding, sightings, unsent, knocked, afterSeconds }) => ({
        ...{ stage: name, finding },
        packets: sightings.filter(({ service }) => service !== ""),
        unsent: unsent ?? null,
        by: knocked?.by ?? null,
        state: knocked?.state ?? null,
        after: afterSeconds ?? null,
      })),
    })),
  };
}
