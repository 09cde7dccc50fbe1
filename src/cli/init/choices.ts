/** What there is to choose of a first policy: by options, by default, or by answers. */
import { FEWEST_STEPS } from "../../check/fresh.ts";
import type { Address } from "../../policy/address.ts";
import type { DoorName, Seconds } from "../../policy/policy.ts";
import { parseDoorName } from "../../policy/value/name.ts";
import { parseWholeNumber } from "../../policy/value/number.ts";
import { parseSeconds } from "../../policy/value/seconds.ts";
import { parseService } from "../../policy/value/service.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Given } from "../command.ts";
import { placeOf, readAddress } from "../reading.ts";
import type { Facts } from "./facts.ts";
import { isSsh, nameOf, type Offer, offerAt, offersOf } from "./offers.ts";

export interface Choices {
  readonly offer: Offer;
  readonly door: DoorName;
  /** {@link FEWEST_STEPS} to 16. */
  readonly steps: number;
  readonly openForSeconds: Seconds;
  readonly singleUse: boolean;
  /** Who need not knock. */
  readonly trusted: readonly Address[];
}

/** Those that were made already. */
export type SomeChoices = { readonly [Key in keyof Choices]?: Choices[Key] | undefined };

export const PRESETS = { steps: "4", openFor: "10s" } as const;

export const OPTIONS = [
  ["--yes", "ask nothing: take the defaults, and SSH where it listens"],
  ["--service <service>", "what to protect, such as tcp/22"],
  ["--door <name>", "the door's name (default: from what listens)"],
  ["--steps <number>", `how many packets a knock has (default: ${PRESETS.steps})`],
  ["--open-for <time>", `how long a knock opens, as in a policy (default: ${PRESETS.openFor})`],
  ["--single-use", "one connection a knock"],
  ["--trust <address>", "a source that need not knock"],
] as const;

/** As on the command line. */
export function readChoices(options: Given["options"], facts: Facts): Result<SomeChoices> {
  const problems: Problem[] = [];
  const read = <T>(name: string, parse: (text: string) => Result<T>): T | undefined => {
    const text = options[name];
    if (typeof text !== "string") return undefined;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    problems.push(...parsed.problems);
    return undefined;
  };
  const service = read("service", (text) => parseService({ text, place: placeOf(text) }));
  const trust = read("trust", readAddress);
  const choices = {
    offer: service === undefined ? undefined : offerAt(service, facts.listeners),
    door: read("door", parseDoor),
    steps: read("steps", parseSteps),
    openForSeconds: read("openFor", parseOpenFor),
    singleUse: options["singleUse"] === true ? true : undefined,
    trusted: trust === undefined ? undefined : [trust],
  };
  return problems.length === 0 ? ok(choices) : { ok: false, problems };
}

/** The defaults for what was not chosen; a service has one only where it is SSH. */
export function withDefaults(chosen: SomeChoices, { listeners }: Facts): Result<Choices> {
  const offer = chosen.offer ?? offersOf(listeners).find(isSsh);
  if (offer === undefined) return fail(NO_SSH);
  const door = parseDoor(nameOf(offer));
  const steps = parseSteps(PRESETS.steps);
  const openFor = parseOpenFor(PRESETS.openFor);
  if (!(door.ok && steps.ok && openFor.ok)) throw new Error("withDefaults: a default is wrong");
  return ok({
    offer,
    door: chosen.door ?? door.value,
    steps: chosen.steps ?? steps.value,
    openForSeconds: chosen.openForSeconds ?? openFor.value,
    singleUse: chosen.singleUse ?? false,
    trusted: chosen.trusted ?? [],
  });
}

const NO_SSH: Problem = {
  code: "no-service",
  severity: "error",
  what: "no SSH server listens on this host, so there is nothing that a first door would be for",
  fix: "name what to protect: --service tcp/PORT or --service udp/PORT",
};

export function parseDoor(text: string): Result<DoorName> {
  return parseDoorName({ text, place: placeOf(text) });
}

export function parseOpenFor(text: string): Result<Seconds> {
  return parseSeconds({ text, place: placeOf(text) });
}

export function parseSteps(text: string): Result<number> {
  return parseWholeNumber(
    { text, place: placeOf(text) },
    { name: "a number of steps", code: "not-a-number", least: FEWEST_STEPS, most: 16 },
  );
}
