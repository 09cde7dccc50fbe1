/** The slots that the tokens of one knock are for: none was ever used by another (design 6.4). */
import type { Host } from "../../host/index.ts";
import { lockPath } from "../../host/index.ts";
import type { Secret } from "../../policy/policy.ts";
import { bytesOf, keyIdOf, slotAt, startOf } from "../../token/index.ts";
import {
  firstFree,
  parseRemembered,
  printRemembered,
  type Range,
  type Remembered,
  withUsed,
} from "./remembered.ts";

/** See AHEAD_SECONDS of src/token/slot.ts: the rest of it is for clocks that are fast. */
const MOST_AHEAD = 5;
/** No client that keeps to it has used later ones: the clock was set back, or this is no memory. */
const BELIEVABLE_AHEAD = 2 * (MOST_AHEAD + 1);
const LOCK_SECONDS = 10;

export interface SlotsWanted {
  readonly key: Secret;
  /** How many the knock may take. */
  readonly count: number;
  /** Told what whoever waits has to know. */
  readonly tell: (line: string) => void;
  /** Aborted when nobody waits any longer. */
  readonly end: AbortSignal;
}

export class Slots {
  readonly #host: Host;
  readonly #wanted: SlotsWanted;
  readonly #keyId: string;
  #turn: Promise<unknown> = Promise.resolve();
  #left: number;
  readonly #taken: number[] = [];
  /** What this knock has used, also where nothing else can be remembered. */
  #used: readonly Range[] = [];
  readonly #told = new Set<string>();

  constructor(host: Host, wanted: SlotsWanted) {
    this.#host = host;
    this.#wanted = wanted;
    this.#keyId = keyIdOf(bytesOf(wanted.key));
    this.#left = wanted.count;
  }

  /** The next one, which nobody else gets; undefined when the knock was over before there was one. */
  take(): Promise<number | undefined> {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next;
    return next;
  }

  async #next(): Promise<number | undefined> {
    while (!this.#wanted.end.aborted) {
      const slot = this.#taken.shift();
      if (slot !== undefined) return slot;
      const free = await this.#takeFree();
      if (free !== undefined) await this.#waitFor(free);
    }
    return undefined;
  }

  async #waitFor(slot: number): Promise<void> {
    const milliseconds = startOf(slot - MOST_AHEAD) * 1000 - this.#host.now();
    if (milliseconds <= 0) return;
    const seconds = Math.ceil(milliseconds / 1000);
    this.#tell(
      "wait",
      `every token of this minute has been used: the next is there in ${seconds} s`,
    );
    await this.#host.pause(milliseconds, this.#wanted.end);
  }

  /** Takes as many as are wanted and free; where none is, the one that will be next. */
  async #takeFree(): Promise<number | undefined> {
    const folder = stateFolderOf(this.#host);
    const made = await this.#host.makeFolder(folder);
    if (!made.ok) return this.#forgetful(made.problems[0]?.what ?? "");
    // Two who knock at once shall not take the same.
    const lock = await lockPath(this.#host, folder, { waitSeconds: LOCK_SECONDS });
    if (lock === undefined) return this.#forgetful("others who knock have it");
    try {
      return await this.#takeAlone(`${folder}/slots.json`);
    } finally {
      await lock.release();
    }
  }

  async #takeAlone(file: string): Promise<number | undefined> {
    const remembered = await this.#read(file);
    const now = this.#now();
    const [ranges, free] = this.#pick(remembered.get(this.#keyId) ?? [], now);
    if (free !== undefined) return free;
    const changed = new Map(remembered).set(this.#keyId, ranges);
    // Before any packet is sent: what is not remembered may be used again.
    const written = await this.#host.replace(file, printRemembered(changed, now));
    if (!written.ok) this.#warn(written.problems[0]?.what ?? "");
    return undefined;
  }

  async #read(file: string): Promise<Remembered> {
    const text = await this.#host.readSecret(file);
    if (text.ok && text.value === undefined) return new Map();
    const remembered = text.ok ? parseRemembered(text.value ?? "") : undefined;
    if (remembered !== undefined) return remembered;
    this.#warn(`${JSON.stringify(file)} cannot be used, and is written anew`);
    return new Map();
  }

  /** Takes from the present on, whatever others have taken. */
  #forgetful(why: string): number | undefined {
    this.#warn(why);
    const [, free] = this.#pick([], this.#now());
    return free;
  }

  #pick(
    ranges: readonly Range[],
    now: number,
  ): readonly [ranges: readonly Range[], free: number | undefined] {
    let known = this.#used.reduce(withRange, ranges);
    if (firstFree(known, now) > now + BELIEVABLE_AHEAD) known = this.#used;
    const before = this.#taken.length;
    for (; this.#left > 0; this.#left--) {
      const slot = firstFree(known, now);
      if (slot > now + MOST_AHEAD) break;
      this.#taken.push(slot);
      known = withUsed(known, slot);
      this.#used = withUsed(this.#used, slot);
    }
    return [known, this.#taken.length > before ? undefined : firstFree(known, now)];
  }

  #now(): number {
    return slotAt(this.#host.now() / 1000);
  }

  #warn(why: string): void {
    this.#tell(
      "warning",
      `which tokens were used cannot be remembered: ${why}; one that is used again does not open`,
    );
  }

  /** Once of each kind. */
  #tell(kind: string, line: string): void {
    if (!this.#told.has(kind)) this.#wanted.tell(line);
    this.#told.add(kind);
  }
}

function withRange(ranges: readonly Range[], [first, last]: Range): readonly Range[] {
  let all = ranges;
  for (let slot = first; slot <= last; slot++) all = withUsed(all, slot);
  return all;
}

/** Where it is remembered, for every host; not with the profiles, which others may have copies of. */
function stateFolderOf(host: Host): string {
  const named = host.environment("XDG_STATE_HOME") ?? "";
  // What is not a whole path is to be ignored (XDG Base Directory Specification 0.8).
  const state = named.startsWith("/") ? named : `${host.environment("HOME") ?? ""}/.local/state`;
  return `${state}/postern`;
}
