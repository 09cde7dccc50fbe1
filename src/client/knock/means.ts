/** By what a door is knocked at: what it opens to, and what was asked for of that. */
import {
  CARRIER_KINDS,
  type Carrier,
  type CarrierKind,
  printCarrier,
  type SignedCarrier,
} from "../../policy/carriers.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { ClientDoor } from "../profile/profiles.ts";
import type { Protocol } from "./packet.ts";

type SignedVia = "signed" | `signed:${SignedCarrier["kind"]}`;

/**
 * Tokens by one kind of carrier, signed knocks by any or by one, the sequence, or the protocol for
 * steps of it that take either.
 */
export type Via = CarrierKind | SignedVia | "tcp" | "sequence";

const SIGNED_VIAS: readonly SignedVia[] = ["signed", "signed:ping", "signed:udp"];

export const VIAS: readonly Via[] = [...CARRIER_KINDS, ...SIGNED_VIAS, "tcp", "sequence"];

/** In the order in which they are tried: tokens, then signed knocks, then the sequence. */
export interface Means {
  /** Of tokens. */
  readonly carriers: readonly Carrier[];
  /** Of signed knocks. */
  readonly signed: readonly SignedCarrier[];
  readonly sequence: ClientDoor["sequence"];
  /** For steps that take either. */
  readonly protocol: Protocol | undefined;
}

const NONE: Means = { carriers: [], signed: [], sequence: undefined, protocol: undefined };

/**
 * All that the door opens to, or what `via` names of it. At a door that opens to tokens, `udp` is
 * their carrier.
 */
export function chooseMeans(door: ClientDoor, via: Via | undefined): Result<Means> {
  const { sequence, token, signed } = door;
  const all = { carriers: token?.carriers ?? [], signed: signed?.carriers ?? [], sequence };
  if (via === undefined) return ok({ ...all, protocol: undefined });
  if (via === "sequence" || via === "tcp" || (via === "udp" && token === undefined)) {
    const protocol = via === "sequence" ? undefined : via;
    return sequence === undefined ? fail(absent(door, via)) : ok({ ...NONE, sequence, protocol });
  }
  const means: Means = isSigned(via)
    ? {
        ...NONE,
        signed: all.signed.filter(({ kind }) => via === "signed" || via === `signed:${kind}`),
      }
    : { ...NONE, carriers: all.carriers.filter(({ kind }) => kind === via) };
  const isNone = means.signed.length === 0 && means.carriers.length === 0;
  return isNone ? fail(absent(door, via)) : ok(means);
}

function isSigned(via: Via): via is SignedVia {
  return SIGNED_VIAS.some((one) => one === via);
}

function absent(door: ClientDoor, via: Via): Problem {
  const { name, sequence, token, signed } = door;
  const kinds = (signed?.carriers ?? []).map(({ kind }) => kind);
  const known = [
    ...new Set((token?.carriers ?? []).map(({ kind }) => kind)),
    ...(signed === undefined ? [] : ["signed"]),
    ...(kinds.length > 1 ? kinds.map((kind) => `signed:${kind}`) : []),
    ...(sequence === undefined ? [] : ["sequence"]),
  ];
  const fix = `write --via with ${[...new Set(known)].join(" or ")}, or leave it out`;
  return {
    code: "no-such-way",
    severity: "error",
    what: `the door ${name} ${whyNot(door, via)}`,
    fix,
  };
}

function whyNot({ token, signed }: ClientDoor, via: Via): string {
  if (via === "signed") return "takes no signed knocks";
  if (isSigned(via)) return `takes no signed knocks by ${via.slice("signed:".length)}`;
  const isOfSequence =
    via === "sequence" || via === "tcp" || (via === "udp" && token === undefined);
  if (!isOfSequence || (via === "udp" && signed !== undefined)) return `takes no tokens by ${via}`;
  const others = [
    ...(token === undefined ? [] : [`tokens by ${token.carriers.map(printCarrier).join(", ")}`]),
    ...(signed === undefined
      ? []
      : [`signed knocks by ${signed.carriers.map(printCarrier).join(", ")}`]),
  ];
  return `has no sequence, but ${others.join(" and ")}`;
}
