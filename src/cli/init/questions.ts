/** The questions of a first policy, each with an answer that Enter takes. */
import type { Address } from "../../policy/address.ts";
import { printAddress } from "../../policy/address.ts";
import { parseService } from "../../policy/value/service.ts";
import { ok } from "../../problem/problem.ts";
import type { Asker } from "../asker.ts";
import {
  type Choices,
  PRESETS,
  parseDoor,
  parseOpenFor,
  parseSteps,
  type SomeChoices,
} from "./choices.ts";
import type { Facts } from "./facts.ts";
import { labelOf, nameOf, type Offer, offerAt, offersOf } from "./offers.ts";

/** Asks for what was not chosen; undefined when it was broken off. */
export async function askFor(
  chosen: SomeChoices,
  facts: Facts,
  asker: Asker,
): Promise<Choices | undefined> {
  const offer = chosen.offer ?? (await askOffer(facts, asker));
  if (offer === undefined) return undefined;
  const door = chosen.door ?? (await asker.read({ ...DOOR, preset: nameOf(offer) }));
  if (door === undefined) return undefined;
  const steps = chosen.steps ?? (await asker.read(STEPS));
  if (steps === undefined) return undefined;
  const openForSeconds = chosen.openForSeconds ?? (await asker.read(OPEN_FOR));
  if (openForSeconds === undefined) return undefined;
  const singleUse = chosen.singleUse ?? (await asker.confirm(SINGLE_USE));
  if (singleUse === undefined) return undefined;
  const trusted = chosen.trusted ?? (await askTrusted(facts, asker));
  return trusted && { offer, door, steps, openForSeconds, singleUse, trusted };
}

const DOOR = {
  question: "What is the door called?",
  why: "A name for commands and log lines.",
  parse: parseDoor,
};

const STEPS = {
  question: "How many packets?",
  why: "A knock is 3 to 16 packets, drawn at random. More are harder to guess.",
  preset: PRESETS.steps,
  parse: parseSteps,
};

const OPEN_FOR = {
  question: "How long does a knock open it?",
  why: "This is the time to start a connection in; those that were started go on.",
  preset: PRESETS.openFor,
  parse: parseOpenFor,
};

const SINGLE_USE = {
  question: "Shut it again behind the first connection?",
  why: "Nobody who shares your address could follow you. Each connection takes a knock.",
  preset: false,
};

/** Undefined: the service is yet to be named. */
async function askOffer({ listeners }: Facts, asker: Asker): Promise<Offer | undefined> {
  const offers = offersOf(listeners);
  if (offers.length === 0) return askService(listeners, asker);
  const chosen = await asker.choose<Offer | "another">({
    question: "Which service shall nobody see?",
    why: "It will be shut to everybody who has not knocked. Connections that exist go on.",
    options: [
      ...offers.map((offer) => ({ label: labelOf(offer), value: offer })),
      { label: "another", value: "another" },
    ],
  });
  return chosen === "another" ? askService(listeners, asker) : chosen;
}

function askService(listeners: Facts["listeners"], asker: Asker): Promise<Offer | undefined> {
  return asker.read({
    question: "At which port is it?",
    why: "Write tcp/PORT or udp/PORT, or a range such as tcp/6000-6010.",
    preset: "tcp/22",
    parse: (text) => {
      const service = parseService({ text });
      return service.ok ? ok(offerAt(service.value, listeners)) : service;
    },
  });
}

async function askTrusted(
  { session }: Facts,
  asker: Asker,
): Promise<readonly Address[] | undefined> {
  if (session === undefined) return [];
  const answer = await asker.confirm({
    question: `Never ask ${printAddress(session.source)} to knock?`,
    why: "You come from there now. Whoever else has that address need not knock, either.",
    preset: false,
  });
  if (answer === undefined) return undefined;
  return answer ? [session.source] : [];
}
