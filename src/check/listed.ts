/** What a scanner does to a door that has a list of well-known ports, in order or shuffled. */
import type { Sequence, Step } from "../policy/policy.ts";
import { OPEN, START, send } from "./attempt.ts";
import type { Target } from "./judge.ts";
import {
  isWellKnown,
  NMAP_FIRST,
  NMAP_TCP_100,
  NMAP_TCP_1000,
  NMAP_UDP_100,
} from "./known-ports.ts";
import type { Protocol } from "./orders.ts";
import { GREETINGS } from "./scans.ts";
import { afterHeap, chanceThereAndBack, type Heap, MOST, type Places } from "./shuffled.ts";

/** A scan that opens a door. */
export interface OpenedBy {
  /** In plain English, as in "a scan of all ports upwards over TCP". */
  readonly scan: string;
  /** For `sh`, with the word HOST for the host. */
  readonly command: string;
  /** How likely one run of it is to open the door, above 0 to 1: it does every time. */
  readonly chance: number;
}

/** Ports that are sent one group after the other. */
interface ListScan {
  readonly words: string;
  readonly command: string;
  readonly order: "as listed" | "shuffled";
  readonly groups: readonly Group[];
  /** Whether what nothing answers is sent once more, the last first: so nmap does with few ports. */
  readonly returns: boolean;
}

interface Group {
  readonly protocol: Protocol;
  readonly ports: readonly number[];
}

/** The likeliest way in; of those that are alike the first. Undefined where no list opens it. */
export function likeliestList(target: Target, { steps }: Sequence): OpenedBy | undefined {
  const scans = [...exactLists(steps), ...STOCK_LISTS].filter((scan) => holdsAll(scan, steps));
  const found = scans.flatMap((scan) =>
    greetingsAt(target).map(({ ping, place }) => ({
      ...worded(scan, ping),
      chance: chanceOfList(target, scan, place),
    })),
  );
  return found.reduce<OpenedBy | undefined>(
    (best, one) => (one.chance > (best?.chance ?? 0) ? one : best),
    undefined,
  );
}

interface Greeting {
  /** Payload bytes of an echo request; undefined: none. */
  readonly ping: number | undefined;
  /** Where a source is after it. */
  readonly place: number;
}

/** Where a scan may begin: with nothing said, or after an echo request that is a step. */
function greetingsAt({ attempt, ground }: Target): Greeting[] {
  return GREETINGS.flatMap((ping): Greeting[] => {
    if (ping === undefined) return [{ ping, place: START }];
    const packet = ground.pingOf(ping);
    return packet === undefined ? [] : [{ ping, place: send(attempt, START, packet) }];
  });
}

function worded({ words, command }: ListScan, ping: number | undefined) {
  if (ping === undefined) return { scan: words, command };
  return {
    scan: `${words}, after a ping of ${ping} bytes`,
    command: `ping -c1 -W1 -s${ping} HOST; ${command}`,
  };
}

/** Whether the list has a packet for every step that is a port. */
function holdsAll({ groups }: ListScan, steps: readonly Step[]): boolean {
  return steps.every(
    (step) =>
      step.kind === "ping" ||
      groups.some(
        ({ protocol, ports }) =>
          (step.protocol === "either" || step.protocol === protocol) && ports.includes(step.port),
      ),
  );
}

function chanceOfList(target: Target, scan: ListScan, start: number): number {
  const { attempt } = target;
  const groups = scan.groups.map((group) => packetsOf(target, group));
  if (scan.order === "as listed") {
    const packets = groups.flat();
    const sent = scan.returns ? [...packets, ...packets.toReversed()] : packets;
    return sent.reduce((place, packet) => send(attempt, place, packet), start) === OPEN ? 1 : 0;
  }
  const heaps = groups.map((packets) => heapOf(target, packets));
  if (heaps.some(({ steps }) => steps.length > MOST)) return 0;
  const places = heaps.reduce<Places>(
    (from, heap) => afterHeap(attempt, from, heap),
    new Map([[start, 1]]),
  );
  const once = places.get(OPEN) ?? 0;
  return scan.returns ? Math.max(once, chanceThereAndBack(attempt, start, groups)) : once;
}

function packetsOf({ ground }: Target, { protocol, ports }: Group): number[] {
  return ports.flatMap((port) => ground.packetTo(protocol, port) ?? []);
}

function heapOf({ ground }: Target, packets: readonly number[]): Heap {
  const steps = packets.filter((packet) => !ground.isStray(packet));
  const strays = packets.filter(ground.isStray);
  return { steps, strays: strays.length, stray: strays[0] };
}

/** As nmap shuffles TCP ports: those that are most often open first. */
function inTwoGroups(ports: readonly number[]): Group[] {
  const groups = [
    ports.filter((port) => NMAP_FIRST.has(port)),
    ports.filter((port) => !NMAP_FIRST.has(port)),
  ];
  return groups.flatMap((group) =>
    group.length === 0 ? [] : [{ protocol: "tcp" as const, ports: group }],
  );
}

const NMAP = "nmap -Pn -n";

const STOCK_LISTS: readonly ListScan[] = [
  stock("100 most common TCP ports", "-F", { tcp: NMAP_TCP_100 }),
  stock("1,000 most common TCP ports", "", { tcp: NMAP_TCP_1000 }),
  stock("100 most common UDP ports", "-sU -F", { udp: NMAP_UDP_100 }),
  stock("100 most common TCP and then UDP ports", "-sS -sU -F", {
    tcp: NMAP_TCP_100,
    udp: NMAP_UDP_100,
  }),
].flat();

type Lists = Readonly<Partial<Record<Protocol, readonly number[]>>>;

/** Without what nothing answers: in between comes what is left of the list. */
function stock(name: string, options: string, lists: Lists): ListScan[] {
  const rest = [...(options === "" ? [] : [options]), "HOST"].join(" ");
  return listScans(`nmap's ${name}`, lists, { rest, returns: false });
}

/** So few ports are shuffled in every way, 7! = 5,040, and back again. */
const FEW_PORTS = 7;

/** Just the ports of the steps, where somebody may have them in a list of their own. */
function exactLists(steps: readonly Step[]): ListScan[] {
  if (!steps.every((step) => step.kind === "ping" || isWellKnown(step.port))) return [];
  const lists = protocolsOf(steps);
  const { tcp = [], udp = [] } = lists;
  const count = tcp.length + udp.length;
  if (count === 0) return [];
  const isOneScan = tcp.length === 0 || udp.length === 0;
  const returns = isOneScan && count <= FEW_PORTS;
  const rest = `${optionsFor(lists)} HOST`;
  const scans = listScans("just these well-known ports", lists, { rest, returns });
  return udp.length > 0 ? scans : [...scans, shuffledAlike(tcp)];
}

/** What tells nmap the ports. */
function optionsFor({ tcp = [], udp = [] }: Lists): string {
  if (udp.length === 0) return `-p ${tcp.join()}`;
  if (tcp.length === 0) return `-sU -p ${udp.join()}`;
  return `-sS -sU -p T:${tcp.join()},U:${udp.join()}`;
}

/** As masscan does it, which knows no ports that come first, and sends each once. */
function shuffledAlike(ports: readonly number[]): ListScan {
  return {
    words: "a scan of just these well-known ports in random order",
    command: `masscan -p${ports.join()} HOST`,
    order: "shuffled",
    groups: [{ protocol: "tcp", ports }],
    returns: false,
  };
}

/** The ports of the steps, upwards, over as few protocols as they take, and TCP rather than UDP. */
function protocolsOf(steps: readonly Step[]): Lists {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step] : []));
  const upwards = (some: typeof ports) =>
    [...new Set(some.map(({ port }) => port))].sort((a, b) => a - b);
  if (ports.every(({ protocol }) => protocol !== "udp")) return { tcp: upwards(ports) };
  if (ports.every(({ protocol }) => protocol !== "tcp")) return { udp: upwards(ports) };
  return {
    tcp: upwards(ports.filter(({ protocol }) => protocol !== "udp")),
    udp: upwards(ports.filter(({ protocol }) => protocol === "udp")),
  };
}

function listScans(
  name: string,
  { tcp = [], udp = [] }: Lists,
  { rest, returns }: { readonly rest: string; readonly returns: boolean },
): ListScan[] {
  const datagrams: Group[] = udp.length === 0 ? [] : [{ protocol: "udp", ports: udp }];
  const segments: Group[] = tcp.length === 0 ? [] : [{ protocol: "tcp", ports: tcp }];
  return [
    {
      words: `a scan of ${name} upwards`,
      command: `${NMAP} -r ${rest}`,
      order: "as listed",
      groups: [...segments, ...datagrams],
      returns: false,
    },
    {
      words: `a scan of ${name} in nmap's random order`,
      command: `${NMAP} ${rest}`,
      order: "shuffled",
      groups: [...inTwoGroups(tcp), ...datagrams],
      returns,
    },
  ];
}
