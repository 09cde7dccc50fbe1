/**
 * What the gate notes of packets that leave the host: the answers to SYNs that a door has let
 * through. Only doors whose connections may have no socket here need it; a gate without such doors
 * has no chain for packets that are sent.
 */
import type { Chain } from "../program/program.ts";
import { HANDSHAKE_SECONDS } from "./doorway.ts";
import { chain, doing, forEachFamily, goto, member, remember, rule } from "./rules.ts";
import type { DoorSets } from "./sets.ts";

/** @param doors the sets of those that need it. */
export function compileAnswers(doors: readonly DoorSets[]): Chain[] {
  if (doors.length === 0) return [];
  return [
    chain(
      "postrouting",
      "Every packet that leaves this host meets this comparison, and most meet nothing else.",
      rule([{ kind: "connection-answer" }], goto("answers")),
    ),
    chain(
      "answers",
      "A service answers: note it where that is to a SYN which a door has let through.",
      // Connections are not in their own set yet, so that a ban still ends the handshake.
      ...doors.flatMap(({ opening, answered }) =>
        forEachFamily((of) =>
          doing([member(of(opening))], [remember(of(answered), HANDSHAKE_SECONDS, true)]),
        ),
      ),
    ),
  ];
}
