/** Knocks at every address of a host, and says which of them let us in. */
import type { Connecting, Destination, Host } from "../../host/index.ts";
import type { Family } from "../../policy/address.ts";
import { Signer, type Signing } from "../signed/signer.ts";
import { Slots } from "../token/slots.ts";
import { type Arrival, approach, type Plan } from "./approach.ts";
import type { SignedAs } from "./tries.ts";

export interface Errand extends Plan {
  /** What signed knocks are made with; undefined where the means take none. */
  readonly signing: Signing | undefined;
  /** Undefined: both. */
  readonly family: Family | undefined;
  /** Whether every address is to open; otherwise the first that does is enough. */
  readonly everyAddress: boolean;
  /** Whether each of them has all the time that it takes, also when others have opened. */
  readonly isPatient?: boolean;
  /** Told, in a line, what whoever waits has to know. */
  readonly tell: (line: string) => void;
}

export interface Outcome {
  /** Undefined: nobody knows, for it was not tried. */
  readonly isOpen: boolean | undefined;
  readonly addresses: readonly AddressOutcome[];
  /** Why nothing could be knocked at; undefined where something was. */
  readonly obstacle: string | undefined;
  /** The one that was accepted first, unless the client only looked. The caller ends it. */
  readonly connection: Connecting | undefined;
  /** From the first packet to the end. */
  readonly milliseconds: number;
}

export interface AddressOutcome extends Destination {
  /**
   * `open`, or `untried`; otherwise `silent` or `refused`, `late` when another address was open
   * long before, `unsent` where nothing could be signed, or the system's word for what stood in the
   * way.
   */
  readonly state: string;
  /** What kept packets from arriving there, in the system's words; empty where nothing is known. */
  readonly turnedBack: readonly string[];
  /**
   * The carrier, `signed:` and the carrier, or `sequence`, that opened the door there, or that was
   * sent and not tried.
   */
  readonly by: string | undefined;
  /** Where that is a signed knock. */
  readonly signed?: SignedAs | undefined;
}

/**
 * After the first address has opened, the others have as long again, and at least this long: by
 * then a program that prefers one of them turns to another (RFC 8305, section 5).
 */
const GRACE_MILLISECONDS = 250;

export async function knock(host: Host, errand: Errand): Promise<Outcome> {
  const looks = errand.isLook === true && errand.tryPorts.length > 0;
  // Loading takes long enough to hold up a step, or to make a look come late.
  const [ways] = await Promise.all([
    findWays(host, errand),
    looks ? host.network.prepareLooks() : undefined,
  ]);
  if ("why" in ways) return { ...NOWHERE, obstacle: ways.why };
  const began = host.monotonic();
  const end = new AbortController();
  const takeSlot = slotsFor(host, errand, { count: ways.length, end: end.signal });
  const signer = signerFor(host, errand, end.signal);
  const circumstances = { takeSlot, signer, end: end.signal };
  const arrivals = ways.map((to) => approach(host, to, errand, circumstances));
  const first = await firstOpen(arrivals);
  if (errand.isPatient === true) await Promise.all(arrivals);
  // Who had to type for the first has enough to go in by.
  else if (first !== undefined && errand.everyAddress && signer?.isAttended !== true) {
    await awaitOthers(host, arrivals, host.monotonic() - began);
  }
  end.abort();
  const all = await Promise.all(arrivals);
  for (const arrival of all) {
    if (arrival.kind === "open" && arrival !== first) arrival.connection?.end();
  }
  return {
    isOpen: errand.tryPorts.length === 0 ? undefined : first !== undefined,
    addresses: ways.map((to, n) => ({
      ...to,
      state: stateOf(all[n], first !== undefined && errand.isPatient !== true),
      turnedBack: all[n]?.turnedBack ?? [],
      ...(all[n]?.kind === "shut" ? { by: undefined } : { by: all[n]?.by, signed: all[n]?.signed }),
    })),
    obstacle: undefined,
    connection: first?.connection,
    milliseconds: host.monotonic() - began,
  };
}

/** Every address needs a slot of its own: a token opens for the one source that shows it. */
function slotsFor(
  host: Host,
  { key, tell }: Errand,
  { count, end }: { readonly count: number; readonly end: AbortSignal },
): () => Promise<number | undefined> {
  const slots = key === undefined ? undefined : new Slots(host, { key, count, tell, end });
  return () => slots?.take() ?? Promise.resolve(undefined);
}

function signerFor(
  host: Host,
  { signing, means, door, tell }: Errand,
  end: AbortSignal,
): Signer | undefined {
  if (signing === undefined || means.signed.length === 0) return undefined;
  return new Signer(host, { signing, door: door.name, tell, end });
}

const NOWHERE: Omit<Outcome, "obstacle"> = {
  isOpen: false,
  addresses: [],
  connection: undefined,
  milliseconds: 0,
};

/** Whoever answers for a name could otherwise have packets sent to thousands. */
const MOST_ADDRESSES = 16;

/** The addresses to which packets can be sent, or why there are none. */
async function findWays(
  host: Host,
  errand: Pick<Errand, "host" | "family">,
): Promise<readonly Destination[] | { readonly why: string }> {
  const found = await findAddresses(host, errand);
  if ("why" in found) return found;
  const ways = found.filter(({ hasRoute }) => hasRoute).map(({ to }) => to);
  if (ways.length > 0) return ways;
  const addresses = found.map(({ to: { address } }) => address).join(", ");
  return { why: `there is no way from this host to ${addresses}` };
}

/** The addresses of a host, and whether this one knows a way to each; or why there are none. */
export async function findAddresses(
  { network }: Host,
  { host, family }: Pick<Errand, "host" | "family">,
): Promise<readonly Address[] | { readonly why: string }> {
  const found = await network.lookUp(host);
  if ("why" in found) return { why: `${host} has no address that can be found (${found.why})` };
  const wanted = found
    .filter((to) => family === undefined || to.family === family)
    .slice(0, MOST_ADDRESSES);
  if (wanted.length === 0) return { why: `${host} has no address of ${family}` };
  const routes = await Promise.all(wanted.map((to) => network.hasRoute(to)));
  return wanted.map((to, n) => ({ to, hasRoute: routes[n] === true }));
}

interface Address {
  readonly to: Destination;
  readonly hasRoute: boolean;
}

type Open = Extract<Arrival, { readonly kind: "open" }>;

async function firstOpen(arrivals: readonly Promise<Arrival>[]): Promise<Open | undefined> {
  const open = arrivals.map(async (arrival) => {
    const came = await arrival;
    if (came.kind !== "open") throw new Error("not open");
    return came;
  });
  return await Promise.any(open).catch(() => undefined);
}

async function awaitOthers(
  host: Host,
  arrivals: readonly Promise<Arrival>[],
  milliseconds: number,
): Promise<void> {
  const done = new AbortController();
  await Promise.race([
    Promise.all(arrivals),
    host.pause(Math.max(GRACE_MILLISECONDS, milliseconds), done.signal),
  ]);
  done.abort();
}

function stateOf(arrival: Arrival | undefined, wasCut: boolean): string {
  if (arrival?.kind !== "shut") return arrival?.kind ?? "untried";
  return wasCut && arrival.met === "silent" ? "late" : arrival.met;
}
