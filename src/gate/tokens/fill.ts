/** Fills the sets of one carrier of one door. */
import type { LiveMember, TokenChange } from "../../backend/live.ts";
import { type Host, withinLimits } from "../../host/index.ts";
import { printCarrier, SLOT_SECONDS } from "../../policy/carriers.ts";
import { ok, type Problem, type Result } from "../../problem/problem.ts";
import {
  bytesOf,
  keyIdOf,
  type Mark,
  parseMark,
  printMark,
  startOf,
  tokenMaker,
} from "../../token/index.ts";
import type { TokenSets } from "../backend.ts";
import type { Client, Keys } from "../keys/store.ts";
import {
  CLOCK_SECONDS,
  firstUnspent,
  isOfAnotherTime,
  type Slots,
  secondsOf,
  slotsDue,
  slotsOf,
} from "./due.ts";
import type { Place } from "./sets.ts";

export interface FilledCarrier {
  readonly door: string;
  readonly carrier: string;
  readonly clients: number;
  readonly added: number;
  /** Seconds since 1970: until then every client of it has tokens; undefined without clients. */
  readonly until: number | undefined;
}

/** A mark in the kernel. */
export interface OwnMark extends Mark {
  /** For whom it was written. */
  readonly client: string;
  readonly secondsLeft: number;
}

export interface Filling {
  readonly place: Place;
  readonly marks: readonly OwnMark[];
  readonly keys: Keys;
  readonly now: number;
}

interface Filled {
  readonly carrier: FilledCarrier;
  readonly problems: readonly Problem[];
}

export function markIn({ value = "", comment = "", secondsLeft = 0 }: LiveMember): OwnMark[] {
  const mark = parseMark(value);
  return mark === undefined ? [] : [{ ...mark, client: comment, secondsLeft }];
}

export async function fill(host: Host, sets: TokenSets, filling: Filling): Promise<Result<Filled>> {
  const { place, keys } = filling;
  const known = knownMarks(filling);
  const problems: Problem[] = [];
  let { marks } = filling;
  if (known.length < marks.length) {
    const flushed = await sets.flush(host, [place.tokens, place.loaded]);
    if (!flushed.ok) return flushed;
    problems.push(begunAnew(place));
    marks = [];
  }
  const wanted = keys.clients.filter(({ key }) => opens(place, key));
  const room = wanted.slice(0, place.token.clients);
  if (room.length < wanted.length) problems.push(tooManyClients(place, wanted.length));
  const taken = [...keys.revoked, ...keys.clients.filter((client) => !room.includes(client))];
  const tasks = [
    ...taken.map((client) => takeAway(filling, client, marks)),
    ...room.map((client) => topUp(filling, client, marks)),
  ];
  const changed = await changeAll(host, sets, tasks);
  if (!changed.ok) return changed;
  const last = slotsOf(place.token, filling.now).last;
  return ok({
    carrier: {
      door: place.door.name,
      carrier: printCarrier(place.carrier),
      clients: room.length,
      added: changed.value,
      until: room.length === 0 ? undefined : startOf(last + 1),
    },
    problems,
  });
}

function opens({ door }: Place, { doors }: Client["key"]): boolean {
  return doors === undefined || doors.includes(door.name);
}

/**
 * A mark of a key that nobody has any more says that there are tokens which nobody can tell from
 * others; one of another time, that its client would have the tokens of this one only later.
 */
function knownMarks({ place, marks, keys, now }: Filling): OwnMark[] {
  const ids = new Set([...keys.clients, ...keys.revoked].map(({ key }) => idOf(key)));
  return marks.filter(
    (mark) =>
      (ids.has(mark.keyId) || keys.unreadable.has(mark.client)) &&
      !isOfAnotherTime(mark, mark.secondsLeft, place.token.lateSeconds, now),
  );
}

function idOf({ secret }: Client["key"]): string {
  return keyIdOf(bytesOf(secret));
}

/** A change that is made when it is its turn: a million tokens at once are a lot of memory. */
type Task = () => TokenChange | undefined;

/** As many tokens at a time as are not much work for anybody. */
const AT_ONCE = 50_000;

/** How many tokens were added. */
async function changeAll(
  host: Host,
  sets: TokenSets,
  tasks: readonly Task[],
): Promise<Result<number>> {
  let added = 0;
  let changes: TokenChange[] = [];
  let size = 0;
  let before: Promise<Result<undefined>> = Promise.resolve(ok(undefined));
  for (const task of tasks) {
    const change = task();
    if (change === undefined) continue;
    changes.push(change);
    added += change.add.length;
    size += change.add.length + change.remove.length;
    if (size >= AT_ONCE) {
      const changed = await before;
      if (!changed.ok) return changed;
      // Nobody waits for it yet: what it throws has to wait, too.
      const lot = changes;
      before = withinLimits(() => sets.change(host, lot));
      changes = [];
      size = 0;
    }
    // The ones before go to the kernel while the next are made.
    await host.pause(0);
  }
  const changed = await before;
  if (!changed.ok) return changed;
  const last = changes.length === 0 ? ok(undefined) : await sets.change(host, changes);
  return last.ok ? ok(added) : last;
}

function topUp({ place, now }: Filling, client: Client, marks: readonly OwnMark[]): Task {
  return () => {
    const { lateSeconds } = place.token;
    const mark = markOf(client, marks);
    const due = slotsDue(slotsOf(place.token, now), mark, firstUnspent(now, client.key));
    if (due === undefined) return undefined;
    const next = { keyId: idOf(client.key), first: mark?.first ?? due.first, last: due.last };
    return {
      ...setsOf(place),
      add: tokensOf(place, client, due).map(({ slot, value }) => ({
        value,
        seconds: secondsOf(slot, lateSeconds, now),
      })),
      remove: [],
      oldMark: mark === undefined ? undefined : printMark(mark),
      mark: {
        value: printMark(next),
        seconds: secondsOf(due.last, lateSeconds, now),
        client: client.name,
      },
    };
  };
}

/** Of a client that is not to have any, or not any more. */
function takeAway({ place, now }: Filling, client: Client, marks: readonly OwnMark[]): Task {
  return () => {
    const mark = markOf(client, marks);
    if (mark === undefined) return undefined;
    // By a clock that was set a little ahead they would be over, and they are not.
    const since = slotsOf(place.token, now - CLOCK_SECONDS - SLOT_SECONDS).first;
    const first = Math.max(mark.first, since);
    const held = tokensOf(place, client, { first, last: mark.last });
    return {
      ...setsOf(place),
      add: [],
      remove: held.map(({ value }) => value),
      oldMark: printMark(mark),
      mark: undefined,
    };
  };
}

function setsOf({ tokens, loaded }: Place) {
  return { tokens, loaded };
}

function markOf({ key }: Client, marks: readonly OwnMark[]): OwnMark | undefined {
  const id = idOf(key);
  return marks.find(({ keyId }) => keyId === id);
}

function tokensOf({ door, carrier }: Place, { key }: Client, { first, last }: Slots) {
  const make = tokenMaker(bytesOf(key.secret), door.name, carrier);
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    slot: first + n,
    value: make(first + n).toString("hex"),
  }));
}

function begunAnew({ door, carrier }: Place): Problem {
  return {
    code: "tokens-begun-anew",
    severity: "warning",
    what: `the kernel held tokens for ${door.name} by ${printCarrier(carrier)} of a key that is gone, or for another time than this, so all of them were thrown away`,
    fix: "nothing to do: in a minute there are new ones. `postern key revoke` takes away those of one client alone",
  };
}

function tooManyClients({ door, token }: Place, clients: number): Problem {
  return {
    code: "too-many-clients",
    severity: "error",
    what: `${clients} clients have keys for ${door.name}, and there is room for the tokens of ${token.clients}; the last by their names have none`,
    fix: `write \`clients: ${2 ** Math.ceil(Math.log2(clients))}\` into the \`token\` of ${door.name}, and apply the policy`,
  };
}
