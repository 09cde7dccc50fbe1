/**
 * Random stories in the kernel, told over IPv4 and IPv6 by sources of their own, all at once:
 * real nftables passes and refuses the packets that the model says.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Story } from "../../src/model/story.ts";
import { type Address, FAMILIES, printAddress } from "../../src/policy/address.ts";
import type { Policy, Seconds } from "../../src/policy/policy.ts";
import { type Cast, type Pauses, policies, stories } from "../scenarios/arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "../scenarios/judges.ts";
import { castOf } from "./casts.ts";
import { makeNetwork, type Network } from "./network.ts";
import { type Told, tellStories } from "./telling.ts";

const POLICIES = 24;
const STORIES_A_POLICY_AND_FAMILY = 50;
/** Networks that tell stories at the same time. */
const SIDE_BY_SIDE = 8;

/** Far enough from whole seconds, at which everything in the policies ends. */
const PAUSES: Pauses = { usual: 0.15, others: [1.35, 2.4, 3.45] };

/** What ends so near to a packet's time may have ended before or after it. */
const CLOSE_CALL_SECONDS = 0.04;

let networks: Network[] = [];
beforeAll(async () => {
  networks = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => makeNetwork()));
});
afterAll(() => {
  for (const network of networks) network.remove();
});

interface Chapter {
  readonly policy: Policy;
  /** Who tells each story; all of them are known to the policy. */
  readonly casts: readonly Cast[];
  readonly stories: readonly Story[];
}

function draw(network: Network, seed: number): Chapter {
  const casts = FAMILIES.flatMap((family) =>
    Array.from({ length: STORIES_A_POLICY_AND_FAMILY }, (_, n) => castOf(network, family, n)),
  );
  const { client, server } = network.link;
  const destinations = [client.ipv4, client.ipv6, server.ipv4, server.ipv6];
  const trusted = casts.map(({ sources: [, second] }: Cast): Address => second).map(printAddress);
  const [policy] = fc.sample(policies(destinations, trusted, server.interface), {
    seed,
    numRuns: 1,
  });
  if (policy === undefined) throw new Error("draw: no policy was drawn");
  return {
    policy,
    casts,
    stories: casts.flatMap((cast, n) =>
      fc.sample(stories(policy, cast, PAUSES), { seed: seed * 1000 + n, numRuns: 1 }),
    ),
  };
}

/** What the model says, or undefined when that hangs on a close call. */
function expected(policy: Policy, story: Story): boolean[] | undefined {
  const [shorter, exact, longer] = [-CLOSE_CALL_SECONDS, 0, CLOSE_CALL_SECONDS].map((by) =>
    judgeByModel(stretch(policy, by), stretchStory(story, by)).map((outcome) => outcome === "pass"),
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
    (event.kind === "open" || event.kind === "ban") && event.forSeconds !== undefined
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
  const { policy, stories: drawn, casts } = chapter;
  const told = await tellStories(network, policy, drawn);
  const verdicts = told.map((one) => agrees(policy, one));
  count.agreed += verdicts.filter((verdict) => verdict === true).length;
  count.undecided += verdicts.filter((verdict) => verdict === undefined).length;
  const failed = verdicts.indexOf(false);
  const [fault, cast] = [told[failed], casts[failed]];
  if (fault === undefined || cast === undefined) return undefined;
  return shorten(network, chapter, untilFault(policy, fault), cast);
}

/** The story from its first event, at 0, to the first that was judged differently. */
function untilFault(policy: Policy, { story, passed }: Told): Story {
  const meant = expected(policy, story);
  const interpreted = judgeByInterpreter(policy, story);
  const differs = (n: number) =>
    passed[n] !== undefined &&
    (passed[n] !== meant?.[n] || passed[n] !== (interpreted[n] === "pass"));
  const end = story.findIndex((_, n) => differs(n));
  const begun = story[0]?.at ?? 0;
  return story.slice(0, end + 1).map((event) => ({ ...event, at: event.at - begun }));
}

/** Whether kernel and interpreter both say what the model says; undefined: nobody can tell. */
function agrees(policy: Policy, told: Told | undefined): boolean | undefined {
  const meant = told && expected(policy, told.story);
  if (told === undefined || meant === undefined) return undefined;
  const interpreted = judgeByInterpreter(policy, told.story);
  return told.passed.every(
    (passed, n) =>
      passed === undefined || (passed === meant[n] && passed === (interpreted[n] === "pass")),
  );
}

/** Leaves events out for as long as the story still fails: each way at once, by a cast of its own. */
async function shorten(
  network: Network,
  chapter: Chapter,
  story: Story,
  cast: Cast,
): Promise<string> {
  const { policy } = chapter;
  const casts = chapter.casts.filter(({ here }) => here.family === cast.here.family);
  const shorter = story
    .map((_, left) => story.filter((_, n) => n !== left))
    .filter((events) => events.some(({ kind }) => kind === "packet"));
  const recast = shorter.map((events, n) => play(events, cast, casts[n] ?? cast));
  const told = recast.length === 0 ? [] : await tellStories(network, policy, recast);
  const next = shorter[told.findIndex((one) => agrees(policy, one) === false)];
  if (next !== undefined) return shorten(network, chapter, next, cast);
  const [last] = await tellStories(network, policy, [story]);
  return describe(policy, last);
}

/** The same story with others in the parts. */
function play(story: Story, before: Cast, after: Cast): Story {
  const other = (source: Address) => after.sources[before.sources.indexOf(source)] ?? source;
  return story.map((event) => {
    if (event.kind === "packet") {
      return { ...event, packet: { ...event.packet, source: other(event.packet.source) } };
    }
    return event.source === undefined ? event : { ...event, source: other(event.source) };
  });
}

function describe(policy: Policy, told: Told | undefined): string {
  if (told === undefined) return "the shortest story went in an order that nobody can tell";
  const meant = expected(policy, told.story);
  const interpreted = judgeByInterpreter(policy, told.story);
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

test("nftables and the interpreter judge every packet of 2,400 stories as the model does", async () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const count: Count = { agreed: 0, undecided: 0 };
  const faults: string[] = [];
  const chapters = Array.from({ length: POLICIES }, (_, n) => n);
  await Promise.all(
    networks.map(async (network, lane) => {
      for (const n of chapters.filter((chapter) => chapter % networks.length === lane)) {
        const fault = await judge(network, draw(network, seed + n), count);
        if (fault !== undefined) faults.push(fault);
      }
    }),
  );
  expect(faults.slice(0, 1), `SEED=${seed}`).toEqual([]);
  expect(count.agreed, `SEED=${seed}, ${count.undecided} undecided`).toBeGreaterThan(2000);
}, 600_000);
