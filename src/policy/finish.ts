/** The fields of a policy without problems to {@link Policy}. */
import type { DraftDoor } from "./across.ts";
import {
  BAN_IPV6_PREFIX,
  type BanFields,
  type PolicyFields,
  type SequenceFields,
  type SignedFields,
  type TokenFields,
} from "./keys.ts";
import type {
  AutomaticBan,
  Door,
  Policy,
  PortRange,
  Sequence,
  Signed,
  Step,
  Token,
} from "./policy.ts";
import type { Field } from "./shape/record.ts";
import type { Located } from "./shape/shape.ts";

/** Throws where a value is missing: the reader must have told a problem and not come here. */
export function finish(fields: PolicyFields): Policy {
  const ban = fields.ban.value;
  const ipv6PrefixLength = sure(fields["ipv6-prefix"]);
  const banned = ban === undefined ? BAN_IPV6_PREFIX : sure(ban["ipv6-prefix"]);
  return {
    backend: sure(fields.backend),
    interfaces: valuesOf(sure(fields.interfaces)),
    trusted: valuesOf(sure(fields.trusted)),
    ipv6PrefixLength,
    // A ban of part of a source could be evaded from the rest of it.
    banIpv6PrefixLength: Math.min(banned, ipv6PrefixLength),
    log: sure(fields.log),
    ban: ban === undefined ? undefined : banOf(ban),
    doors: sure(fields.doors).map(doorOf),
  };
}

function banOf(fields: BanFields): AutomaticBan {
  return {
    after: sure(fields.after),
    withinSeconds: sure(fields.within),
    forSeconds: sure(fields.for),
  };
}

/** One door of it; throws as {@link finish} does. */
export function doorOf({ value: name, content }: DraftDoor): Door {
  const sequence = content.sequence.value;
  const token = content.token.value;
  const signed = content.signed.value;
  return {
    name,
    protects: valuesOf(sure(content.protects)),
    openForSeconds: sure(content["open-for"]),
    singleUse: sure(content["single-use"]),
    refuse: sure(content.refuse),
    destinations: valuesOf(sure(content.destinations)),
    sessionIdleSeconds: sure(content["session-idle"]),
    sequence: sequence === undefined ? undefined : sequenceOf(sequence),
    token: token === undefined ? undefined : tokenOf(token),
    signed: signed === undefined ? undefined : signedOf(signed),
  };
}

function sequenceOf(fields: SequenceFields): Sequence {
  const steps = valuesOf(sure(fields.steps));
  return {
    steps,
    withinSeconds: sure(fields.within),
    watch: fields.watch.value ?? span(steps),
  };
}

function tokenOf(fields: TokenFields): Token {
  return {
    carriers: valuesOf(sure(fields.carriers)),
    lookaheadSeconds: sure(fields.lookahead),
    lateSeconds: sure(fields.late),
    clients: sure(fields.clients),
  };
}

function signedOf(fields: SignedFields): Signed {
  const clients = fields.clients.value;
  return {
    carriers: valuesOf(sure(fields.carriers)),
    signers: fields.signers.value,
    clients: clients === undefined ? undefined : valuesOf(clients),
    from: valuesOf(sure(fields.from)),
    bound: sure(fields.bound),
  };
}

/** From the lowest to the highest port of the steps, where any is a port. */
function span(steps: readonly Step[]): PortRange | undefined {
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  const [first, ...others] = ports.toSorted((a, b) => a - b);
  return first === undefined ? undefined : { first, last: others.at(-1) ?? first };
}

function valuesOf<T>(items: readonly Located<T>[]): T[] {
  return items.map(({ value }) => value);
}

/** The value of a field in a policy without problems. */
function sure<T>(field: Field<T>): T {
  if (field.value === undefined) {
    throw new Error("finish: a key has no value, and no problem says so");
  }
  return field.value;
}
