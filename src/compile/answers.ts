/**
 * What the gate notes of packets that leave the host: the answers to SYNs that a door has let
 * through, and resets of connections that it remembers. Only doors whose connections may have no
 * socket here need it; a gate without such doors has no chain for packets that are sent.
 */
import type { Chain, Match } from "../program/program.ts";
import { CLOSING_SECONDS, HANDSHAKE_SECONDS } from "./doorway.ts";
import {
  chain,
  doing,
  forEachFamily,
  forget,
  goto,
  member,
  RETURN,
  remember,
  rule,
} from "./rules.ts";
import type { DoorSets } from "./sets.ts";

const RESET: Match = { kind: "any-flag", of: ["rst"] };

/** @param doors the sets of those that need it. */
export function compileAnswers(doors: readonly DoorSets[]): Chain[] {
  if (doors.length === 0) return [];
  return [
    chain(
      "postrouting",
      "Every packet that leaves this host meets this comparison, and most meet nothing else.",
      rule([{ kind: "any-flag", of: ["syn", "rst"] }], goto("answers")),
    ),
    chain(
      "answers",
      "A service answers a SYN that a door has let through, or resets a connection.",
      rule([{ kind: "connection-answer" }], goto("handshakes")),
      // A forged SYN with the ports of another connection makes the gate send such a reset.
      rule([{ kind: "any-flag", of: ["ack"] }], RETURN, "a reset that refuses a SYN"),
      rule([RESET], goto("resets")),
    ),
    chain(
      "handshakes",
      "The SYN of which connection was answered?",
      // It is not in the set of those that live yet, so that a ban still ends the handshake.
      ...doors.flatMap(({ opening, answered }) =>
        forEachFamily((of) =>
          doing([member(of(opening))], [remember(of(answered), HANDSHAKE_SECONDS, true)]),
        ),
      ),
    ),
    chain(
      "resets",
      "Which connection is over? Also one whose handshake a guest has only pretended to end.",
      ...doors.flatMap(({ flows, closing }) =>
        forEachFamily((of) =>
          doing(
            [member(of(flows))],
            // Forgotten in any case, whether there is room among those that end or not.
            [forget(of(flows)), remember(of(closing), CLOSING_SECONDS, true)],
          ),
        ),
      ),
    ),
  ];
}
