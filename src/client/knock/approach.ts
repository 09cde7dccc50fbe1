/** Knocks at one address, and goes in. */
import type { Connecting, Destination, Host } from "../../host/index.ts";
import type { HostName, Secret } from "../../policy/policy.ts";
import type { ClientDoor } from "../profile/profiles.ts";
import type { Signer } from "../signed/signer.ts";
import { signedTries } from "../signed/tries.ts";
import type { Means } from "./means.ts";
import type { Patience } from "./pace.ts";
import { type SignedAs, sequenceTries, type Try, tokenTries } from "./tries.ts";
import { type Sight, Way } from "./way.ts";

export interface Plan {
  /** As who knocks calls it. */
  readonly host: HostName;
  readonly door: ClientDoor;
  readonly means: Means;
  /** Of which tokens are made; undefined where the means take none. */
  readonly key: Secret | undefined;
  /** TCP ports of the door at which to find out whether it is open; none: nothing is tried. */
  readonly tryPorts: readonly number[];
  /** Whether what cannot be tried has to be quick all the same. */
  readonly isHurried: boolean;
  /** Whether it is only looked whether connections are accepted, and none is kept. Default: one is. */
  readonly isLook?: boolean;
  readonly watch: (sight: Sight) => void;
}

/** What one address has for itself. */
export interface Circumstances {
  /** For its tokens; undefined when nobody waits any longer. */
  readonly takeSlot: () => Promise<number | undefined>;
  /** Undefined where the means take no signature. */
  readonly signer: Signer | undefined;
  /** Aborted when nobody waits any longer. */
  readonly end: AbortSignal;
}

/**
 * `shut` says what was met instead: `silent`, `refused`, or the system's word for it; `unsent` where
 * there was nothing to knock with.
 */
export type Arrival = {
  /** What kept packets from arriving, in the system's words. */
  readonly turnedBack: readonly string[];
  /** The carrier, or `sequence`, that opened the door or was sent; the last one that was tried. */
  readonly by: string | undefined;
  /** Where that is a signed knock. */
  readonly signed: SignedAs | undefined;
} /** The connection is undefined where it was only looked. */ & (
  | { readonly kind: "open"; readonly connection: Connecting | undefined }
  | { readonly kind: "untried" }
  | { readonly kind: "shut"; readonly met: string }
);

/** Is over when `end` is aborted; what was begun by then is ended, but for the connection. */
export async function approach(
  host: Host,
  to: Destination,
  plan: Plan,
  circumstances: Circumstances,
): Promise<Arrival> {
  const { tryPorts, means, watch, isLook = false } = plan;
  const withinSeconds = means.sequence?.withinSeconds ?? Number.POSITIVE_INFINITY;
  const tries = triesOf(host, to, plan, circumstances);
  const way = new Way(host, to, { withinSeconds, isLook, watch, end: circumstances.end });
  try {
    return tryPorts.length === 0 ? await sendTo(way, tries) : await enter(way, tries, tryPorts);
  } finally {
    way.leave();
  }
}

/** Tokens, then what has to be signed, then the steps, which who listens can repeat. */
async function* triesOf(
  host: Host,
  to: Destination,
  { door, host: name, key, means, tryPorts, isHurried }: Plan,
  { takeSlot, signer }: Circumstances,
): AsyncGenerator<Try> {
  const canLook = tryPorts.length > 0;
  const blindly = isHurried ? "quick" : "careful";
  const care = canLook ? "none" : blindly;
  const hasSequence = means.sequence !== undefined;
  const slot = key === undefined || means.carriers.length === 0 ? undefined : await takeSlot();
  if (key !== undefined && slot !== undefined) {
    const isEnd = !hasSequence && signer === undefined;
    yield* tokenTries(means, { key, slot, door: door.name, host: name }, { care, isEnd });
  }
  if (signer !== undefined) {
    const { signed: carriers } = means;
    const isBound = door.signed?.bound === true;
    yield* signedTries(host, to, { carriers, signer, isBound, care, isEnd: !hasSequence });
  }
  yield* sequenceTries(means, canLook ? ["quick", "careful"] : [blindly]);
}

type Tries = AsyncIterable<Try>;

/** The first that leaves this host has to do. */
async function sendTo(way: Way, tries: Tries): Promise<Arrival> {
  for await (const { by, signed, moves } of tries) {
    if (await way.make(moves)) return { kind: "untried", by, signed, turnedBack: way.turnedBack };
  }
  return { kind: "untried", by: undefined, signed: undefined, turnedBack: way.turnedBack };
}

async function enter(way: Way, tries: Tries, tryPorts: readonly number[]): Promise<Arrival> {
  let last: Try | undefined;
  let isOver = false;
  const look = async (patience: Patience): Promise<Arrival | undefined> => {
    const entered = await way.enter(tryPorts, patience);
    if (entered === undefined) return undefined;
    return { kind: "open", connection: entered.connection, ...toldOf(last, way) };
  };
  let count = 0;
  for await (const one of tries) {
    count += 1;
    const hasLeft = await way.make(one.moves);
    isOver = hasLeft && one.patience === "careful";
    // What never left has opened nothing.
    if (!hasLeft) continue;
    last = one;
    const open = await look(one.patience);
    if (open !== undefined) return open;
  }
  if (count === 0) return { kind: "shut", met: "unsent", ...toldOf(last, way) };
  // At the end it is looked all the same, for what is met.
  const open = isOver ? undefined : await look("careful");
  return open ?? { kind: "shut", met: way.met, ...toldOf(last, way) };
}

function toldOf(last: Try | undefined, { turnedBack }: Way) {
  return { by: last?.by, signed: last?.signed, turnedBack };
}
