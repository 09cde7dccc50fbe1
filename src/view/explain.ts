/** What the gate would do with a source, for somebody who wants to be let in. */
import type { Attempt, DoorExplanation, Explanation, SignedWay, Visit } from "../gate/index.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { escapeControl } from "../problem/escape.ts";
import { lasting } from "./status.ts";

type Paint = (tone: keyof typeof TONES, text: string) => string;

const TONES = { bold: 1, green: 32, yellow: 33, red: 31, dim: 2 } as const;
const colour: Paint = (tone, text) => `\u001b[${TONES[tone]}m${text}\u001b[0m`;
const plain: Paint = (_tone, text) => text;

export function renderExplanation(
  explanation: Explanation,
  options: { readonly colour: boolean },
): string {
  const paint = options.colour ? colour : plain;
  const blocks = [
    [paint("bold", explanation.address), ...indented(sourceLines(explanation, paint))],
    ...explanation.doors.map((door) => doorLines(door, explanation, paint)),
  ];
  return `${blocks.map((lines) => `${lines.join("\n")}\n`).join("\n")}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** What holds at every door. */
function sourceLines(explanation: Explanation, paint: Paint): string[] {
  const { address, source, bannedAs, isOfThisHost, interfaces, trustedBy, bans, wrongSteps } =
    explanation;
  const unban = `\`postern unban ${address}\``;
  return [
    ...(source === address ? [] : [`all of ${source} count as one source`]),
    ...(bannedAs === source ? [] : [`bans and wrong steps are those of all of ${bannedAs}`]),
    ...(isOfThisHost ? ["an address of this host: it comes by loopback, which has no doors"] : []),
    ...(interfaces.length === 0 ? [] : [`the gate covers ${coveredIn(interfaces)}`]),
    ...wayLines(explanation, paint),
    ...(trustedBy === null
      ? []
      : [
          paint(
            "green",
            `trusted by line ${trustedBy.line} of ${escapeControl(trustedBy.file)}: ${trustedBy.prefix}`,
          ),
        ]),
    ...bans.map(({ automatic, secondsLeft }) =>
      paint(
        "red",
        `banned ${automatic ? "for wrong steps" : "by hand"}, ${lasting(secondsLeft)}; ${unban} lifts it`,
      ),
    ),
    ...(wrongSteps === null
      ? []
      : [
          paint(
            "yellow",
            `has made a wrong step; ${wrongSteps.after} ban; they are forgotten in ${wrongSteps.secondsLeft} s`,
          ),
        ]),
  ];
}

/** `eth0, ppp*`, `every interface but lan0 and loopback`. */
function coveredIn(interfaces: readonly string[]): string {
  const names = interfaces.filter((entry) => !entry.startsWith("!"));
  const excluded = interfaces.filter((entry) => entry.startsWith("!")).map((e) => e.slice(1));
  const but = excluded.length === 0 ? "" : ` but ${excluded.join(", ")}`;
  if (names.length > 0) return `${names.join(", ")}${but}`;
  return `every interface${but} and loopback`;
}

function wayLines({ comesBy, isCovered, beforeGate }: Explanation, paint: Paint): string[] {
  return [
    ...(isCovered || comesBy === null
      ? []
      : [
          paint(
            "yellow",
            `answers to it leave by ${escapeControl(comesBy)}, which the gate does not cover: if it comes in there, it passes`,
          ),
        ]),
    ...beforeGate.map((what) => paint("yellow", escapeControl(what))),
  ];
}

function bypassLines({ bypasses }: DoorExplanation, paint: Paint): string[] {
  return bypasses.map(({ destination, isCertain, why }) => {
    const may = isCertain ? "do not pass the gate" : "may not pass the gate";
    return paint("yellow", `packets to ${destination} ${may}: ${escapeControl(why)}`);
  });
}

function doorLines(door: DoorExplanation, explanation: Explanation, paint: Paint): string[] {
  const isOpen = door.visits.every(({ passes }) => passes);
  const width = Math.max(...door.visits.map(({ services }) => services.join(" ").length));
  const visits = door.visits.map((visit) => {
    const services = visit.services.join(" ").padEnd(width);
    return `${services}  ${paint(visit.passes ? "green" : "red", visitIn(visit, door, explanation))}`;
  });
  const { attempt } = door;
  const isAsked = attempt !== null && (!isOpen || attempt.made > 0);
  const ways = waysIn(door, explanation);
  return [
    paint("bold", door.name),
    ...indented(visits),
    ...indented(bypassLines(door, paint)),
    ...indented(isAsked ? attemptLines(attempt, door, paint) : []),
    ...indented(isOpen ? [] : ways),
  ];
}

function visitIn({ passes, why }: Visit, door: DoorExplanation, { address }: Explanation): string {
  switch (why) {
    case "grant": {
      const use = door.singleUse ? "one connection" : "open";
      return `passes: ${use}, ${lasting(door.grant?.secondsLeft ?? null)}`;
    }
    case "session":
      return `passes: in a session, ${lasting(door.session?.secondsLeft ?? null)} if silent`;
    case "trusted":
      return "passes: trusted";
    case "not-gated":
      return "passes: not judged";
    case "other-interface":
      return "passes, if it comes in where the gate does not look";
    case "past-gate":
      return "not refused: packets to this guest do not pass the gate";
    case "other-address":
      return `passes: the door has no ${address.includes(":") ? "IPv6" : "IPv4"} address`;
    case "banned":
      return "refused: banned";
    case "no-grant":
      return "refused: no grant";
    default:
      return passes ? "passes" : "refused";
  }
}

/** Besides steps. A packet with a knock is looked at even when it comes from who is banned. */
function waysIn(door: DoorExplanation, { address, bans }: Explanation): string[] {
  const { name, attempt, carriers, signed } = door;
  const ends = bans.some(({ automatic }) => automatic) ? ", and ends a ban for wrong steps" : "";
  const ways = [
    ...(carriers.length === 0 ? [] : [`a token opens it, by ${either(carriers)}${ends}`]),
    ...(signed === null ? [] : [signedIn(signed, ends)]),
  ];
  if (ways.length > 0) return ways;
  return attempt === null ? [`nothing opens it but \`postern open ${name} ${address}\``] : [];
}

function signedIn({ carriers, opensFromHere, bound }: SignedWay, ends: string): string {
  if (!opensFromHere) return "no signed knock opens it: its `from` does not name this address";
  const knock = bound ? "a signed knock that names this address" : "a signed knock";
  return `${knock} opens it, by ${either(carriers)}${ends}`;
}

/** `a`, `a or b`, `a, b or c`. */
function either(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function attemptLines(attempt: Attempt, door: DoorExplanation, paint: Paint): string[] {
  const { made, steps, secondsLeft, withinSeconds, watch } = attempt;
  const left = secondsLeft ?? 0;
  const within = printSeconds(withinSeconds);
  const knock =
    made === 0
      ? [
          `no step made; the knock is ${steps.join(" ")}`,
          ...(steps.length > 1 ? [`each within ${within} of the one before`] : []),
        ]
      : [
          paint(
            "yellow",
            `${made} of ${steps.length} steps made: ${steps.slice(0, made).join(" ")}`,
          ),
          paint(
            "yellow",
            `step ${made + 1} of ${steps.length} is next: ${steps[made]}, within ${left} s`,
          ),
          ...(watch === null ? [] : [`any other packet to ${watch} starts over`]),
        ];
  return [...knock, ...endIn(attempt, door, paint)];
}

function endIn({ wouldEnd }: Attempt, door: DoorExplanation, paint: Paint): string[] {
  switch (wouldEnd) {
    case "opens":
      return [];
    case "full":
      return [paint("red", "no knock opens it now: a set is full, `postern status` shows which")];
    case "banned":
      return [paint("red", "no knock opens it while the ban lasts")];
    case "not-gated":
      return [paint("dim", `packets from here do not knock at ${door.name}`)];
  }
}
