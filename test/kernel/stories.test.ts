/**
 * Random stories in the kernel, told over IPv4 and IPv6 by sources of their own, all at once: real
 * nftables and real iptables pass and refuse the packets that the model says, the latter within
 * the limits of a gate that remembers sources alone.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Story } from "../../src/model/story.ts";
import { type Address, FAMILIES, printAddress } from "../../src/policy/address.ts";
import type { Policy, Seconds } from "../../src/policy/policy.ts";
import { type Cast, type Pauses, policies, stories } from "../scenarios/arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "../scenarios/judges.ts";
import { namesOf, tokenOf } from "../scenarios/tokens.ts";
import { castOf } from "./casts.ts";
import { type Holder, IPTABLES_LEGACY, IPTABLES_NFT, NFTABLES } from "./holders.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type Told, tellStories } from "./telling.ts";

/** Networks that tell stories at the same time, each under a policy of its own. */
const SIDE_BY_SIDE = 12;

interface Telling {
  readonly holder: Holder;
  readonly storiesAPolicyAndFamily: number;
  /** At least so many have to end undoubted. */
  readonly agreed: number;
  /** Which of the networks, by number. */
  readonly isOn: (network: number) => boolean;
}

const ON_NFTABLES: Telling = {
  holder: NFTABLES,
  storiesAPolicyAndFamily: 50,
  agreed: 1000,
  isOn: () => true,
};

/** Two senders a story: far fewer than the 100 sources that a list of xt_recent holds. */
const ON_IPTABLES = { storiesAPolicyAndFamily: 28, agreed: 250 };

/** Far enough from whole seconds, at which everything in the policies ends. */
const PAUSES: Pauses = { usual: 0.15, others: [1.35, 2.4, 3.45], lives: [60] };

/** What ends so near to a packet's time may have ended before or after it, also at a known time. */
const CLOSE_CALL_SECONDS = 0.04;

let networks: Network[] = [];
beforeAll(async () => {
  networks = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => makeNetwork()));
});
afterAll(() => {
  for (const network of networks) network.remove();
});

interface Chapter {
  readonly holder: Holder;
  readonly policy: Policy;
  /** Who tells each story; all of them are known to the policy. */
  readonly casts: readonly Cast[];
  readonly stories: readonly Story[];
}

function draw(
  network: Network,
  { holder, storiesAPolicyAndFamily }: Telling,
  seed: number,
): Chapter {
  const casts = FAMILIES.flatMap((family) =>
    Array.from({ length: storiesAPolicyAndFamily }, (_, n) => castOf(network, family, n)),
  );
  const { client, server } = network.link;
  const destinations = [client.ipv4, client.ipv6, server.ipv4, server.ipv6];
  const trusted = casts.map(({ sources: [, second] }: Cast): Address => second).map(printAddress);
  // iptables has no sets of tokens.
  const options = { gated: server.interface, withTokens: holder.memory === "connections" };
  const [drawn] = fc.sample(policies(destinations, trusted, options), { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error("draw: no policy was drawn");
  const policy = holder.memory === "sources" ? withoutAnswers(drawn) : drawn;
  return {
    holder,
    policy,
    casts,
    stories: casts.flatMap((cast, n) =>
      fc.sample(stories(policy, cast, PAUSES, { withAnswers: false }), {
        seed: seed * 1000 + n,
        numRuns: 1,
      }),
    ),
  };
}

/** iptables has none to give before the filter table. */
function withoutAnswers(policy: Policy): Policy {
  return { ...policy, doors: policy.doors.map((door) => ({ ...door, refuse: "drop" })) };
}

type Gate = Pick<Chapter, "policy" | "holder">;

/** What the model says, or undefined when that hangs on a close call. */
function expected({ policy, holder }: Gate, { story, doubtSeconds }: Told): boolean[] | undefined {
  const close = CLOSE_CALL_SECONDS + doubtSeconds;
  const [shorter, exact, longer] = [-close, 0, close].map((by) =>
    judgeByModel(stretch(policy, by), stretchStory(story, by), holder.memory).map(
      (outcome) => outcome === "pass",
    ),
  );
  const isClose = [shorter, longer].some((other) => String(other) !== String(exact));
  return isClose ? undefined : exact;
}

/** The policy with every time a little longer or shorter. */
function stretch(policy: Policy, by: number): Policy {
  const longer = (seconds: number) => (seconds + by) as Seconds;
  return {
    ...policy,
    ban: policy.ban && {
      ...policy.ban,
      withinSeconds: longer(policy.ban.withinSeconds),
      forSeconds: longer(policy.ban.forSeconds),
    },
    doors: policy.doors.map((door) => ({
      ...door,
      openForSeconds: longer(door.openForSeconds),
      sessionIdleSeconds: longer(door.sessionIdleSeconds),
      sequence: door.sequence && {
        ...door.sequence,
        withinSeconds: longer(door.sequence.withinSeconds),
      },
    })),
  };
}

function stretchStory(story: Story, by: number): Story {
  return story.map((event) =>
    "forSeconds" in event && event.forSeconds !== undefined
      ? { ...event, forSeconds: event.forSeconds + by }
      : event,
  );
}

interface Count {
  agreed: number;
  undecided: number;
}

/** Undefined when all agreed; else the first story that did not, made as short as can be. */
async function judge(
  network: Network,
  chapter: Chapter,
  count: Count,
): Promise<string | undefined> {
  const { policy, stories: drawn, casts, holder } = chapter;
  const told = await tellStories(network, policy, drawn, holder);
  const verdicts = told.map((one) => agrees(chapter, one));
  count.agreed += verdicts.filter((verdict) => verdict === true).length;
  count.undecided += verdicts.filter((verdict) => verdict === undefined).length;
  const failed = verdicts.indexOf(false);
  const [fault, cast] = [told[failed], casts[failed]];
  if (fault === undefined || cast === undefined) return undefined;
  return describe(chapter, await shorten(network, chapter, fault, cast));
}

/** The story from its first event, at 0, to the first that was judged differently. */
function untilFault(gate: Gate, told: Told): Story {
  const { story, passed } = told;
  const meant = expected(gate, told);
  const interpreted = judgeByInterpreter(gate.policy, story, gate.holder.memory);
  const differs = (n: number) =>
    passed[n] !== undefined &&
    (passed[n] !== meant?.[n] || passed[n] !== (interpreted[n] === "pass"));
  const end = story.findIndex((_, n) => differs(n));
  const begun = story[0]?.at ?? 0;
  return story.slice(0, end + 1).map((event) => ({ ...event, at: event.at - begun }));
}

/** Whether kernel and interpreter both say what the model says; undefined: nobody can tell. */
function agrees(gate: Gate, told: Told | undefined): boolean | undefined {
  const meant = told && expected(gate, told);
  if (told === undefined || meant === undefined) return undefined;
  const interpreted = judgeByInterpreter(gate.policy, told.story, gate.holder.memory);
  return told.passed.every(
    (passed, n) =>
      passed === undefined || (passed === meant[n] && passed === (interpreted[n] === "pass")),
  );
}

/** Leaves events out for as long as the story still fails: each way at once, by a cast of its own. */
async function shorten(network: Network, chapter: Chapter, fault: Told, cast: Cast): Promise<Told> {
  const { policy, holder } = chapter;
  const story = untilFault(chapter, fault);
  const casts = chapter.casts.filter(({ here }) => here.family === cast.here.family);
  const shorter = story
    .map((_, left) => story.filter((_, n) => n !== left))
    .filter((events) => events.some(({ kind }) => kind === "packet"));
  const recast = shorter.map((events, n) => play(policy, events, cast, casts[n] ?? cast));
  const told = recast.length === 0 ? [] : await tellStories(network, policy, recast, holder);
  const failed = told.findIndex((one) => agrees(chapter, one) === false);
  const next = told[failed];
  return next === undefined ? fault : shorten(network, chapter, next, casts[failed] ?? cast);
}

/** The same story with others in the parts. */
function play(policy: Policy, story: Story, before: Cast, after: Cast): Story {
  const other = (source: Address) => after.sources[before.sources.indexOf(source)] ?? source;
  const names = namesOf(policy).map(({ name }) => name);
  const withOthers = (bytes: Uint8Array) => {
    const changed = Buffer.from(bytes);
    for (const name of names) {
      const at = changed.indexOf(tokenOf(before, name));
      if (at !== -1) changed.set(tokenOf(after, name), at);
    }
    return changed;
  };
  return story.map((event) => {
    if (event.kind === "load") return { ...event, token: withOthers(event.token) };
    if (event.kind === "packet" || event.kind === "answer") {
      const { content } = event.packet;
      const shown = content.payload === undefined ? {} : { payload: withOthers(content.payload) };
      const packet = { ...event.packet, source: other(event.packet.source) };
      return { ...event, packet: { ...packet, content: { ...content, ...shown } } };
    }
    return event.source === undefined ? event : { ...event, source: other(event.source) };
  });
}

function describe(gate: Gate, told: Told): string {
  const { policy, holder } = gate;
  const meant = expected(gate, told);
  const interpreted = judgeByInterpreter(policy, told.story, holder.memory);
  const lines = told.story.map((event, n) =>
    event.kind === "packet"
      ? `${event.at.toFixed(2)} ${printAddress(event.packet.source)} ${JSON.stringify(event.packet.content)}: kernel ${told.passed[n]}, interpreter ${interpreted[n]}, model ${meant?.[n]}`
      : `${event.at.toFixed(2)} ${event.kind}`,
  );
  const doors = JSON.stringify({ ...policy, trusted: [] }, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  return [doors, ...lines].join("\n");
}

async function tell(telling: Telling): Promise<void> {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const count: Count = { agreed: 0, undecided: 0 };
  const faults: string[] = [];
  await Promise.all(
    networks.map(async (network, n) => {
      if (!telling.isOn(n)) return;
      const fault = await judge(network, draw(network, telling, seed + n), count);
      if (fault !== undefined) faults.push(fault);
    }),
  );
  expect(faults.slice(0, 1), `SEED=${seed}`).toEqual([]);
  expect(count.agreed, `SEED=${seed}, ${count.undecided} undecided`).toBeGreaterThan(
    telling.agreed,
  );
}

test(
  "nftables and the interpreter judge every packet of random stories as the model does",
  () => tell(ON_NFTABLES),
  600_000,
);

// A story takes its time, however few there are: both kinds at once, on half of the networks each.
test.concurrent.each([IPTABLES_NFT, IPTABLES_LEGACY].map((holder, half) => ({ holder, half })))(
  "$holder.name and the interpreter judge every packet of random stories as the model does",
  ({ holder, half }) => tell({ holder, ...ON_IPTABLES, isOn: (n) => n % 2 === half }),
  600_000,
);
