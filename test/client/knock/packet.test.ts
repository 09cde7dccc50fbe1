/** The packets of a step, and what becomes of one. */
import { describe, expect, test } from "vitest";
import { packetsOf, printPacket, sendPacket } from "../../../src/client/knock/packet.ts";
import { parseStep } from "../../../src/policy/value/step.ts";
import { sure } from "../../setup/sure.ts";
import { FakeNetwork, type Meeting } from "../fake-network.ts";
import { withSteps } from "./errand.ts";

describe("a step is two packets", () => {
  test.each([
    ["tcp/21001", undefined, ["tcp/21001", "tcp/21001"]],
    ["udp/21001", undefined, ["udp/21001", "udp/21001"]],
    ["21001", undefined, ["tcp/21001", "udp/21001"]],
    ["21001", "tcp", ["tcp/21001", "tcp/21001"]],
    ["21001", "udp", ["udp/21001", "udp/21001"]],
    ["tcp/21001", "udp", ["tcp/21001", "tcp/21001"]],
    ["udp/21001", "tcp", ["udp/21001", "udp/21001"]],
    ["ping/0", "tcp", ["ping/0", "ping/0"]],
  ] as const)("%s via %s: %j", (text, via, packets) => {
    expect(packetsOf(sure(parseStep({ text })), via).map(printPacket)).toEqual(packets);
  });
});

describe("a ping", () => {
  const ping = (others: Meeting, address = "203.0.113.5") => {
    const network = new FakeNetwork({ address, policy: withSteps("ping/63"), others });
    const family = address.includes(":") ? "ipv6" : "ipv4";
    const packet = { kind: "ping", payloadBytes: 63 } as const;
    return { network, sent: sendPacket(network.host, { address, family }, packet) };
  };

  test.each([
    ["accepted", { kind: "accepted" }],
    ["silent", undefined],
    ["unreachable", { kind: "unreachable", why: "EHOSTUNREACH" }],
  ] as const)("that is %s", async (others, answer) => {
    const { network, sent } = ping(others);
    expect(await network.clock.run(sent.answer)).toEqual(answer);
  });

  test("is stopped when nobody waits any longer", async () => {
    const { network, sent } = ping("accepted");
    sent.end();
    expect(await network.clock.run(sent.answer)).toBeUndefined();
    expect(network.sent).toEqual([]);
  });
});
