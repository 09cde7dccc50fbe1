/**
 * Knocking from a program of your own: what `import { knock } from "postern"` gives. It acts on
 * the network that its process is in, needs no privileges, and prints nothing.
 */
import { system } from "../host/index.ts";
import type { Family } from "../policy/address.ts";
import { parsePolicy } from "../policy/parse.ts";
import { parseHostName } from "../policy/value/name.ts";
import type { Problem, Result } from "../problem/problem.ts";
import { type AddressOutcome, knock as knockAt } from "./knock/knock.ts";
import type { Protocol } from "./knock/packet.ts";
import { planOf } from "./knock/plan.ts";
import type { Sight } from "./knock/way.ts";
import { chooseDoor } from "./profile/choose.ts";
import { type ClientDoor, clientDoorsOf, type Profiles } from "./profile/profiles.ts";
import { readProfiles } from "./profile/store.ts";

export type { AddressOutcome, Family, Problem, Protocol, Sight };

export interface KnockOptions {
  /** The door's name. May be left out where the host has only one door. */
  readonly door?: string;
  /**
   * The host's doors in the words of a policy, as under its `doors:`, such as
   * `{ ssh: { protects: "tcp/22", sequence: { steps: [21001, "udp/24040"] } } }`. Default: those of
   * the host's profile in `~/.config/postern/hosts.yaml`.
   */
  readonly doors?: Readonly<Record<string, unknown>>;
  /** Only addresses of this family. Default: all that can be reached. */
  readonly family?: Family;
  /** For steps that take either protocol. Default: both. */
  readonly via?: Protocol;
  /** Whether to wait until the door is open, by connecting to it. Default true. */
  readonly wait?: boolean;
  /** Told of each packet that is sent, and of what comes back. Steps are secret, and it has them. */
  readonly onPacket?: (sight: Sight) => void;
}

export interface KnockResult {
  /**
   * Whether a connection was accepted. Undefined where none was tried: with `wait: false`, at a door
   * of UDP alone, and at one for a single use, which the try would be.
   */
  readonly open: boolean | undefined;
  readonly door: string;
  readonly addresses: readonly AddressOutcome[];
  /** Why nothing could be knocked at, such as a name without an address; undefined otherwise. */
  readonly obstacle: string | undefined;
  /** From the first packet to the end. */
  readonly milliseconds: number;
}

/** What was asked for cannot be done as it was asked for. */
export class KnockError extends Error {
  override readonly name = "KnockError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ what, fix }) => `${what}; ${fix}`).join("\n"));
    this.problems = problems;
  }
}

/**
 * Knocks at a door of a host, at every address of it. A door that stays shut is a result, and no
 * error. Throws {@link KnockError} when there is no such profile or door, when the profiles cannot
 * be read or others can read them, and when `doors` or `host` cannot be understood.
 */
export async function knock(host: string, options: KnockOptions = {}): Promise<KnockResult> {
  const name = sure(parseHostName({ text: host }));
  const known: Profiles =
    options.doors === undefined
      ? sure(await readProfiles(system))
      : new Map([[name, doorsIn(options.doors)]]);
  const door = sure(chooseDoor(known, name, options.door));
  const outcome = await knockAt(system, {
    ...planOf(door, { wait: options.wait ?? true }),
    host: name,
    family: options.family,
    via: options.via,
    watch: options.onPacket ?? (() => undefined),
  });
  outcome.connection?.end();
  const { isOpen: open, addresses, obstacle, milliseconds } = outcome;
  return { open, door: door.name, addresses, obstacle, milliseconds };
}

/** JSON is YAML, so a policy's own reader says what is wrong with them. */
function doorsIn(doors: Readonly<Record<string, unknown>>): ClientDoor[] {
  return clientDoorsOf(sure(parsePolicy(JSON.stringify({ doors }), "doors")));
}

function sure<T>(result: Result<T>): T {
  if (!result.ok) throw new KnockError(result.problems);
  return result.value;
}
