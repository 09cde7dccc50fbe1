/** What has happened under a policy, up to a moment. */
import type { Policy } from "../policy/policy.ts";
import type { Packet } from "./packet.ts";
import type { Event, Story } from "./story.ts";

/** A policy, and what has happened under it. */
export interface Past {
  readonly policy: Policy;
  readonly story: Story;
  /** What was already found out, so that it is not worked out again. */
  readonly known: Map<string, unknown>;
}

/** A packet of the story and when it came; `n` events came before it. */
export interface Arrival {
  readonly packet: Packet;
  readonly at: number;
  readonly n: number;
}

export function pastOf(policy: Policy, story: Story): Past {
  return { policy, story, known: new Map() };
}

export function arrivalsBefore(past: Past, n: number): Arrival[] {
  return eventsBefore(past, n).flatMap((event, i) =>
    event.kind === "packet" ? [{ packet: event.packet, at: event.at, n: i }] : [],
  );
}

export function arrivalAt(past: Past, n: number): Arrival {
  const event = eventAt(past, n);
  if (event.kind !== "packet") throw new Error(`arrivalAt: event ${n} is not a packet`);
  return { packet: event.packet, at: event.at, n };
}

export function eventsBefore({ story }: Past, n: number): readonly Event[] {
  return story.slice(0, n);
}

export function eventAt({ story }: Past, n: number): Event {
  const event = story[n];
  if (event === undefined) throw new Error(`eventAt: the story has no event ${n}`);
  return event;
}

export function once<T>({ known }: Past, question: string, answer: () => T): T {
  if (!known.has(question)) known.set(question, answer());
  return known.get(question) as T;
}
