/** Where a gate on iptables is less than what a policy means, and what that is for this one. */
import { listsOf, logNames } from "../../backend/iptables/index.ts";
import { compilePolicy } from "../../compile/index.ts";
import type { Host } from "../../host/index.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door, Policy, Service } from "../../policy/policy.ts";
import type { Problem } from "../../problem/problem.ts";
import { capacityFor, howToRaise, readXtRecent, type XtRecent } from "../iptables/capacity.ts";
import { enumerated, warning } from "./words.ts";

/** What matters of a host where iptables holds the gate. */
export interface IptablesHost {
  readonly recent: XtRecent;
  /** Whether the kernel counts time in 64 bits. */
  readonly isWide: boolean;
}

export async function readIptablesHost(host: Host): Promise<IptablesHost> {
  const [recent, machine] = await Promise.all([readXtRecent(host), host.run(["uname", "-m"])]);
  const isNarrow = machine.status === 0 && !WIDE.test(machine.stdout);
  return { recent, isWide: !isNarrow };
}

/** The names that Linux has for machines of 64 bits. */
const WIDE = /64|^s390x|^alpha/;

/** One of a kind: they are about the whole gate, or about all doors alike. */
export function checkOnIptables(placed: PlacedPolicy, host: IptablesHost): Problem[] {
  return [
    ...checkLists(placed.policy, host.recent),
    ...checkStrays(placed.policy),
    ...checkSingleUse(placed),
    ...checkLogNames(placed),
    ...checkTicks(host),
  ];
}

/** In words, what was not looked at. */
export function listUnseenOnIptables({ recent }: IptablesHost): string[] {
  return recent.capacity === undefined
    ? ["how many sources a list of xt_recent holds was not looked at: only root may know"]
    : [];
}

function checkLists(policy: Policy, recent: XtRecent): Problem[] {
  const { capacity } = recent;
  // The last one is where the kernel's clock is read.
  const lists = listsOf(compilePolicy(policy, {}, "sources")).length + 1;
  if (capacity === undefined || capacity >= capacityFor(lists)) return [];
  const outcomes = outcomesOf(policy, capacity);
  const comes =
    outcomes.length === 0
      ? ": no more can be let in or banned by hand at a time"
      : ` and forgets the oldest for the next: ${outcomes.join(", and ")}`;
  const what = `a list of xt_recent holds ${capacity} sources${comes}`;
  return [warning("short-lists", undefined, what, howToRaise(recent, lists))];
}

/** What floods and crowds do to one another's places. By hand nobody is pushed out. */
function outcomesOf({ doors, ban }: Policy, capacity: number): string[] {
  const stepsOf = ({ sequence }: Door) => sequence?.steps.length ?? 0;
  const atOnce = doors.filter((door) => stepsOf(door) === 1).map(({ name }) => name);
  return [
    ...(doors.some((door) => stepsOf(door) > 1)
      ? [
          `${capacity} forged first steps a second keep out whoever takes a second from step to step`,
        ]
      : []),
    ...(atOnce.length === 0 ? [] : [`as many forged knocks end the grants of ${doorsIn(atOnce)}`]),
    ...(ban === undefined ? [] : ["as many new bans for wrong steps end the older ones"]),
    ...(doors.some((door) => takes(door, "udp"))
      ? ["of more UDP sessions at a door the one that is silent longest ends"]
      : []),
  ];
}

function checkStrays({ doors }: Policy): Problem[] {
  if (!doors.some((door) => takes(door, "tcp"))) return [];
  const what =
    "for 5 days after a source was let through, any TCP segment from it with ACK or RST passes the doors, also one that is part of no connection";
  const fix =
    "nothing has to be done, as it opens nothing; `backend: nftables` asks for the very connection";
  return [warning("strays-pass", undefined, what, fix)];
}

function checkSingleUse({ policy, places }: PlacedPolicy): Problem[] {
  const concerned = policy.doors.flatMap((door, index) =>
    door.singleUse && takes(door, "tcp")
      ? [{ name: door.name, place: places.doors[index]?.singleUse }]
      : [],
  );
  const [first] = concerned;
  if (first === undefined) return [];
  const what = `at ${doorsIn(concerned.map(({ name }) => name))} a SYN that is sent again because the answer was lost is refused, as the one connection is used up`;
  const fix = "knock again when a connection is not made, or leave `single-use` out";
  return [warning("one-syn-each", first.place, what, fix)];
}

function checkLogNames({ policy, places }: PlacedPolicy): Problem[] {
  if (!policy.log) return [];
  const logged = logNames(policy.doors.map(({ name }) => name));
  const cut = policy.doors.flatMap(({ name }, index) => {
    const short = logged.get(name);
    return short === undefined || short === name
      ? []
      : [{ words: `${name} is door=${short}`, place: places.doors[index]?.name }];
  });
  const [first] = cut;
  if (first === undefined) return [];
  const what = `not all of a door's name fits into a line of the kernel log: ${enumerated(cut.map(({ words }) => words))}`;
  const fix = "look for these names in the log, or choose shorter ones";
  return [warning("cut-log-names", first.place, what, fix)];
}

function checkTicks({ isWide }: IptablesHost): Problem[] {
  if (isWide) return [];
  const what =
    "a kernel of 32 bits counts time anew after 2^32 ticks: who is still in a list after half of them (25 days at 1,000 a second, 248 at 100) counts as having just come";
  const fix =
    "empty the lists in time, at a quiet hour: `for list in /proc/net/xt_recent/postern-*[0-9]s-*; do echo / > $list; done`";
  return [warning("ticks-wrap", undefined, what, fix)];
}

function takes({ protects }: Door, wanted: Service["protocol"]): boolean {
  return protects.some(({ protocol }) => protocol === wanted);
}

function doorsIn(names: readonly string[]): string {
  return `door${names.length === 1 ? "" : "s"} ${enumerated(names)}`;
}
