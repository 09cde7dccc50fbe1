/** What a policy meets on this host: who is connected, what listens, what there is at all. */
import type { Host } from "../../host/index.ts";
import { type Address, type Family, printAddress } from "../../policy/address.ts";
import type { Policy } from "../../policy/policy.ts";
import { connectionsTo, isProtected } from "../connections.ts";
import { askForListeners, isLoopback, type Listener } from "../listeners.ts";
import type { Session } from "../session.ts";
import { readSockets } from "../sockets.ts";
import { nameWay, readAddresses, readInterfaces, readWays, type Way } from "./addresses.ts";
import { type OtherRules, readOtherRules } from "./firewalls/stoppers.ts";
import { type OtherLocal, readOtherLocals } from "./local-routes.ts";
import { readPrintedRules, translationsIn } from "./nat/read.ts";
import type { Translation } from "./nat/translation.ts";
import { type Ephemeral, readEphemeral, type Service } from "./ports.ts";
import { publishedIn } from "./published.ts";
import { readSourceRoutes, type SourceRoute } from "./source-routes.ts";

/** A TCP connection to a port of a door, as the first packet of it came. */
export interface Arrival extends Session {
  /** The interface that it came in by; undefined where nobody can tell. */
  readonly interface: string | undefined;
  readonly destined: "here" | "elsewhere";
}

/** What leads packets to the services of this host. Undefined is what nobody could tell. */
export interface Layout {
  readonly listeners: readonly Listener[] | undefined;
  /** Ports that are handed on to containers and other hosts, as far as the rules can be read. */
  readonly published: readonly Service[];
  readonly otherRules: OtherRules;
  /** Rules of others that send packets elsewhere, as far as they can be read. */
  readonly translations: readonly Translation[];
  /** Addresses that are this host's by other routing tables than `local`. */
  readonly otherLocals: readonly OtherLocal[];
  /** Of all interfaces, loopback and broadcast included. */
  readonly addresses: readonly Address[] | undefined;
}

/** The same, and who is connected and how the host is set. */
export interface Surroundings extends Layout {
  /** The connection over which the command was typed. */
  readonly session: Arrival | undefined;
  /** The connections of others to ports of doors. */
  readonly others: readonly Arrival[];
  readonly ephemeral: Ephemeral;
  /** Ways in which packets name their destination elsewhere than in their header. */
  readonly sourceRoutes: readonly SourceRoute[];
  /** Without loopback. */
  readonly interfaces: readonly string[] | undefined;
  readonly forwards: Readonly<Record<Family, boolean>>;
}

export async function readLayout(host: Host): Promise<Layout> {
  const [listeners, addresses, rules, otherLocals] = await Promise.all([
    askForListeners(host),
    readAddresses(host),
    readPrintedRules(host),
    readOtherLocals(host),
  ]);
  const translations = translationsIn(rules);
  return {
    published: publishedIn(translations),
    otherRules: await readOtherRules(host, rules.ruleset),
    ...{ listeners, addresses, translations, otherLocals },
  };
}

export async function lookAround(
  host: Host,
  policy: Policy,
  session: Session | undefined,
): Promise<Surroundings> {
  const [layout, connections, ephemeral, interfaces, ipv4, ipv6, sourceRoutes] = await Promise.all([
    readLayout(host),
    readConnections(host, policy),
    readEphemeral(host),
    readInterfaces(host),
    isOn(host, "/proc/sys/net/ipv4/ip_forward"),
    isOn(host, "/proc/sys/net/ipv6/conf/all/forwarding"),
    readSourceRoutes(host),
  ]);
  const own = session === undefined ? [] : [asSent(session, connections)];
  const others = connections.filter((one) => !own.some(({ source }) => isSame(one.source, source)));
  const arrivals = await arrivalsOf(host, policy, [...own, ...others], layout.addresses);
  return {
    ...layout,
    session: own.length === 0 ? undefined : arrivals[0],
    others: arrivals.slice(own.length),
    forwards: { ipv4, ipv6 },
    ...{ ephemeral, sourceRoutes, interfaces },
  };
}

/** Those that have ended here, and those that are sent on. */
async function readConnections(host: Host, policy: Policy): Promise<Session[]> {
  const [sockets, tracked] = await Promise.all([readSockets(host), connectionsTo(host, policy)]);
  // Otherwise it may be a connection that this host began, from a port that is a door's.
  const served = new Set(
    sockets.filter(({ state }) => state === "LISTEN").map(({ local }) => local.port),
  );
  const here = sockets
    .filter(({ state, local }) => state === "ESTAB" && isProtected(policy, local.port))
    .filter(({ local }) => served.has(local.port))
    .map(({ local, peer }) => ({
      source: peer.address,
      sourcePort: peer.port,
      destination: local.address,
      destinationPort: local.port,
    }));
  const known = new Set(tracked.map(nameConnection));
  return [...tracked, ...here.filter((one) => !known.has(nameConnection(one)))];
}

/** What the sender wrote may be another address and port than sshd has seen. */
function asSent(session: Session, connections: readonly Session[]): Session {
  const sent = connections.filter(
    ({ source, sourcePort }) => isSame(source, session.source) && sourcePort === session.sourcePort,
  );
  const isSeen = (one: Session) => nameConnection(one) === nameConnection(session);
  return sent.find(isSeen) ?? sent[0] ?? session;
}

function nameConnection({ source, sourcePort, destination, destinationPort }: Session): string {
  return `${printAddress(source)} ${sourcePort} ${printAddress(destination)} ${destinationPort}`;
}

async function arrivalsOf(
  host: Host,
  { interfaces }: Policy,
  connections: readonly Session[],
  addresses: readonly Address[] | undefined,
): Promise<Arrival[]> {
  const own = new Set(addresses?.map(printAddress));
  const isHere = (address: Address) => addresses === undefined || own.has(printAddress(address));
  const wayBack = ({ source, destination }: Session): Way => ({
    to: source,
    from: isHere(destination) ? destination : undefined,
  });
  // Where every interface has doors there is one question left: whether it came from here.
  const asked = interfaces.length === 0 ? [] : connections.map(wayBack);
  const ways = await readWays(host, asked);
  const isFromHere = ({ source, destination }: Session) =>
    isLoopback(source) ||
    isSame(source, destination) ||
    (addresses !== undefined && isHere(source));
  return connections.map((connection) => ({
    ...connection,
    interface: isFromHere(connection) ? "lo" : ways.get(nameWay(wayBack(connection))),
    destined: isHere(connection.destination) ? "here" : "elsewhere",
  }));
}

export function isSame(a: Address, b: Address): boolean {
  return a.family === b.family && a.bits === b.bits;
}

async function isOn(host: Host, setting: string): Promise<boolean> {
  return ((await host.readKernelFile(setting)) ?? "0").trim() !== "0";
}
