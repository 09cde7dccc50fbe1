/**
 * Random stories in the kernel, told over IPv4 and IPv6 by sources of their own, all at once:
 * real nftables passes and refuses the packets that the model says.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Story } from "../../src/model/story.ts";
import { type Address, FAMILIES, type Family, printAddress } from "../../src/policy/address.ts";
import type { Policy, Seconds } from "../../src/policy/policy.ts";
import { type Cast, type Pauses, policies, stories } from "../scenarios/arbitrary.ts";
import { judgeByInterpreter, judgeByModel } from "../scenarios/judges.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
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

/** The second of the two sources is the one that policies trust. */
function castOf(network: Network, family: Family, n: number): Cast {
  const first = senderOf(family, n);
  const second =
    family === "ipv4"
      ? senderOf(family, n + 100_000)
      : addressOf(printAddress(first).replace(/1$/, "2"));
  const { server, client } = network.link;
  return {
    sources: [first, second],
    here: addressOf(server[family]),
    elsewhere: addressOf(client[family]),
    interface: server.interface,
  };
}

interface Chapter {
  readonly policy: Policy;
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
  const told = await tellStories(network, chapter.policy, chapter.stories);
  for (const one of told) {
    const verdict = agrees(chapter.policy, one);
    if (verdict === undefined) count.undecided += 1;
    if (verdict === true) count.agreed += 1;
  }
  const failed = chapter.stories.findIndex((_, n) => agrees(chapter.policy, told[n]) === false);
  const story = chapter.stories[failed];
  return story === undefined ? undefined : describeFault(network, chapter.policy, story);
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

/** Tells the story with one event less, every such way at once, for as long as it still fails. */
async function describeFault(network: Network, policy: Policy, story: Story): Promise<string> {
  let shortest = story;
  while (true) {
    const shorter = shortest.map((_, left) => shortest.filter((_, n) => n !== left));
    const candidates = shorter.filter((events) => events.some(({ kind }) => kind === "packet"));
    let next: Story | undefined;
    for (const candidate of candidates) {
      const [told] = await tellStories(network, policy, [candidate]);
      if (agrees(policy, told) === false) next = candidate;
      if (next !== undefined) break;
    }
    if (next === undefined) break;
    shortest = next;
  }
  const [told] = await tellStories(network, policy, [shortest]);
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);
  return JSON.stringify({ policy, told, meant: told && expected(policy, told.story) }, plain, 1);
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
