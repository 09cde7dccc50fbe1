/**
 * Knocking from a program of your own: what `import { knock } from "postern"` gives. It acts on
 * the network that its process is in, needs no privileges, and prints nothing.
 */
import { system } from "../host/index.ts";
import type { Family } from "../policy/address.ts";
import { parseHostName } from "../policy/value/name.ts";
import type { Problem, Result } from "../problem/problem.ts";
import { type AddressOutcome, knock as knockAt } from "./knock/knock.ts";
import { chooseMeans, type Via } from "./knock/means.ts";
import { planOf } from "./knock/plan.ts";
import type { Sight } from "./knock/way.ts";
import { chooseDoor } from "./profile/choose.ts";
import { parseHost } from "./profile/enrolment.ts";
import type { Profile, Profiles } from "./profile/profiles.ts";
import { readProfiles } from "./profile/store.ts";
import { parseBind } from "./signed/bind.ts";
import { prepareSigning } from "./signed/prepare.ts";

export type { AddressOutcome, Family, Problem, Sight, Via };

export interface KnockOptions {
  /** The door's name. May be left out where the host has only one door. */
  readonly door?: string;
  /**
   * The host's doors in the words of a policy, as under its `doors:`, such as
   * `{ ssh: { protects: "tcp/22", sequence: { steps: [21001, "udp/24040"] } } }`. Default: those of
   * the host's profile in `~/.config/postern/hosts.yaml`.
   */
  readonly doors?: Readonly<Record<string, unknown>>;
  /**
   * With `doors` that open with tokens: the key, 43 characters. Which of its tokens were used is
   * remembered in `~/.local/state/postern`.
   */
  readonly key?: string;
  /** With `key`: the name that it has on the host. It changes nothing of the knock. */
  readonly client?: string;
  /**
   * With `doors` that open with signed knocks: the public half of the server's sealing key, which
   * `postern agent key` prints.
   */
  readonly sealingKey?: string;
  /** The SSH key that signs, either half of it. Default: the profile's, then those that ssh uses. */
  readonly identity?: string;
  /**
   * The source address that signed knocks are to open for, `none`, or `auto`. Default: the profile's,
   * then `auto`: the own address where nothing on the way can put another in its place.
   */
  readonly bind?: string;
  /** Whether nobody is to be asked for a passphrase, nor to touch anything. Default false. */
  readonly batch?: boolean;
  /** Only addresses of this family. Default: all that can be reached. */
  readonly family?: Family;
  /**
   * Only tokens over one kind of carrier, only `signed` knocks or those by one, only the `sequence`,
   * or the protocol for steps of it that take either. Default: tokens over every carrier of the door
   * in its order, then signed knocks, then the sequence.
   */
  readonly via?: Via;
  /** Whether to wait until the door is open, by connecting to it. Default true. */
  readonly wait?: boolean;
  /** Told of each packet that is sent, and of what comes back. Steps are secret, and it has them. */
  readonly onPacket?: (sight: Sight) => void;
  /** Told in a line of what takes time or may go wrong: tokens that are used up for the moment. */
  readonly onNotice?: (line: string) => void;
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
 * error. Throws {@link KnockError} when there is no such profile or door, when the door does not open
 * to `via`, when the profiles cannot be read or others can read them, when there is nothing to sign
 * with, and when `doors`, `key`, `client`, `sealingKey`, `bind` or `host` cannot be understood.
 */
export async function knock(host: string, options: KnockOptions = {}): Promise<KnockResult> {
  const name = sure(parseHostName({ text: host }));
  const known: Profiles =
    options.doors === undefined
      ? sure(await readProfiles(system))
      : new Map([[name, profileIn(options, options.doors)]]);
  const choice = sure(chooseDoor(known, name, options.door));
  const { door, key } = choice;
  const tell = options.onNotice ?? (() => undefined);
  const means = sure(chooseMeans(door, options.via));
  const prepared = await prepareSigning(
    system,
    { name, choice, means },
    {
      ...{ identity: options.identity, isBatch: options.batch ?? false, tell },
      bind: options.bind === undefined ? undefined : sure(parseBind({ text: options.bind })),
    },
  );
  const outcome = await knockAt(system, {
    ...planOf(door, { wait: options.wait ?? true }),
    ...{ host: name, key, tell, ...sure(prepared) },
    family: options.family,
    watch: options.onPacket ?? (() => undefined),
  });
  const { isOpen: open, addresses, obstacle, milliseconds } = outcome;
  return { open, door: door.name, addresses, obstacle, milliseconds };
}

/** JSON is YAML, so the reader of profiles says what is wrong with it. */
function profileIn(
  { key, client, sealingKey }: KnockOptions,
  doors: Readonly<Record<string, unknown>>,
): Profile {
  return sure(
    parseHost(JSON.stringify({ client, key, "sealing-key": sealingKey, doors }), "options"),
  );
}

function sure<T>(result: Result<T>): T {
  if (!result.ok) throw new KnockError(result.problems);
  return result.value;
}
