/** Interfaces that are covered by a name that no packet comes in by. */
import { coversInterface, matchesInterface } from "../../../policy/interfaces.ts";
import type { PlacedPolicy } from "../../../policy/parse.ts";
import type { Place, Problem } from "../../../problem/problem.ts";
import { asError, enumerated, warning } from "../words.ts";
import { type Link, namedAtGate } from "./links.ts";
import type { Paths } from "./paths.ts";

/**
 * A packet that comes in by a port of a bridge, bond or team has that one's name when the gate sees
 * it. Where the policy covers the port and not the other, all of it passes.
 */
export function checkBridgePorts({ policy, places }: PlacedPolicy, { links }: Paths): Problem[] {
  const isCovered = ({ name }: Link) => coversInterface(policy.interfaces, name);
  return policy.interfaces.flatMap(({ isExcluded, pattern }, index) => {
    if (isExcluded) return [];
    const ports = links.filter((link) => matchesInterface(pattern, link.name) && isCovered(link));
    return ports.flatMap((port) => {
      const place = places.interfaces[index];
      const named = namedAtGate(links, port);
      if (named === undefined)
        return aboutOpenVswitch(port, links.filter(isInternal), isCovered, place);
      return named === port || isCovered(named) ? [] : [portOf(port, named, place)];
    });
  });
}

function portOf(port: Link, named: Link, place: Place | undefined): Problem {
  const kind = named.kind === undefined ? "" : `${named.kind} `;
  return asError(
    warning(
      "port-of-bridge",
      place,
      `${port.name} is a port of the ${kind}${named.name}: its packets come in by the name ${named.name}, which \`interfaces\` does not cover, and get past the gate`,
      `cover it as well: write ${named.name} in \`interfaces\``,
    ),
  );
}

/** An interface of the host itself at a switch of Open vSwitch. */
function isInternal({ name, kind }: Link): boolean {
  return kind === "openvswitch" && name !== "ovs-system";
}

/** Which of them packets of a port come in by, the switch alone knows. */
function aboutOpenVswitch(
  port: Link,
  internal: readonly Link[],
  isCovered: (link: Link) => boolean,
  place: Place | undefined,
): Problem[] {
  if (internal.some(isCovered)) return [];
  const names = enumerated(internal.map(({ name }) => name));
  const what = `${port.name} is a port of Open vSwitch: its packets come in by the names of the switch's own interfaces, which \`interfaces\` does not cover, and get past the gate`;
  const fix = `cover the one that has this host's addresses${names === "" ? "" : `: ${names}`}`;
  return [asError(warning("port-of-bridge", place, what, fix))];
}
