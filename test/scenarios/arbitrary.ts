/**
 * Random policies and stories. Everything is drawn from small pools, so that packets often
 * are steps, repeat each other, and come at the edge of a time.
 */
import fc from "fast-check";
import type { Packet, TcpFlag } from "../../src/model/packet.ts";
import type { Event, Story } from "../../src/model/story.ts";
import { type Address, type Family, parseAddress } from "../../src/policy/address.ts";
import { printCarrier, type SignedCarrier } from "../../src/policy/carriers.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import type { Door, Policy, Port, Step } from "../../src/policy/policy.ts";
import { candidate } from "./signed.ts";
import { carried, FAULTS, namesOf, tokenOf } from "./tokens.ts";

/** The addresses that stories are told with; a runner in the kernel puts its own in their place. */
/** Lists that cover the interface, by name, by pattern, and because they do not leave it out. */
function interfacesWith(gated: string): readonly string[][] {
  const pattern = `${gated.slice(0, -1)}*`;
  return [
    [gated],
    ["other0", gated],
    ["other*", pattern],
    [pattern, `!${gated}0`],
    ["!other*", "!another0"],
  ];
}

export interface Cast {
  /** Two senders; those of IPv6 share 64 bits. */
  readonly sources: readonly [Address, Address];
  readonly here: Address;
  readonly elsewhere: Address;
  /** Where packets come in. */
  readonly interface: string;
}

/** The packet as it would come back: with the ends exchanged. */
export function answerTo(packet: Packet): Packet {
  const { source, destination, content } = packet;
  if (content.protocol !== "tcp") throw new Error("answerTo: services answer TCP here");
  const { sourcePort, destinationPort } = content;
  const ports = { sourcePort: destinationPort, destinationPort: sourcePort };
  return { ...packet, source: destination, destination: source, content: { ...content, ...ports } };
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`address: ${text} is none`);
  return parsed;
}

export const CASTS: Readonly<Record<Family, Cast>> = {
  ipv4: {
    sources: [address("192.0.2.10"), address("192.0.2.11")],
    here: address("198.51.100.1"),
    elsewhere: address("203.0.113.7"),
    interface: "test0",
  },
  ipv6: {
    sources: [address("2001:db8::10"), address("2001:db8::11")],
    here: address("2001:db8:1::1"),
    elsewhere: address("2001:db8:7::7"),
    interface: "test0",
  },
};

const STEPS = ["51000", "51001", "51002", "tcp/51001", "udp/51001", "udp/51003", "tcp/51004"];
const PINGS = ["ping/63", "ping/64"];
const seconds = (...choices: readonly number[]) => fc.constantFrom(...choices.map((s) => `${s}s`));

const sequence = fc.record(
  {
    steps: fc.array(fc.constantFrom(...STEPS, ...STEPS, ...PINGS), { minLength: 1, maxLength: 4 }),
    within: seconds(1, 2),
    watch: fc.constantFrom("51000-51005", "51001-51002", "51003-51006", "21-51006"),
  },
  { requiredKeys: ["steps", "within"] },
);

/** One of them to a port that is watched at times, and may be a step. */
const CARRIERS = ["ping", "udp/51003", "dns/53", "http/80", "tls/8443"];

const token = fc.record({ carriers: fc.subarray(CARRIERS, { minLength: 1, maxLength: 3 }) });

const SIGNED_CARRIERS: readonly SignedCarrier[] = [
  { kind: "ping" },
  { kind: "udp", port: 51_003 as Port },
];

const signed = fc.record({
  carriers: fc.subarray(SIGNED_CARRIERS.map(printCarrier), { minLength: 1 }),
});

const door = (protects: readonly string[], destinations: readonly string[], withTokens: boolean) =>
  fc.record(
    {
      protects: fc.subarray([...protects], { minLength: 1 }),
      "open-for": seconds(1, 3),
      "single-use": fc.boolean(),
      refuse: fc.constantFrom("drop", "reset"),
      destinations: fc.constant(destinations),
      "session-idle": fc.constant("2s"),
      sequence,
      ...(withTokens ? { token, signed } : {}),
    },
    { requiredKeys: ["protects", "open-for", "session-idle", "sequence"] },
  );

/** A policy over the pools above, for two families at once; `destinations` are what doors may name. */
export function policies(
  destinations: readonly string[],
  trusted: readonly string[],
  { gated = "test0", withTokens = true } = {},
): fc.Arbitrary<Policy> {
  return fc
    .record(
      {
        interfaces: fc.constantFrom(...interfacesWith(gated)),
        trusted: fc.constant(trusted),
        "ipv6-prefix": fc.constantFrom(64, 128),
        log: fc.boolean(),
        ban: fc.record({
          after: fc.integer({ min: 1, max: 3 }),
          within: seconds(1, 3),
          for: seconds(1, 3),
          "ipv6-prefix": fc.constantFrom(56, 64, 128),
        }),
        doors: fc.record(
          {
            ssh: door(["tcp/22", "udp/500-501"], destinations, withTokens),
            web: door(["tcp/443", "udp/443"], destinations, withTokens),
          },
          { requiredKeys: ["ssh"] },
        ),
      },
      { requiredKeys: ["doors", "log"] },
    )
    .map((fields) => parsePolicy(JSON.stringify(fields), "random.yaml"))
    .filter((result) => result.ok)
    .map((result): Policy => {
      if (!result.ok) throw new Error("policies: a problem got past the filter");
      return result.value;
    });
}

const FLAGS: readonly (readonly TcpFlag[])[] = [
  ["syn"],
  ["syn", "ece", "cwr"],
  ["syn", "psh", "urg"],
  ["syn", "ack"],
  ["syn", "fin"],
  ["syn", "rst"],
  ["ack"],
  ["ack"],
  ["fin", "ack"],
  ["rst"],
  ["fin", "psh", "urg"],
  [],
];
const SYN: readonly TcpFlag[] = ["syn"];

const knockPorts = fc.integer({ min: 50999, max: 51006 });
const doorPorts = fc.constantFrom(22, 22, 443, 500, 501, 80);

const contents: fc.Arbitrary<Packet["content"]> = fc.oneof(
  { weight: 4, arbitrary: segment(knockPorts, fc.constant(SYN)) },
  { weight: 3, arbitrary: datagram(knockPorts) },
  {
    weight: 1,
    arbitrary: fc.record({
      protocol: fc.constant("ping"),
      payloadBytes: fc.constantFrom(63, 64, 65),
    }),
  },
  // Any of them may be a signed knock where the policy has such.
  { weight: 1, arbitrary: fc.constantFrom(...SIGNED_CARRIERS).map((one) => candidate(one)) },
  { weight: 1, arbitrary: segment(knockPorts, fc.constantFrom(...FLAGS)) },
  { weight: 3, arbitrary: segment(doorPorts, fc.constant(SYN)) },
  { weight: 2, arbitrary: segment(doorPorts, fc.constantFrom(...FLAGS)) },
  { weight: 2, arbitrary: datagram(doorPorts) },
);

function segment(ports: fc.Arbitrary<number>, flags: fc.Arbitrary<readonly TcpFlag[]>) {
  return fc.record({
    protocol: fc.constant("tcp" as const),
    sourcePort: fc.constantFrom(4001, 4002),
    destinationPort: ports,
    flags,
    sequenceNumber: fc.constantFrom(7, 8),
    socket: fc.constant("none" as const),
  });
}

function datagram(ports: fc.Arbitrary<number>) {
  return fc.record({
    protocol: fc.constant("udp" as const),
    sourcePort: fc.constantFrom(4001, 4002),
    destinationPort: ports,
  });
}

function stepContent(step: Step): fc.Arbitrary<Packet["content"]> {
  if (step.kind === "ping") {
    return fc.constant({ protocol: "ping" as const, payloadBytes: step.payloadBytes });
  }
  const port = fc.constant<number>(step.port);
  const tcp = segment(port, fc.constant(SYN));
  if (step.protocol === "tcp") return tcp;
  return step.protocol === "udp" ? datagram(port) : fc.oneof(tcp, datagram(port));
}

/** A new flow to a service of the door, and what might come after it. */
function visit(door: Door): fc.Arbitrary<Packet["content"][]> {
  return fc
    .constantFrom(...door.protects)
    .chain(({ protocol, ports }): fc.Arbitrary<Packet["content"][]> => {
      const port = fc.constant<number>(ports.first);
      if (protocol === "udp") return fc.array(datagram(port), { minLength: 1, maxLength: 3 });
      return fc
        .tuple(
          segment(port, fc.constant(SYN)),
          fc.array(fc.constantFrom(SYN, ...FLAGS), { maxLength: 3 }),
        )
        .map(([syn, then]) => [syn, ...then.map((flags) => ({ ...syn, flags }))]);
    });
}

/** The steps of a door in order and a visit, at times with something else in between. */
function attempt(door: Door): fc.Arbitrary<Packet["content"][]> {
  const steps = door.sequence?.steps ?? [];
  const intruders = fc.array(fc.oneof(segment(knockPorts, fc.constant(SYN)), contents), {
    maxLength: 1,
  });
  return fc
    .tuple(
      fc.tuple(...steps.map(stepContent)),
      fc.nat({ max: steps.length }),
      intruders,
      visit(door),
    )
    .map(([knocks, at, others, visiting]) => [...knocks.toSpliced(at, 0, ...others), ...visiting]);
}

/** A packet that shows a token, rightly or not, and a visit to a door. */
function showing(policy: Policy, cast: Cast): fc.Arbitrary<Packet["content"][]> {
  const tokens = namesOf(policy);
  const right = fc.constantFrom(...tokens).map(({ carrier, name }) => ({ carrier, name }));
  const wrong = fc.record({
    carrier: fc.constantFrom(...tokens.map(({ carrier }) => carrier)),
    name: fc.constantFrom(...tokens.map(({ name }) => name), "never loaded"),
  });
  const shown = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: wrong }),
      fc.constantFrom(...new Array<undefined>(9).fill(undefined), ...FAULTS),
      fc.constantFrom(undefined, undefined, 63),
    )
    .map(([{ carrier, name }, fault, length]) =>
      lengthened(carried(carrier, tokenOf(cast, name), fault), length),
    );
  const visits = fc.constantFrom(...policy.doors).chain(visit);
  return fc.tuple(shown, visits).map(([packet, visiting]) => [packet, ...visiting]);
}

/** A ping of that length, which may be a step. */
function lengthened(content: Packet["content"], payloadBytes: number | undefined) {
  if (content.protocol !== "ping" || payloadBytes === undefined) return content;
  const payload = Buffer.alloc(payloadBytes);
  payload.set(content.payload ?? []);
  return { ...content, payloadBytes, payload };
}

/** Which tokens a gate holds when a story begins, and for how long. */
function loads(policy: Policy, cast: Cast, lives: readonly number[]): fc.Arbitrary<Event[]> {
  const all = namesOf(policy);
  const lasting = fc.constantFrom(...lives);
  const chosen = fc.oneof(fc.constant(all), fc.subarray(all));
  return fc
    .tuple(chosen, fc.array(lasting, { minLength: all.length, maxLength: all.length }))
    .map(([names, seconds]) =>
      names.map(({ name, ...of }, n): Event => {
        const forSeconds = seconds[n] ?? 0;
        return { at: 0, kind: "load", ...of, token: tokenOf(cast, name), forSeconds };
      }),
    );
}

const MOST_EVENTS = 16;

/** Seconds between two events: so long most of the time, or one of these. */
export interface Pauses {
  readonly usual: number;
  readonly others: readonly number[];
  /** For so long there may be a token. */
  readonly lives: readonly number[];
}

/** Multiples of 1/8, which binary fractions hold exactly. */
const IN_MEMORY: Pauses = { usual: 0.125, others: [1.125, 2.125, 3.25], lives: [1, 3, 60, 60] };

/** What follows a segment at once; most of the time nothing does. */
const ANSWERS: readonly (readonly TcpFlag[] | undefined)[] = [
  ...new Array<undefined>(3).fill(undefined),
  ["syn", "ack"],
  ["syn", "ack"],
  ["rst", "ack"],
];

/** Stories under a policy. */
export function stories(
  policy: Policy,
  cast: Cast,
  pauses = IN_MEMORY,
  { withAnswers = true } = {},
): fc.Arbitrary<Story> {
  const source = fc.constantFrom(
    cast.sources[0],
    cast.sources[0],
    cast.sources[0],
    cast.sources[1],
  );
  const destination = fc.constantFrom(...new Array<Address>(9).fill(cast.here), cast.elsewhere);
  const beat = (from: Address, to: Address, content: Packet["content"]) => ({
    kind: "packet" as const,
    packet: {
      source: from,
      destination: to,
      destined: to === cast.here ? ("here" as const) : ("elsewhere" as const),
      interface: cast.interface,
      content,
    },
  });
  const one = contents.map((content) => [content]);
  const many = fc.constantFrom(...policy.doors).chain(attempt);
  const packets = fc
    .tuple(
      source,
      destination,
      fc.oneof(
        { weight: 2, arbitrary: one },
        { weight: 2, arbitrary: many },
        ...(namesOf(policy).length === 0 ? [] : [{ weight: 3, arbitrary: showing(policy, cast) }]),
      ),
      fc.array(fc.constantFrom(...(withAnswers ? ANSWERS : [undefined])), { maxLength: 9 }),
    )
    .map(([from, to, drawn, replies]) =>
      drawn.flatMap((content, index) => {
        const arriving = beat(from, to, content);
        const flags = replies[index];
        if (content.protocol !== "tcp" || flags === undefined) return [arriving];
        const answer = answerTo({ ...arriving.packet, content: { ...content, flags } });
        return [arriving, { kind: "answer" as const, packet: answer }];
      }),
    );
  const beats = fc
    .array(
      fc.oneof(
        { weight: 14, arbitrary: packets },
        { weight: 1, arbitrary: commands(policy, source) },
      ),
      {
        minLength: 1,
        maxLength: 7,
        size: "max",
      },
    )
    .map((scenes) => scenes.flat().slice(0, MOST_EVENTS));
  const pause = fc.constantFrom(...new Array<number>(9).fill(pauses.usual), ...pauses.others);
  const waiting = fc.array(pause, { minLength: MOST_EVENTS, maxLength: MOST_EVENTS });
  return fc
    .tuple(loads(policy, cast, pauses.lives), beats, waiting)
    .map(([tokens, drawn, waits]) => {
      let at = 0;
      const events = drawn.map((event, index): Event => {
        at += waits[index] ?? 0;
        return { at, ...event };
      });
      return [...tokens, ...events];
    });
}

function commands(policy: Policy, source: fc.Arbitrary<Address>) {
  const door = fc.constantFrom(...policy.doors.map(({ name }) => name));
  const forSeconds = fc.constantFrom(1, 3);
  return fc
    .oneof(
      fc.record({ kind: fc.constant("open" as const), door, source, forSeconds }),
      fc.record({ kind: fc.constant("close" as const), door, source }),
      fc.record({ kind: fc.constant("ban" as const), source, forSeconds }),
      fc.record({ kind: fc.constant("unban" as const), source }),
    )
    .map((command) => [command]);
}
