/** What the rules of a token do to the sets of a gate. */
import { describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import {
  emptyState,
  hexOf,
  membersAt,
  remember,
  runPacket,
  type State,
  sourceKey,
  type TimedSet,
} from "../../src/program/index.ts";
import { CASTS } from "../scenarios/arbitrary.ts";
import { setOfTokens } from "../scenarios/judges.ts";
import { carrierOf } from "../scenarios/parse-story.ts";
import { carried, tokenOf } from "../scenarios/tokens.ts";
import { programOf } from "../setup/policy.ts";
import { rulesOf } from "./programs.ts";

const CARRIERS = ["ping", "udp/62201", "dns/53", "http/80", "tls/443"];
const program = programOf(
  `{ log: true, doors: { ssh: { protects: tcp/22, token: { carriers: [${CARRIERS.join(", ")}] } } } }`,
);

function setNamed(name: string): TimedSet {
  const found = program.sets.find((set) => set.name === name);
  if (found === undefined) throw new Error(`setNamed: no set is called ${name}`);
  return found;
}

describe.each(["ipv4", "ipv6"] as const)("over %s", (family) => {
  const cast = CASTS[family];
  const digit = family === "ipv4" ? 4 : 6;
  const [source, other] = cast.sources;

  describe.each(CARRIERS)("a token by %s", (text) => {
    const carrier = carrierOf(text);
    const tokens = setOfTokens(program, { door: "ssh", carrier });
    const uses = setNamed(`${tokens.name.replace(/tokens$/, "uses")}${digit}`);
    const grants = setNamed(`ssh_grants${digit}`);
    const token = tokenOf(cast, "A");
    const packet = (from = source): Packet => ({
      source: from,
      destination: cast.here,
      destined: "here",
      interface: cast.interface,
      content: carried(carrier, token),
    });
    const loaded = (): State => {
      const state = emptyState();
      remember(state, tokens, hexOf(token), 60);
      return state;
    };

    test("is taken out of its set, and who has shown it is noted", () => {
      const state = loaded();
      const { outcome, logged } = runPacket(program, state, packet(), 1);
      expect(outcome).toBe("pass");
      expect(logged).toEqual([{ line: "open", door: "ssh" }]);
      expect(membersAt(state, tokens, 1)).toEqual([]);
      expect(membersAt(state, grants, 1)).toEqual([sourceKey(source, 128)]);
      expect(membersAt(state, uses, 1)).toEqual([`${source.bits.toString(16)}.${hexOf(token)}`]);
      expect(runPacket(program, state, packet(other), 1).logged).toEqual([]);
      expect(membersAt(state, uses, 86_400)).toHaveLength(1);
      expect(membersAt(state, uses, 86_402)).toEqual([]);
    });

    test("opens where nobody more can be noted", () => {
      const state = loaded();
      fill(state, uses);
      expect(runPacket(program, state, packet(), 1).logged).toHaveLength(1);
      expect(membersAt(state, grants, 1)).toHaveLength(1);
      expect(membersAt(state, tokens, 1)).toEqual([]);
    });

    test("is spent where there is no room for a grant", () => {
      const state = loaded();
      fill(state, grants);
      expect(runPacket(program, state, packet(), 1).logged).toEqual([]);
      expect(membersAt(state, tokens, 1)).toEqual([]);
    });
  });
});

function fill(state: State, set: TimedSet): void {
  for (let n = 0; n < set.capacity; n += 1) remember(state, set, `somebody ${n}`, 60);
}

test("a look-up of a token is what spends it: no rule only asks whether it is there", () => {
  const matches = rulesOf(program).flatMap(({ when }) => when);
  const lookUps = matches.filter(
    (match) =>
      "of" in match &&
      typeof match.of === "object" &&
      "role" in match.of &&
      match.of.role.kind === "tokens",
  );
  expect(lookUps.map(({ kind }) => kind)).toEqual(CARRIERS.map(() => "spend"));
  const sets = program.sets.filter(({ role }) => role.kind === "tokens");
  expect(sets.map(({ singleUse, family }) => [singleUse, family])).toEqual(
    CARRIERS.map(() => [true, undefined]),
  );
});
