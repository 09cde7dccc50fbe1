/** The lines of an agent's log; the words of those about knocks are the same as in the kernel's. */
import type { AgentEvent, Tell } from "../agent/index.ts";
import { printAddress } from "../policy/address.ts";
import { escapeControl } from "../problem/escape.ts";

type Gate = Extract<AgentEvent, { readonly kind: "gate" }>["became"];

const NEWS: Readonly<Record<Gate, string>> = {
  watched: "signed knocks open the gate's doors",
  restored: "warning: something took the gate away, or rules out of it; the gate is back",
  "taken away": "the gate was removed, and stays so",
  missing: "warning: there is no gate on this host; load one with `postern apply`",
};

export function renderAgentEvent(event: AgentEvent): string {
  switch (event.kind) {
    case "ready":
      return `ready: sealing key ${event.fingerprint}`;
    case "opened":
      return lineOf("open", event.candidate, event.knock);
    case "refused":
      return lineOf("refused", event.candidate, event.who, event.reason);
    case "repeated":
      return lineOf("repeated", event.candidate, {});
    case "lost":
      return `warning: ${event.packets} packets came faster than they could be read`;
    case "gate":
      return NEWS[event.became];
    case "problem": {
      const { severity, what, fix, code } = event.problem;
      return `${severity}: ${what} [${code}]; ${fix}`;
    }
    case "stopped":
      return "stopped: sequences and tokens go on without it";
  }
}

type Refused = Extract<AgentEvent, { readonly kind: "refused" }>;

/** `refused door=ssh SRC=192.0.2.7 via=ping client=alice key=SHA256:… reason=time` */
function lineOf(
  kind: "open" | "refused" | "repeated",
  { source, carrier }: Refused["candidate"],
  { door, client, fingerprint }: Refused["who"],
  reason?: string,
): string {
  const words = {
    ...{ door, SRC: printAddress(source), via: carrier, client, key: fingerprint },
    reason: reason?.replaceAll(" ", "-"),
  };
  const printed = Object.entries(words).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value.replaceAll(/[\s"=]/g, "?")}`],
  );
  return [kind, ...printed].join(" ");
}

/** So many refusals of one reason in a minute get lines of their own. */
const MOST_A_MINUTE = 10;
const MINUTE_MS = 60_000;

/**
 * Tells lines, few of them under a flood: then how many more there were.
 *
 * @param now milliseconds of a clock that nobody sets.
 */
export function agentLog(say: (line: string) => void, now: () => number): Tell {
  const refusals = new Map<string, { readonly since: number; count: number }>();
  const sum = (reason: string, count: number) => {
    if (count > MOST_A_MINUTE) say(`and ${count - MOST_A_MINUTE} more refused: ${reason}`);
  };
  return (event) => {
    // It happens every day, and whoever reads of it would take it for an attack.
    if (event.kind === "repeated") return;
    if (event.kind === "refused") {
      const { reason } = event;
      const before = refusals.get(reason);
      const isOver = before === undefined || now() - before.since > MINUTE_MS;
      if (isOver) sum(reason, before?.count ?? 0);
      const current = isOver ? { since: now(), count: 0 } : before;
      refusals.set(reason, current);
      current.count += 1;
      if (current.count > MOST_A_MINUTE) return;
    }
    say(escapeControl(renderAgentEvent(event)));
  };
}
