/**
 * Tells stories to a real gate, all at once: each from sources of its own, their packets in
 * one recording that is replayed in real time, and an administrator's commands beside it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Event, Story } from "../../src/model/story.ts";
import type { Policy, Seconds } from "../../src/policy/policy.ts";
import { framesOf } from "./frames.ts";
import { type Holder, NFTABLES } from "./holders.ts";
import { addressOf, type Link, type Network } from "./network.ts";
import { datagram } from "./packets.ts";
import type { TimedFrame } from "./pcap.ts";
import { PROTOCOL_NUMBERS } from "./segments.ts";
import { type Command, putUp, type StoryGate } from "./story-gate.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge, type Verdicts } from "./verdicts.ts";
import { type Capture, capture, replay } from "./wire.ts";

export interface Told {
  /** The story as it really went: with the times that the clock of the host showed. */
  readonly story: Story;
  /** Whether each packet of it passed; undefined for what is no packet. */
  readonly passed: readonly (boolean | undefined)[];
  /** How far from its time in the story a command may have taken effect, before or after. */
  readonly doubtSeconds: Seconds;
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
  // They take as long as they take while nothing else happens.
  const beforehand = stories.flatMap(loadsBeforePackets);
  const loaded = beforehand.length === 0 ? [] : await give(gate, beforehand);
  const watching = await capture(network.link.server, "ip or ip6");
  const [, commanded] = await Promise.all([
    replay(network.link.client, frames),
    untilBegun(watching).then((begun) => giveCommands(gate, commandsAfter(stories), begun)),
  ]);
  const seenAt = new Map<number, number>();
  for (const { bytes, atSeconds } of await watching.stop()) {
    const id = idOf(Buffer.from(bytes), network.link);
    if (id !== undefined) seenAt.set(id, atSeconds);
  }
  const verdicts = await readVerdicts(server);
  await gate.remove();
  return stories.map((story, index) =>
    asItWent(story, index, { seenAt, commanded: new Map([...loaded, ...commanded]), verdicts }),
  );
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

/**
 * Of a frame that the client sent: segments, datagrams and pings all have it in one place, but
 * for datagrams and pings with a payload of their own.
 */
function idOf(frame: Buffer, link: Link): number | undefined {
  if (!frame.subarray(6, 12).equals(link.client.mac)) return undefined;
  const isIpv6 = frame.readUInt16BE(12) === 0x86dd;
  const segmentAt = 14 + (isIpv6 ? 40 : 20);
  const idAt = segmentAt + 8;
  const protocol = frame[14 + (isIpv6 ? 6 : 9)];
  const isPing = protocol === PROTOCOL_NUMBERS.icmp || protocol === PROTOCOL_NUMBERS.icmpv6;
  // 0 in pings that have it in their payload.
  const inHeader = isPing ? frame.readUInt32BE(segmentAt + 4) : 0;
  if (inHeader !== 0) return inHeader;
  if (protocol === PROTOCOL_NUMBERS.udp && frame.length !== idAt + 4)
    return frame.readUInt16BE(isIpv6 ? 16 : 18);
  return frame.length < idAt + 4 ? undefined : frame.readUInt32BE(idAt);
}

interface Given {
  readonly from: number;
  readonly to: number;
}

/** Nothing answers the packets of a story here. */
function isCommand(event: Event): event is Command {
  if (event.kind === "answer") throw new Error("isCommand: no service answers here");
  return event.kind !== "packet";
}

/** What a story begins with, if that is tokens. */
function loadsBeforePackets(story: Story): Command[] {
  const first = story.findIndex(({ kind }) => kind !== "load");
  return story.slice(0, first === -1 ? story.length : first).filter(isCommand);
}

function commandsAfter(stories: readonly Story[]): Command[] {
  return stories.flatMap((story) =>
    story.slice(loadsBeforePackets(story).length).filter(isCommand),
  );
}

/** The commands of all stories at their times; when each was given. */
async function giveCommands(
  gate: StoryGate,
  commands: readonly Command[],
  begun: number,
): Promise<(readonly [Command, Given])[]> {
  const given: (readonly [Command, Given])[] = [];
  for (const at of [...new Set(commands.map((command) => command.at))].toSorted((a, b) => a - b)) {
    await untilTime(begun + at);
    const due = commands.filter((command) => command.at === at);
    given.push(...(await give(gate, due)));
  }
  return given;
}

async function give(
  gate: StoryGate,
  commands: readonly Command[],
): Promise<(readonly [Command, Given])[]> {
  const from = now();
  await gate.give(commands);
  const to = now();
  return commands.map((command) => [command, { from, to }]);
}

interface Record {
  readonly seenAt: ReadonlyMap<number, number>;
  readonly commanded: ReadonlyMap<Command, Given>;
  readonly verdicts: Verdicts;
}

function asItWent(story: Story, index: number, record: Record): Told | undefined {
  // Tokens live longer than any story, so that when those before it came makes no difference.
  const commands = commandsAfter([story]).map((command) => givenAt(record, command));
  const events = story.map((event, n) => {
    if (isCommand(event)) {
      const { from, to } = givenAt(record, event);
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
    doubtSeconds: Math.max(0, ...commands.map(({ from, to }) => (to - from) / 2)) as Seconds,
  };
}

function givenAt({ commanded }: Record, command: Command): Given {
  const given = commanded.get(command);
  if (given === undefined) throw new Error(`givenAt: nothing was commanded at ${command.at}`);
  return given;
}

function now(): number {
  return Date.now() / 1000;
}

async function untilTime(seconds: number): Promise<void> {
  await sleep(Math.max(0, (seconds - now()) * 1000));
}
