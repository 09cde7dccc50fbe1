/** Programs and filters that see packets before the gate, and may send them past it. */
import { coversInterface } from "../../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Policy } from "../../../policy/policy.ts";
import type { Problem } from "../../../problem/problem.ts";
import { warning } from "../words.ts";
import type { IngressFilter } from "./ingress.ts";
import { type Link, linkNamed, namedAtGate } from "./links.ts";
import type { Paths } from "./paths.ts";

export function checkBeforeGate({ policy }: PlacedPolicy, paths: Paths): Problem[] {
  const { links, ingress } = paths;
  const isWatched = (name: string) => leadsToGate(policy, links, linkNamed(links, name));
  return [
    ...links.filter(({ name }) => isWatched(name)).flatMap(aboutXdp),
    ...ingress
      .filter((filter) => isWatched(filter.interface))
      .flatMap((filter) => aboutFilter(filter, links)),
  ];
}

/** Whether packets of the interface come to the gate, by its own name or that of a bridge above. */
function leadsToGate(policy: Policy, links: readonly Link[], link: Link | undefined): boolean {
  const named = link === undefined ? undefined : namedAtGate(links, link);
  return named !== undefined && coversInterface(policy.interfaces, named.name);
}

function aboutXdp({ name, xdp }: Link): Problem[] {
  return xdp.map((program) =>
    warning(
      "redirected-before-gate",
      undefined,
      `XDP ${program} on ${name} sees packets before the gate does, and may answer them or send them elsewhere`,
      `find out what it does: \`ip -details link show ${name}\` shows it`,
    ),
  );
}

function aboutFilter(filter: IngressFilter, links: readonly Link[]): Problem[] {
  const show = `\`tc filter show dev ${filter.interface} ingress\` shows it`;
  if (filter.kind === "program") {
    const what = `tc ${filter.program} at the ingress of ${filter.interface} sees packets before the gate does, and may send them elsewhere`;
    return [warning("redirected-before-gate", undefined, what, `find out what it does: ${show}`)];
  }
  // Shapers send packets through such an interface, which then gives them back.
  if (linkNamed(links, filter.to)?.kind === "ifb") return [];
  const what = `a filter of tc at the ingress of ${filter.interface} sends packets to ${filter.to} before the gate sees them`;
  const fix = `see that none of them is for a door: ${show}`;
  return [warning("redirected-before-gate", undefined, what, fix)];
}
