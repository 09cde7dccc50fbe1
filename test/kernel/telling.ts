/**
 * Tells stories to a real gate, all at once: each from sources of its own, their packets in
 * one recording that is replayed in real time, and an administrator's commands beside it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Story } from "../../src/model/story.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { framesOf } from "./frames.ts";
import { type Holder, NFTABLES } from "./holders.ts";
import { addressOf, type Link, type Network } from "./network.ts";
import { datagram } from "./packets.ts";
import type { TimedFrame } from "./pcap.ts";
import { type Command, putUp, type StoryGate } from "./story-gate.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge, type Verdicts } from "./verdicts.ts";
import { type Capture, capture, replay } from "./wire.ts";

export interface Told {
  /** The story as it really went: with the times that the clock of the host showed. */
  readonly story: Story;
  /** Whether each packet of it passed; undefined for what is no packet. */
  readonly passed: readonly (boolean | undefined)[];
}

/** From the first frame to the first event: long enough to find out when it was sent. */
const LEAD_SECONDS = 0.5;

/** The id of the frame that begins a recording; those of packets are greater. */
const BEGINNING = 1;

/** Where the frame goes that begins a recording; no policy of a test watches it. */
const DISCARD_PORT = 9;

/** A command and a packet that are nearer to each other may have come in either order. */
const TOO_NEAR_SECONDS = 0.005;

/**
 * Loads the gate and tells the stories. A story is undefined when nobody can say in which
 * order it went.
 */
export async function tellStories(
  network: Network,
  policy: Policy,
  stories: readonly Story[],
  holder: Holder = NFTABLES,
): Promise<(Told | undefined)[]> {
  const { server } = network;
  const gate = await putUp(holder, server, policy, stories);
  await seatJudge(server);
  const frames = framesOfStories(network, stories);
  const watching = await capture(network.link.server, "ip or ip6");
  const [, commanded] = await Promise.all([
    replay(network.link.client, frames),
    untilBegun(watching).then((begun) => giveCommands(gate, stories, begun)),
  ]);
  const seenAt = new Map<number, number>();
  for (const { bytes, atSeconds } of await watching.stop()) {
    const id = idOf(Buffer.from(bytes), network.link);
    if (id !== undefined) seenAt.set(id, atSeconds);
  }
  const verdicts = await readVerdicts(server);
  await gate.remove();
  return stories.map((story, index) => asItWent(story, index, { seenAt, commanded, verdicts }));
}

/** Every packet of every story has an id of its own. */
function idIn(storyIndex: number, eventIndex: number): number {
  return ((storyIndex + 1) << 8) | eventIndex;
}

function framesOfStories(network: Network, stories: readonly Story[]): TimedFrame[] {
  const frames = stories.flatMap((story, s) =>
    story.flatMap((event, n) => {
      if (event.kind !== "packet") return [];
      const [bytes] = framesOf(event.packet, idIn(s, n), network.link);
      return bytes === undefined ? [] : [{ atSeconds: LEAD_SECONDS + event.at, bytes }];
    }),
  );
  const [first] = frames;
  if (first === undefined) throw new Error("framesOfStories: no packet in any story");
  const inOrder = frames.toSorted((a, b) => a.atSeconds - b.atSeconds);
  const { client, server } = network.link;
  const ends = { source: addressOf(client.ipv4), destination: addressOf(server.ipv4) };
  const [bytes = first.bytes] = framesOf(
    datagram({ ...ends, port: DISCARD_PORT }),
    BEGINNING,
    network.link,
  );
  return [{ atSeconds: 0, bytes }, ...inOrder];
}

/** When the first event is due, by the clock of the host. */
async function untilBegun(watching: Capture): Promise<number> {
  await until("the recording to begin", async () => (await watching.frames()).length > 0);
  const [first] = await watching.frames();
  return (first?.atSeconds ?? 0) + LEAD_SECONDS;
}

/** Of a frame that the client sent: segments, datagrams and pings all have it in one place. */
function idOf(frame: Buffer, link: Link): number | undefined {
  if (!frame.subarray(6, 12).equals(link.client.mac)) return undefined;
  const idAt = 14 + (frame.readUInt16BE(12) === 0x86dd ? 40 : 20) + 8;
  return frame.length < idAt + 4 ? undefined : frame.readUInt32BE(idAt);
}

interface Given {
  readonly from: number;
  readonly to: number;
}

/** The commands of all stories at their times; when each time's were given. */
async function giveCommands(
  gate: StoryGate,
  stories: readonly Story[],
  begun: number,
): Promise<ReadonlyMap<number, Given>> {
  const commands = stories.flat().filter((event): event is Command => event.kind !== "packet");
  const given = new Map<number, Given>();
  for (const at of [...new Set(commands.map((command) => command.at))].toSorted((a, b) => a - b)) {
    await untilTime(begun + at);
    const due = commands.filter((command) => command.at === at);
    const from = now();
    await gate.give(due);
    given.set(at, { from, to: now() });
  }
  return given;
}

interface Record {
  readonly seenAt: ReadonlyMap<number, number>;
  readonly commanded: ReadonlyMap<number, Given>;
  readonly verdicts: Verdicts;
}

function asItWent(story: Story, index: number, record: Record): Told | undefined {
  const commands = story.flatMap((event) =>
    event.kind === "packet" ? [] : [givenAt(record, event.at)],
  );
  const events = story.map((event, n) => {
    if (event.kind !== "packet") {
      const { from, to } = givenAt(record, event.at);
      return { event: { ...event, at: (from + to) / 2 }, passed: undefined };
    }
    const at = record.seenAt.get(idIn(index, n));
    if (at === undefined) throw new Error(`asItWent: packet ${n} of story ${index} was lost`);
    return {
      event: { ...event, at },
      passed: record.verdicts.passed(event.packet, idIn(index, n)),
    };
  });
  const isDoubtful = events.some(
    ({ event }) =>
      event.kind === "packet" &&
      commands.some(
        ({ from, to }) => event.at > from - TOO_NEAR_SECONDS && event.at < to + TOO_NEAR_SECONDS,
      ),
  );
  if (isDoubtful) return undefined;
  const inOrder = events.toSorted((a, b) => a.event.at - b.event.at);
  return {
    story: inOrder.map(({ event }) => event),
    passed: inOrder.map(({ passed }) => passed),
  };
}

function givenAt({ commanded }: Record, at: number): Given {
  const given = commanded.get(at);
  if (given === undefined) throw new Error(`givenAt: nothing was commanded at ${at}`);
  return given;
}

function now(): number {
  return Date.now() / 1000;
}

async function untilTime(seconds: number): Promise<void> {
  await sleep(Math.max(0, (seconds - now()) * 1000));
}
