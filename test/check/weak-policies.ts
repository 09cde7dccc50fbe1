/** Policies over few ports, many of them weak, and what scanners send to them. */
import fc from "fast-check";
import type { Knock } from "../../src/check/scans.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Packet } from "../../src/model/index.ts";
import { isKnock } from "../../src/model/traffic.ts";
import type { Family } from "../../src/policy/address.ts";
import { type PlacedPolicy, parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Door, Policy } from "../../src/policy/policy.ts";
import { emptyState, type Program, runPacket } from "../../src/program/index.ts";
import { CASTS } from "../scenarios/arbitrary.ts";
import { sure } from "../setup/sure.ts";

/** Common ports, the middle of all ports, usual knocks, and the end of all ports. */
const BASES = [20, 990, 32_750, 51_000, 65_505];
const WIDTH = 30;

const within = (base: number) => fc.integer({ min: base, max: base + WIDTH });

function step(base: number): fc.Arbitrary<string> {
  const port = within(base);
  return fc.oneof(
    { weight: 4, arbitrary: port.map((p) => `${p}`) },
    { weight: 2, arbitrary: port.map((p) => `tcp/${p}`) },
    { weight: 2, arbitrary: port.map((p) => `udp/${p}`) },
    { weight: 1, arbitrary: fc.constantFrom("ping/0", "ping/56", "ping/32", "ping/700") },
  );
}

function sequence(base: number) {
  const ordered = (ports: readonly number[]) => `${Math.min(...ports)}-${Math.max(...ports)}`;
  return fc.record(
    {
      steps: fc.array(step(base), { minLength: 1, maxLength: 5 }),
      watch: fc.tuple(within(base), within(base)).map(ordered),
    },
    { requiredKeys: ["steps"] },
  );
}

const keys = {
  "single-use": fc.boolean(),
  refuse: fc.constantFrom("drop", "reset"),
};

/** Of one door or two, whose own ports may lie in the watch range; with bans and trust at times. */
export const weakPolicies: fc.Arbitrary<PlacedPolicy> = fc
  .constantFrom(...BASES)
  .chain((base) =>
    fc.record(
      {
        trusted: fc.constant(["10.0.0.0/8", "fd00::/8"]),
        ban: fc.constant({ after: 2, within: "1m", for: "1m" }),
        doors: fc.record(
          {
            ssh: fc.record({
              protects: fc.constantFrom("tcp/10000", `tcp/${base + 15}`, `udp/${base + 4}`),
              sequence: sequence(base),
              ...keys,
            }),
            web: fc.record({ protects: fc.constant("tcp/443"), sequence: sequence(base), ...keys }),
          },
          { requiredKeys: ["ssh"] },
        ),
      },
      { requiredKeys: ["doors"] },
    ),
  )
  .map((fields) => parsePlacedPolicy(JSON.stringify(fields), "random.yaml"))
  .filter((result) => result.ok)
  .map(sure);

/** A packet of a scan, from a host that is nobody to the policy. */
export function packetOf(knock: Knock, family: Family): Packet {
  const { sources, here, interface: by } = CASTS[family];
  return {
    source: sources[0],
    destination: here,
    destined: "here",
    interface: by,
    content: contentOf(knock),
  };
}

function contentOf(knock: Knock): Packet["content"] {
  if (knock.protocol === "ping") return knock;
  const ports = { sourcePort: 4001, destinationPort: knock.port };
  return knock.protocol === "udp"
    ? { protocol: "udp", ...ports }
    : { protocol: "tcp", ...ports, flags: ["syn"], sequenceNumber: 7, socket: "none" };
}

/** Whether a packet is anything to one of the doors, as the model says. */
export function knockAt(policy: Policy, doors: readonly Door[]): (knock: Knock) => boolean {
  const ports = doors.flatMap(({ sequence }) => [
    ...(sequence?.steps ?? []).flatMap((each) => (each.kind === "port" ? [each.port] : [])),
    ...(sequence?.watch === undefined ? [] : [sequence.watch.first, sequence.watch.last]),
  ]);
  const [lowest, highest] = [Math.min(...ports), Math.max(...ports)];
  return (knock) => {
    // The model is asked of few: it is slow.
    if (knock.protocol !== "ping" && (knock.port < lowest || knock.port > highest)) return false;
    return doors.some((door) => isKnock(policy, door, packetOf(knock, "ipv4")));
  };
}

const programs = new WeakMap<Policy, Program>();

/** Compiled once for all that is sent to a policy: that takes longer than to send it. */
function loggingProgramOf(policy: Policy): Program {
  const known = programs.get(policy);
  if (known !== undefined) return known;
  const program = compilePolicy({ ...policy, log: true });
  programs.set(policy, program);
  return program;
}

/** The doors that the packets open one after the other, so many seconds apart (default: none). */
export function openedInRules(
  policy: Policy,
  knocks: Iterable<Knock>,
  { family = "ipv4", gaps = [] }: { family?: Family; gaps?: readonly number[] } = {},
): string[] {
  const program = loggingProgramOf(policy);
  const state = emptyState();
  const opened = new Set<string>();
  let now = 0;
  let index = 0;
  for (const knock of knocks) {
    now += gaps[index % gaps.length] ?? 0;
    index += 1;
    for (const { line, door } of runPacket(program, state, packetOf(knock, family), now).logged) {
      if (line === "open") opened.add(door);
    }
  }
  return [...opened];
}
