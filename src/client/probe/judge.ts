/** What an observation says of a door: that a claim is so, is not so, or cannot be told from here. */
import type { Observation, Sighting } from "./observe.ts";

/** `untested`: nobody can tell from here. */
export type Finding = "so" | "not-so" | "untested";

/** That the door is shut, as far as its ports show it; `told` are services that have answered later. */
export function judgeShut(
  { sightings }: Pick<Observation, "sightings">,
  told: readonly string[] = [],
): Finding {
  const findings = sightings.map((one) => {
    const isTold = one.answer === "silent" && told.includes(one.service);
    return isTold && one.packet === "datagram" ? "so" : judgeSighting(one, sightings);
  });
  return worstOf(findings);
}

/**
 * That no new connection is let in any more. What other segments meet says nothing then: a gate on
 * iptables knows for days whom it has let in.
 */
export function judgeShutAgain({ sightings }: Pick<Observation, "sightings">): Finding {
  const syns = sightings.filter(({ packet }) => packet === "syn");
  return judgeShut({ sightings: syns });
}

/** Of several: one that is not so outweighs one that is not known. */
export function worstOf(findings: readonly Finding[]): Finding {
  if (findings.includes("not-so")) return "not-so";
  return findings.includes("untested") ? "untested" : "so";
}

function judgeSighting(
  { packet, service, answer }: Sighting,
  sightings: readonly Sighting[],
): Finding {
  if (answer === "accepted") return "not-so";
  switch (packet) {
    case "datagram":
      // A service that is silent cannot be told from a door that is.
      return answer === "refused" ? "so" : "untested";
    case "syn":
      return answer === "silent" || answer === "refused" ? "so" : "untested";
    default: {
      // A port that hides from SYN alone is given away by what answers other segments.
      const syn = sightings.find((one) => one.packet === "syn" && one.service === service);
      return answer === "refused" && syn?.answer === "silent" ? "not-so" : "so";
    }
  }
}

/** That a UDP service is let through: it answers in another way than before the knock. */
export function judgeDatagram(before: Sighting | undefined, after: Sighting): Finding {
  const known = ["silent", "refused", "accepted"];
  if (before === undefined || !known.includes(before.answer) || !known.includes(after.answer)) {
    return "untested";
  }
  return before.answer === after.answer ? "untested" : "so";
}
