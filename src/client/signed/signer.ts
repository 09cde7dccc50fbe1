/** Signs what is knocked, one after the other: somebody may have to type or to touch for it. */
import { randomBytes } from "node:crypto";
import type { Host } from "../../host/index.ts";
import type { Address } from "../../policy/address.ts";
import type { DoorName } from "../../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import {
  knockFits,
  NONCE_BYTES,
  type SignedMessage,
  type SshSignature,
  signedText,
} from "../../signed/index.ts";
import { type Asked, environmentFor, findAsked } from "./asking.ts";
import type { Bind } from "./bind.ts";
import type { Identities } from "./find.ts";
import type { Identity } from "./identity.ts";
import { signText } from "./sign.ts";

/** What the signed knocks of an errand are made with. */
export interface Signing {
  /** The server's public half, to which they are sealed. */
  readonly sealingKey: Uint8Array;
  readonly bind: Bind;
  /** Whether nobody is to be asked for anything. */
  readonly isBatch: boolean;
  /** Looked for once. */
  readonly identities: () => Promise<Result<Identities>>;
}

/**
 * A knock is for the minute around its time, less what the clocks differ: of one that took longer to
 * be signed, little would be left.
 */
const STALE_MILLISECONDS = 20_000;

/** As often as ssh asks for it (NumberOfPasswordPrompts). */
const MOST_PASSPHRASES = 3;

/** Whatever takes longer was asked of somebody: an agent does that by itself. */
const ATTENDED_MILLISECONDS = 1000;
/** By then it is known whether the knock has opened. */
const OUTCOME_MILLISECONDS = 3000;

export interface SignerWanted {
  readonly signing: Signing;
  readonly door: DoorName;
  readonly tell: (line: string) => void;
  /** Aborted when nobody waits any longer. */
  readonly end: AbortSignal;
}

export class Signer {
  readonly #host: Host;
  readonly #wanted: SignerWanted;
  #turn: Promise<unknown> = Promise.resolve();
  #found: Promise<Identities | undefined> | undefined;
  #asked: Promise<Asked> | undefined;
  readonly #told = new Set<string>();
  /** What has not signed for one address will not for another. */
  readonly #refused = new Set<Identity>();
  /** Whether a signature took somebody to make it. Nobody wants to be asked for a second. */
  isAttended = false;

  constructor(host: Host, wanted: SignerWanted) {
    this.#host = host;
    this.#wanted = wanted;
  }

  get sealingKey(): Uint8Array {
    return this.#wanted.signing.sealingKey;
  }

  get bind(): Bind {
    return this.#wanted.signing.bind;
  }

  /** Why no knock goes to an address of a door that takes none without the address it is for. */
  tellUnbound(address: string): void {
    this.#tell(
      `the door opens only to knocks that name the address which it sees you come from, and that is not known here on the way to ${address}; name it with --bind ADDRESS`,
    );
  }

  /** Where nobody would find out that it is the wrong one. */
  tellChosen({ name }: Identity): void {
    this.#tell(
      `signed with ${name} alone, since it cannot be seen whether the door opens; --identity FILE names another`,
    );
  }

  /** The first to try first; none where none can be found, which is told. */
  async identities(): Promise<readonly Identity[]> {
    return (await this.#identities())?.all ?? [];
  }

  /** Undefined when it cannot, which is told, or when the knock was over before. */
  sign(identity: Identity, address: Address | undefined): Promise<SignedMessage | undefined> {
    const next = this.#turn.then(async () => {
      if (this.#wanted.end.aborted || this.#refused.has(identity)) return undefined;
      const signed = await this.#sign(identity, address);
      if (this.#wanted.end.aborted) return undefined;
      if (signed.ok) return signed.value;
      this.#refused.add(identity);
      this.#tellProblems(signed.problems);
      return undefined;
    });
    this.#turn = next.then(async () => {
      if (this.isAttended) await this.#host.pause(OUTCOME_MILLISECONDS, this.#wanted.end);
    });
    return next;
  }

  async #sign(identity: Identity, address: Address | undefined): Promise<Result<SignedMessage>> {
    const environment = await this.#environmentFor(identity);
    if (!environment.ok) return environment;
    for (let left = MOST_PASSPHRASES - 1; ; left--) {
      const began = this.#host.monotonic();
      const signed = await this.#signOnce(identity, address, environment.value);
      const took = this.#host.monotonic() - began;
      if (took > ATTENDED_MILLISECONDS) this.isAttended = true;
      const isStale = took >= STALE_MILLISECONDS && left === MOST_PASSPHRASES - 1;
      const mayBeMistyped = identity.isLocked && left > 0;
      const isDone = signed.ok ? !isStale : !mayBeMistyped;
      if (isDone || this.#wanted.end.aborted) return signed;
      if (signed.ok) this.#tell(staleAfter(took));
      else this.#tellProblems(signed.problems);
    }
  }

  async #signOnce(
    identity: Identity,
    address: Address | undefined,
    environment: Readonly<Record<string, string>>,
  ): Promise<Result<SignedMessage>> {
    const { signing, door, end } = this.#wanted;
    const message = {
      timeMs: this.#host.now(),
      nonce: randomBytes(NONCE_BYTES),
      fingerprint: identity.key.fingerprint,
      ...{ address, door },
    };
    const text = signedText(message, signing.sealingKey);
    const made = await signText(this.#host, text, { identity, environment, end });
    return made.ok ? fitting(identity, { message, ...partsOf(made.value) }) : made;
  }

  /** What `ssh-keygen` is told; a problem where it would ask, and nobody can answer. */
  async #environmentFor(identity: Identity): Promise<Result<Readonly<Record<string, string>>>> {
    const found = await this.#identities();
    this.#asked ??= findAsked(this.#host, this.#wanted.signing.isBatch || found?.isBatch === true);
    const asked = await this.#asked;
    if (identity.isLocked && asked === "nobody") return fail(locked(identity));
    const isTouched = identity.key.type.startsWith("sk-");
    if (identity.isLocked) this.#tell(`signing with ${identity.name}, which has a passphrase`);
    if (isTouched) this.#tell(`signing with ${identity.name}: touch the security key`);
    if (identity.isLocked || isTouched) this.isAttended = true;
    return ok({ ...environmentFor(this.#host, asked), SSH_AUTH_SOCK: found?.agent ?? "" });
  }

  #identities(): Promise<Identities | undefined> {
    this.#found ??= this.#wanted.signing.identities().then((found) => {
      if (found.ok) return found.value;
      this.#tellProblems(found.problems);
      return undefined;
    });
    return this.#found;
  }

  #tellProblems(problems: readonly Problem[]): void {
    for (const { what, fix } of problems) this.#tell(`${what}; ${fix}`);
  }

  /** The same once, whatever the number of addresses. */
  #tell(line: string): void {
    if (!this.#told.has(line)) this.#wanted.tell(line);
    this.#told.add(line);
  }
}

function partsOf({ hash, signature }: SshSignature) {
  return { hash, signature };
}

function fitting(identity: Identity, signed: SignedMessage): Result<SignedMessage> {
  if (knockFits(signed)) return ok(signed);
  return fail({
    code: "too-long-to-knock",
    severity: "error",
    what: `the signatures of ${identity.name} do not fit into a packet: its key is too long`,
    fix: "name another with --identity FILE",
  });
}

function locked({ name }: Identity): Problem {
  return {
    code: "locked-identity",
    severity: "error",
    what: `${name} has a passphrase, and nobody can be asked for it here`,
    fix: `give it to the agent with \`ssh-add ${name}\`, or knock at a terminal`,
  };
}

function staleAfter(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `it took ${seconds} s to sign, and the server takes a knock for a minute: it is signed anew`;
}
