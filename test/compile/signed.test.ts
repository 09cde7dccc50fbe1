/** Which packets the rules hand to the agent, and that these packets find nothing changed. */
import { describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, widthOf } from "../../src/policy/address.ts";
import type { SignedCarrier } from "../../src/policy/carriers.ts";
import { parseSignedCarrier } from "../../src/policy/value/carrier.ts";
import {
  emptyState,
  hexOf,
  membersAt,
  type Program,
  remember,
  runPacket,
  type State,
  sourceKey,
  type TimedSet,
} from "../../src/program/index.ts";
import { CASTS } from "../scenarios/arbitrary.ts";
import { setOfTokens } from "../scenarios/judges.ts";
import { carrierOf } from "../scenarios/parse-story.ts";
import { candidate, STORY_TAG } from "../scenarios/signed.ts";
import { carried, tokenOf } from "../scenarios/tokens.ts";
import { programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { chainNamed, rulesOf, setsNamedBy } from "./programs.ts";

const CARRIERS = ["ping", "udp/62201"];
const SIGNED = `signed: { carriers: [${CARRIERS.join(", ")}] }`;
const program = programOf(`doors: { ssh: { protects: tcp/22, ${SIGNED} } }`);

function setNamed(of: Program, name: string): TimedSet {
  const found = of.sets.find((set) => set.name === name);
  if (found === undefined) throw new Error(`setNamed: no set is called ${name}`);
  return found;
}

function withTag(of = program): State {
  const state = emptyState();
  remember(state, setNamed(of, "signed_tags"), hexOf(STORY_TAG), 60);
  return state;
}

const signedBy = (text: string): SignedCarrier => sure(parseSignedCarrier({ text }));

describe.each(FAMILIES)("over %s", (family) => {
  const cast = CASTS[family];
  const packet = (content: Packet["content"], over: Partial<Packet> = {}): Packet => ({
    source: cast.sources[0],
    destination: cast.here,
    destined: "here",
    interface: cast.interface,
    content,
    ...over,
  });

  describe.each(CARRIERS)("what may be a signed knock by %s", (text) => {
    const carrier = signedBy(text);
    const handedOver = (sent: Packet, state = withTag()) =>
      runPacket(program, state, sent, 1).handedOver;

    test("is handed over as what the policy calls it, and passes", () => {
      const run = runPacket(program, withTag(), packet(candidate(carrier)), 1);
      expect(run).toEqual({ outcome: "pass", logged: [], handedOver: [text] });
    });

    test("changes nothing that the gate knows", () => {
      const state = withTag();
      runPacket(program, state, packet(candidate(carrier)), 1);
      expect(state).toEqual(withTag());
    });

    test("is handed over each time, whoever sends it", () => {
      const state = withTag();
      for (const source of cast.sources) {
        expect(handedOver(packet(candidate(carrier), { source }), state)).toEqual([text]);
      }
    });

    test("has a tag of this time", () => {
      const sent = packet(candidate(carrier));
      expect(handedOver(sent, emptyState())).toEqual([]);
      expect(runPacket(program, withTag(), sent, 61).handedOver).toEqual([]);
      const other = packet(candidate(carrier, { tag: Buffer.alloc(8, 7) }));
      expect(handedOver(other)).toEqual([]);
    });

    test("has a size that can hold one", () => {
      const isHandedOver = (bytes: number) =>
        handedOver(packet(candidate(carrier, { bytes }))).length > 0;
      expect([184, 248, 1208].map(isHandedOver)).toEqual([true, true, true]);
      expect([0, 8, 163, 1229].map(isHandedOver)).toEqual([false, false, false, false]);
    });

    test("comes from another host, to this one", () => {
      const content = candidate(carrier);
      expect(handedOver(packet(content, { interface: "lo" }))).toEqual([]);
      expect(
        handedOver(packet(content, { destination: cast.elsewhere, destined: "elsewhere" })),
      ).toEqual([]);
    });
  });

  test("a datagram to another port is not handed over, nor a token's carrier that is none of it", () => {
    for (const content of [
      candidate({ kind: "udp", port: signedPort(62_202) }),
      carried(carrierOf("dns/62201"), STORY_TAG),
    ]) {
      expect(runPacket(program, withTag(), packet(content), 1).handedOver).toEqual([]);
    }
  });

  test("a packet is handed over once, whatever number of doors it may be for", () => {
    const many = programOf(
      `doors: { a: { protects: tcp/1, ${SIGNED} }, b: { protects: tcp/2, ${SIGNED} }, c: { protects: tcp/3, destinations: [${family === "ipv4" ? "198.51.100.0/24" : "2001:db8:1::/48"}], ${SIGNED} } }`,
    );
    const sent = packet(candidate({ kind: "ping" }));
    expect(runPacket(many, withTag(many), sent, 1).handedOver).toEqual(["ping"]);
    expect(many.sets.filter(({ role }) => role.kind.startsWith("signed"))).toHaveLength(2);
    expect(many.counters.filter(({ counts }) => counts === "candidates")).toHaveLength(1);
  });

  test("a token by the same carrier is spent, and is no candidate", () => {
    const both = programOf(
      "doors: { ssh: { protects: tcp/22, token: { carriers: [udp/62201] }, signed: { carriers: [udp/62201] } } }",
    );
    const carrier = carrierOf("udp/62201");
    const tokens = setOfTokens(both, { door: "ssh", carrier });
    const state = withTag(both);
    const token = tokenOf(cast, "A");
    remember(state, tokens, hexOf(token), 60);
    const run = runPacket(both, state, packet(carried(carrier, token)), 1);
    expect(run).toEqual({ outcome: "pass", logged: [], handedOver: [] });
    expect(membersAt(state, tokens, 1)).toEqual([]);
    expect(membersAt(state, setNamed(both, `ssh_grants${family === "ipv4" ? 4 : 6}`), 1)).toEqual([
      sourceKey(cast.sources[0], widthOf(family)),
    ]);
    const after = runPacket(both, state, packet(candidate(signedBy("udp/62201"))), 2);
    expect(after.handedOver).toEqual(["udp/62201"]);
  });
});

function signedPort(port: number) {
  const carrier = signedBy(`udp/${port}`);
  if (carrier.kind === "ping") throw new Error("signedPort: a ping has no port");
  return carrier.port;
}

describe("a door at some destinations", () => {
  const routed = programOf(
    `doors: { ssh: { protects: tcp/22, destinations: [192.0.2.0/28, 192.0.2.99, "2001:db8:7::/48"], ${SIGNED} } }`,
  );

  test("has what comes to them handed over, and nothing else", () => {
    const { chains } = routed;
    const asked = chainNamed({ ...routed, chains }, "signed_ping").rules.flatMap(({ when }) =>
      when.filter(({ kind }) => kind === "destination" || kind === "destined-here"),
    );
    expect(asked.map(({ kind }) => kind)).toEqual(["destination", "destination", "destination"]);
    const [ipv4, ipv6] = [CASTS.ipv4, CASTS.ipv6];
    for (const { sources, here, interface: gated } of [ipv4, ipv6]) {
      const sent: Packet = {
        source: sources[0],
        destination: here,
        destined: "here",
        interface: gated,
        content: candidate({ kind: "ping" }),
      };
      expect(runPacket(routed, withTag(routed), sent, 1).handedOver).toEqual([]);
    }
  });
});

test("a door with signed knocks alone has grants and sessions for the agent to fill", () => {
  const alone = programOf(
    `doors: { ssh: { protects: [tcp/22, udp/22], single-use: true, ${SIGNED} } }`,
  );
  const filled = ["grants", "sessions"];
  const ofDoor = alone.sets.filter(({ role }) => filled.includes(role.kind));
  expect(ofDoor.map(({ name, singleUse }) => [name, singleUse])).toEqual([
    ["ssh_single_grants4", true],
    ["ssh_single_grants6", true],
    ["ssh_sessions4", false],
    ["ssh_sessions6", false],
  ]);
});

test("the agent's sets are as large as they are said to be, and hold what they are said to hold", () => {
  expect(setNamed(program, "signed_tags")).toMatchObject({
    key: { kind: "tag" },
    capacity: 64,
    singleUse: false,
    family: undefined,
  });
  expect(setNamed(program, "signed_seen")).toMatchObject({
    key: { kind: "mark" },
    capacity: 65_536,
    singleUse: false,
    family: undefined,
  });
});

test("no packet puts anything into them, and what has opened a door no packet is asked of", () => {
  const named = rulesOf(program).flatMap(setsNamedBy);
  expect(named.map(({ name }) => name)).not.toContain("signed_seen");
  const changed = rulesOf(program).flatMap(({ then }) =>
    then.flatMap((action) => ("in" in action ? [action.in.name] : [])),
  );
  expect(changed).not.toContain("signed_tags");
  expect(changed).toContain("signed_candidates");
});

test("their meaning does not hang on the policy, so that a reload keeps them", () => {
  const other = programOf(
    "ipv6-prefix: 64\ndoors: { web: { protects: tcp/80, signed: { carriers: [udp/1], bound: true } } }",
  );
  for (const name of ["signed_tags", "signed_seen"]) {
    expect(setNamed(other, name)).toEqual(setNamed(program, name));
  }
});

test("a policy without signed knocks has nothing of it", () => {
  const text = JSON.stringify(
    programOf("doors: { ssh: { protects: tcp/22, token: { carriers: [ping, udp/53] } } }"),
  );
  expect(text).not.toMatch(/signed|candidate|hand-over/);
});

test("candidates are counted before the limit, so that a flood of them shows", () => {
  const { rules } = chainNamed(program, "candidate_ping");
  expect(rules.map(({ when, then }) => [when, then.map(({ kind }) => kind)])).toEqual([
    [[], ["count"]],
    [[], ["hand-over"]],
  ]);
});
