/** The gate as iptables holds it. */
import { gapIn, isOfOthers, listingOf, type SavedList } from "../../backend/iptables/index.ts";
import type { Gap, Listing } from "../../backend/live.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { NO_IPTABLES, NOT_OURS } from "./obstacle.ts";
import { readNobody, readRecent } from "./recent.ts";
import {
  type Halves,
  halvesIn,
  otherVariant,
  ownVariant,
  readHalves,
  type Variant,
} from "./variant.ts";

export interface Gate {
  readonly variant: Variant;
  readonly halves: Halves;
  /** Of both families, each once. */
  readonly lists: readonly SavedList[];
}

/** What the two kinds of iptables hold. */
export interface Gates {
  /** In the kind that the host uses; without chains where there is none. */
  readonly own: Gate;
  /** In the other one, where there is one: the host may have been told to use this one since. */
  readonly others: readonly Gate[];
}

export async function readGates(host: Host): Promise<Result<Gates>> {
  const variant = await ownVariant(host);
  if (variant === undefined) return fail(NO_IPTABLES);
  const own = await readGateIn(host, variant);
  if (!own.ok) return own;
  const otherKind = await otherVariant(host, variant);
  if (otherKind === undefined) return ok({ own: own.value, others: [] });
  const other = await readGateIn(host, otherKind);
  if (!other.ok) return other;
  return ok({ own: own.value, others: stands(other.value) ? [other.value] : [] });
}

async function readGateIn(host: Host, variant: Variant): Promise<Result<Gate>> {
  const halves = await readHalves(host, variant);
  if (!halves.ok) return halves;
  const saved = savedIn(halves.value);
  if (saved.some(isOfOthers)) return fail(NOT_OURS);
  const lists = saved.flatMap((half) => half.lists);
  return ok({
    variant,
    halves: halves.value,
    lists: lists.filter((list, n) => lists.findIndex(({ name }) => name === list.name) === n),
  });
}

export function savedIn(halves: Halves) {
  return halvesIn(halves).map(([, saved]) => saved);
}

function stands({ halves }: Gate): boolean {
  return savedIn(halves).some(({ chains }) => chains.length > 0);
}

/** The one that stands, whichever kind holds it; undefined where there is none. */
export async function findGate(host: Host): Promise<Result<Gate | undefined>> {
  const gates = await readGates(host);
  if (!gates.ok) return gates;
  const { own, others } = gates.value;
  return ok(stands(own) ? own : others[0]);
}

function gapsIn(halves: Halves): Gap[] {
  return halvesIn(halves).flatMap(([family, saved]) => {
    const what = gapIn(saved);
    return what === undefined ? [] : [{ family, what }];
  });
}

export async function readListing(
  host: Host,
  { members }: { readonly members: boolean },
): Promise<Result<Listing | undefined>> {
  const gate = await findGate(host);
  if (!gate.ok) return gate;
  if (gate.value === undefined) return ok(undefined);
  const recent = members ? await readRecent(host) : await readNobody(host);
  const { halves } = gate.value;
  return ok({ ...listingOf(savedIn(halves), recent), gaps: gapsIn(halves) });
}
