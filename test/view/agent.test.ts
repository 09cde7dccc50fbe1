/** The log of an agent. */
import { describe, expect, test } from "vitest";
import type { AgentEvent } from "../../src/agent/index.ts";
import { parseAddress } from "../../src/policy/address.ts";
import { agentLog, renderAgentEvent } from "../../src/view/agent.ts";

const source = parseAddress("192.0.2.7");
if (source === undefined) throw new Error("no address");
const candidate = { source, carrier: "ping", payload: new Uint8Array() };
const refused = (reason: "time" | "before start", client?: string): AgentEvent => ({
  kind: "refused",
  reason,
  who: client === undefined ? {} : { client },
  candidate,
});

describe("lines", () => {
  test("of a refusal name who, from where, how and why", () => {
    expect(renderAgentEvent(refused("before start", "ana"))).toBe(
      "refused SRC=192.0.2.7 via=ping client=ana reason=before-start",
    );
  });

  test("cannot be made to look like others by a name", () => {
    expect(renderAgentEvent(refused("time", 'x" reason=none\nopen'))).toBe(
      "refused SRC=192.0.2.7 via=ping client=x??reason?none?open reason=time",
    );
  });

  test("are ten of a reason in a minute, and then how many more there were", () => {
    const lines: string[] = [];
    let now = 0;
    const log = agentLog(
      (line) => lines.push(line),
      () => now,
    );
    for (let n = 0; n < 500; n += 1) log(refused("time"));
    log(refused("before start"));
    expect(lines).toHaveLength(11);
    now = 61_000;
    log(refused("time"));
    expect(lines.slice(11)).toEqual([
      "and 490 more refused: time",
      "refused SRC=192.0.2.7 via=ping reason=time",
    ]);
  });
});
