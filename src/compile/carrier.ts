/** The way of a packet to what looks for a knock in it: a token, a signed knock, or both. */
import { CARRIERS, type Carrier, isSignedCarrier, printCarrier } from "../policy/carriers.ts";
import type { Policy } from "../policy/policy.ts";
import type { Chain, Match, Rule } from "../program/program.ts";
import type { Arrival } from "./dispatch.ts";
import { chain, forEachFamily, goto, jump, rule } from "./rules.ts";
import { type GateSets, nameCarrier } from "./sets.ts";
import { compileSigned, signedName } from "./signed.ts";
import { compileTokens, type TokenParts, tokensName } from "./token.ts";

interface Carried {
  readonly carrier: Carrier;
  readonly byToken: boolean;
  readonly bySignature: boolean;
}

/** Each carrier that a door of the policy has, once. */
function carriedIn({ doors }: Policy): Carried[] {
  const ofTokens = doors.flatMap(({ token }) => token?.carriers ?? []);
  const ofSigned = doors.flatMap(({ signed }) => signed?.carriers ?? []);
  const namesIn = (carriers: readonly Carrier[]) => new Set(carriers.map(printCarrier));
  const [byToken, bySignature] = [namesIn(ofTokens), namesIn(ofSigned)];
  const carriers = new Map(
    [...ofTokens, ...ofSigned].map((carrier) => [printCarrier(carrier), carrier]),
  );
  return [...carriers].map(([name, carrier]) => ({
    carrier,
    byToken: byToken.has(name),
    bySignature: bySignature.has(name),
  }));
}

export function carrierArrivals(policy: Policy): Arrival[] {
  return carriedIn(policy).flatMap(({ carrier }) => {
    const { protocol } = CARRIERS[carrier.kind];
    if (carrier.kind === "ping" || protocol === "ping") return [];
    const ports = { first: carrier.port, last: carrier.port };
    return [{ ports, protocol, chain: carrierName(carrier) }];
  });
}

/** Of the echo requests that come to a host each may be a carrier. */
export function carrierPings(policy: Policy): Rule[] {
  const pings = carriedIn(policy).filter(({ carrier }) => carrier.kind === "ping");
  return pings
    .flatMap(chainsBehind)
    .flatMap((name) =>
      forEachFamily((_, family) =>
        rule([{ kind: "echo-request", family, payloadBytes: undefined }], jump(name)),
      ),
    );
}

export function compileCarriers(
  policy: Policy,
  doors: readonly TokenParts[],
  { signed }: GateSets,
): Chain[] {
  return carriedIn(policy).flatMap((carried) => {
    const { carrier, byToken, bySignature } = carried;
    return [
      ...carrierChain(carried),
      ...(byToken ? compileTokens(policy, doors, carrier) : []),
      ...(bySignature && isSignedCarrier(carrier) ? compileSigned(policy, carrier, signed) : []),
    ];
  });
}

/** What else comes to such a port goes on after one look. */
function carrierChain(carried: Carried): Chain[] {
  const { carrier } = carried;
  const { packet, protocol, marks } = CARRIERS[carrier.kind];
  if (carrier.kind === "ping" || protocol === "ping") return [];
  const form: Match[] = [
    { kind: "protocol", is: protocol },
    ...marks.map((mark): Match => ({ kind: "payload", of: protocol, ...mark })),
  ];
  const names = chainsBehind(carried);
  const rules = names.map((name) => rule(form, name === names.at(-1) ? goto(name) : jump(name)));
  return [chain(carrierName(carrier), `Is it ${packet}?`, ...rules)];
}

/** Tokens first: them the kernel spends itself, whether or not an agent runs. */
function chainsBehind({ carrier, byToken, bySignature }: Carried): string[] {
  return [...(byToken ? [tokensName(carrier)] : []), ...(bySignature ? [signedName(carrier)] : [])];
}

function carrierName(carrier: Carrier): string {
  return `carrier_${nameCarrier(carrier)}`;
}
