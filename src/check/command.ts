/** The command that does a scan, with nothing but stock tools: nmap, knockd's knock, and ping. */
import type { Sequence } from "../policy/policy.ts";
import { opens, type Target } from "./judge.ts";
import { ALL_PORTS, type Order, type Ports } from "./orders.ts";
import type { PingSweep, PortScan, Scan, Way } from "./scans.ts";

/** From so many ports on nmap has to be told to hurry, or it takes longer than a knock may. */
const MANY_FOR_NMAP = 1000;
/** More words than these may not fit into the arguments of one program. */
const MANY_WORDS = 20_000;

/**
 * A line for `sh` that does a scan which opens the door, over no more ports than that takes. The
 * word HOST stands for the address or name of the host.
 */
export function commandFor(target: Target, scan: Scan, sequence: Sequence): string {
  const line = scan.kind === "pings" ? pings(scan, sequence) : ports(target, scan, sequence);
  const times = Array.from({ length: scan.times }, (_, index) => index + 1);
  return scan.times === 1 ? line : `for i in ${times.join(" ")}; do ${line}; done`;
}

function pings({ direction, doubled }: PingSweep & Scan, { steps }: Sequence): string {
  const { first, last } = hullOf(
    steps.flatMap((step) => (step.kind === "ping" ? [step.payloadBytes] : [])),
  );
  const list = direction === "upwards" ? `seq ${first} ${last}` : `seq ${last} -1 ${first}`;
  return `for n in $(${list}${doubled ? " | sed p" : ""}); do ${pingOf("$n")}; done`;
}

function ports(target: Target, scan: PortScan & Scan, sequence: Sequence): string {
  const range = rangesFor(scan.order, sequence).find((each) => opens(target, scan, each));
  const line = withNmap(scan, range ?? ALL_PORTS) ?? withKnock(scan, range ?? ALL_PORTS);
  return scan.ping === undefined ? line : `${pingOf(`${scan.ping}`)}; ${line}`;
}

function pingOf(length: string): string {
  return `ping -c1 -W1 -s${length} HOST`;
}

/** The narrowest first; outside of the second nothing is anything to the door. */
function rangesFor(order: Order, { steps, watch }: Sequence): Ports[] {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  if (ports.length === 0) return [];
  const watched = watch === undefined ? [] : [watch.first, watch.last];
  return [hullOf(ports), hullOf([...ports, ...watched])].map(order.around);
}

function hullOf(numbers: readonly number[]): Ports {
  return { first: Math.min(...numbers), last: Math.max(...numbers) };
}

/** Undefined where nmap cannot do it. */
function withNmap({ order, way, doubled, times }: PortScan & Scan, range: Ports) {
  const over = onlyProtocolOf(way);
  if (order.nmap === undefined || over === undefined || doubled || times > 1) return undefined;
  const hurry = range.last - range.first < MANY_FOR_NMAP ? "" : " --min-rate 10000";
  const kind = over === "udp" ? "-sU " : "";
  return `nmap ${kind}-r -Pn -n --max-retries 0${hurry} ${order.nmap(range)} HOST`;
}

function withKnock({ order, way, doubled }: PortScan & Scan, range: Ports): string {
  const over = onlyProtocolOf(way);
  const program = over === "udp" ? "knock -u HOST" : "knock HOST";
  const lists = way.parts.map((part) =>
    [
      order.list(range, part.list),
      ...(over === undefined ? [`sed '${suffix(part.over)}'`] : []),
      ...(doubled ? ["sed p"] : []),
    ].join(" | "),
  );
  const words = way.parts
    .map(({ list, over }) => order.within(range, list).length * over.length * (doubled ? 2 : 1))
    .reduce((a, b) => a + b);
  if (words < MANY_WORDS) return `${program} ${lists.map((list) => `$(${list})`).join(" ")}`;
  const all = lists.length === 1 ? lists.join("") : `{ ${lists.join("; ")}; }`;
  return `${all} | xargs ${program}`;
}

/** Puts the protocols behind each port. */
function suffix(over: readonly string[]): string {
  return `s/.*/${over.map((protocol) => `&:${protocol}`).join("\\n")}/`;
}

/** The protocol of a scan that uses only one. */
function onlyProtocolOf({ parts: [first, ...others] }: Way) {
  return others.length === 0 && first?.over.length === 1 ? first.over[0] : undefined;
}
