/** Runs a program on packets in memory: a judge of the kernel, and an engine for explanations. */
import type { Packet } from "../model/packet.ts";
import { type Address, maskAddress } from "../policy/address.ts";
import { CARRIERS, type CarrierKind, TAG_BYTES, WIRE_BYTES } from "../policy/carriers.ts";
import { matchesPacket } from "./matches.ts";
import type {
  Action,
  Chain,
  Key,
  LogKind,
  Match,
  Program,
  Rule,
  TimedSet,
  Verdict,
} from "./program.ts";

export type Outcome = "pass" | "drop" | "reset";

interface Membership {
  endsAt: number;
  /** Whether the one use of a single-use membership is still free. */
  unspent: boolean;
  strikes: number;
}

/** What a gate knows at one moment. Times are seconds on any one clock. */
export interface State {
  readonly members: Map<string, Map<string, Membership>>;
}

export interface Run {
  readonly outcome: Outcome;
  /** The log lines that the packet caused, before any rate limit. */
  readonly logged: readonly { readonly line: LogKind; readonly door: string }[];
  /** What the packet was as it went to the agent, each as a policy writes it; no rate limit. */
  readonly handedOver: readonly string[];
}

/** A rule that a packet met: all that it asks held, and all that it does was done. */
export interface Met {
  readonly chain: string;
  readonly rule: Rule;
}

export function emptyState(): State {
  return { members: new Map() };
}

/** Who of a set is a member at `now`, each as {@link keyOf} writes it. */
export function membersAt(state: State, set: TimedSet, now: number): string[] {
  return [...(state.members.get(set.name) ?? [])]
    .filter(([, membership]) => membership.endsAt > now)
    .map(([key]) => key);
}

/** Puts a key into a set from outside, as an administrator's command does. */
export function remember(state: State, set: TimedSet, key: string, endsAt: number): void {
  const members = state.members.get(set.name) ?? new Map<string, Membership>();
  members.set(key, { endsAt, unspent: true, strikes: 0 });
  state.members.set(set.name, members);
}

/** Takes a key out of a set; without a key, all of them. */
export function forget(state: State, set: TimedSet, key?: string): void {
  if (key === undefined) state.members.delete(set.name);
  else state.members.get(set.name)?.delete(key);
}

/** The key under which a set would hold a source. */
export function sourceKey(source: Address, prefixLength: number): string {
  return maskAddress(source, prefixLength).bits.toString(16);
}

/** What happens to a packet that arrives at `now`; changes `state`. */
export function runPacket(program: Program, state: State, packet: Packet, now: number): Run {
  return runIn(program, begin(state, packet, now));
}

/** The same, with the way that the packet took, as a kernel's trace tells it. */
export function tracePacket(
  program: Program,
  state: State,
  packet: Packet,
  now: number,
): Run & { readonly met: readonly Met[] } {
  const met: Met[] = [];
  return { ...runIn(program, { ...begin(state, packet, now), met }), met };
}

/** What an answer does that leaves this host at `now`; changes `state`. */
export function runAnswer(program: Program, state: State, answer: Packet, now: number): void {
  const [first] = program.answerChains;
  if (first === undefined) return;
  // Keys are those of what it answers, and flags those of the answer itself.
  runChain(first, chainsOf(program), begin(state, turned(answer), now));
}

/** The same packet with its ends exchanged. */
function turned(packet: Packet): Packet {
  const { source, destination, content } = packet;
  const ends = { source: destination, destination: source };
  if (content.protocol !== "tcp") return { ...packet, ...ends };
  const { sourcePort, destinationPort } = content;
  const ports = { sourcePort: destinationPort, destinationPort: sourcePort };
  return { ...packet, ...ends, content: { ...content, ...ports } };
}

function begin(state: State, packet: Packet, now: number): Context {
  return { state, packet, now, logged: [], handedOver: [] };
}

function runIn(program: Program, context: Context): Run {
  const [entry] = program.chains;
  if (entry === undefined) throw new Error("runPacket: a program without chains");
  const [first] = context.packet.source.family === "ipv6" ? program.fragmentChains : [];
  const chains = chainsOf(program);
  const early = first === undefined ? undefined : runChain(first, chains, context);
  const outcome = early ?? runChain(entry, chains, context) ?? "pass";
  return { outcome, logged: context.logged, handedOver: context.handedOver };
}

const chainsKnown = new WeakMap<Program, ReadonlyMap<string, Chain>>();

/** The chains by their names, gathered once for all packets that a program will see. */
function chainsOf(program: Program): ReadonlyMap<string, Chain> {
  const known = chainsKnown.get(program);
  if (known !== undefined) return known;
  const all = [...program.fragmentChains, ...program.chains, ...program.answerChains];
  const chains = new Map(all.map((chain) => [chain.name, chain]));
  chainsKnown.set(program, chains);
  return chains;
}

interface Context {
  readonly state: State;
  readonly packet: Packet;
  readonly now: number;
  readonly logged: { line: LogKind; door: string }[];
  readonly handedOver: string[];
  /** Undefined: nobody asks. */
  readonly met?: Met[];
}

/** Undefined when the chain ended without a decision. */
function runChain(
  chain: Chain,
  chains: ReadonlyMap<string, Chain>,
  context: Context,
): Outcome | undefined {
  for (const rule of chain.rules) {
    const verdict = runRule(chain, rule, context);
    switch (verdict.kind) {
      case "next":
        break;
      case "return":
        return undefined;
      case "pass":
      case "drop":
      case "reset":
        return verdict.kind;
      case "goto":
        return runChain(chainNamed(chains, verdict.chain), chains, context);
      case "jump": {
        const outcome = runChain(chainNamed(chains, verdict.chain), chains, context);
        if (outcome !== undefined) return outcome;
      }
    }
  }
  return undefined;
}

function chainNamed(chains: ReadonlyMap<string, Chain>, name: string): Chain {
  const chain = chains.get(name);
  if (chain === undefined) throw new Error(`runPacket: no chain is called ${name}`);
  return chain;
}

function runRule({ name }: Chain, rule: Rule, context: Context): Verdict {
  const isMet =
    rule.when.every((match) => matches(match, context)) &&
    rule.then.every((action) => act(action, context));
  if (isMet) context.met?.push({ chain: name, rule });
  return isMet ? rule.to : { kind: "next" };
}

function matches(match: Match, context: Context): boolean {
  switch (match.kind) {
    case "member":
      return membership(match.of, context) !== undefined;
    case "spend":
      return spend(match.of, context);
    default:
      return matchesPacket(match, context.packet);
  }
}

/** The packet's key in the set's form; undefined when it has none, as another family has. */
function keyOf(set: TimedSet, packet: Packet): string | undefined {
  if (set.family !== undefined && packet.source.family !== set.family) return undefined;
  if (set.key.kind === "token") return tokenIn(packet, set.key.carrier);
  if (set.key.kind === "tag") return tagIn(packet);
  if (set.key.kind === "mark") return undefined;
  if (set.key.kind === "use") {
    const token = tokenIn(packet, set.key.carrier);
    return token === undefined ? undefined : `${packet.source.bits.toString(16)}.${token}`;
  }
  const source = sourceKey(packet.source, prefixLengthOf(set.key, packet.source));
  if (set.key.kind === "source") return source;
  if (packet.content.protocol !== "tcp") return undefined;
  const { sourcePort, destinationPort } = packet.content;
  return `${source}.${sourcePort}.${packet.destination.bits}.${destinationPort}`;
}

/** In hexadecimal; undefined where the packet ends before. */
function tokenIn({ content }: Packet, carrier: CarrierKind): string | undefined {
  const { protocol, offset } = CARRIERS[carrier];
  const bytes = content.payload?.subarray(offset, offset + WIRE_BYTES);
  if (content.protocol !== protocol || bytes?.length !== WIRE_BYTES) return undefined;
  return hexOf(bytes);
}

/** In hexadecimal; undefined where the packet is none that can carry one, or ends before. */
function tagIn({ content }: Packet): string | undefined {
  const bytes = content.payload?.subarray(0, TAG_BYTES);
  if (content.protocol === "tcp" || bytes?.length !== TAG_BYTES) return undefined;
  return hexOf(bytes);
}

export function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function prefixLengthOf(key: Key, source: Address): number {
  if (key.kind === "source") return key.prefixLength;
  return source.family === "ipv4" ? 32 : 128;
}

function membership(set: TimedSet, { state, packet, now }: Context): Membership | undefined {
  const key = keyOf(set, packet);
  const found = key === undefined ? undefined : state.members.get(set.name)?.get(key);
  return found !== undefined && found.endsAt > now ? found : undefined;
}

function spend(set: TimedSet, context: Context): boolean {
  const found = membership(set, context);
  if (found === undefined || !found.unspent) return false;
  found.unspent = false;
  return true;
}

/** False when the action ends its rule. */
function act(action: Action, context: Context): boolean {
  switch (action.kind) {
    case "remember": {
      const existing = admit(action.in, context, context.now + action.seconds);
      if (existing !== undefined && action.renew) existing.endsAt = context.now + action.seconds;
      return existing !== undefined;
    }
    case "forget": {
      const key = keyOf(action.in, context.packet);
      if (key === undefined) return false;
      forget(context.state, action.in, key);
      return true;
    }
    case "strike": {
      const struck = admit(action.in, context, context.now + action.seconds);
      if (struck === undefined) return false;
      struck.strikes += 1;
      return struck.strikes >= action.after;
    }
    case "count":
      return true;
    case "log":
      context.logged.push({ line: action.line, door: action.door });
      return true;
    case "hand-over":
      context.handedOver.push(action.carrier);
      return true;
  }
}

/** The packet's membership, made if there was none and the set has room. */
function admit(set: TimedSet, context: Context, endsAt: number): Membership | undefined {
  const existing = membership(set, context);
  if (existing !== undefined) return existing;
  const key = keyOf(set, context.packet);
  if (key === undefined) return undefined;
  if (membersAt(context.state, set, context.now).length >= set.capacity) return undefined;
  remember(context.state, set, key, endsAt);
  return context.state.members.get(set.name)?.get(key);
}
