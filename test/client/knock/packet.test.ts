/** The packets of a step, and the program that sends those that take a privilege. */
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

  test.each(["203.0.113.5", "2001:db8::1", "fe80::1%eth0"])(
    "to %s is one of the program of that name, with arguments and no shell",
    (address) => {
      expect(ping("silent", address).network.started).toEqual([
        ["ping", "-n", "-q", "-c", "1", "-W", "2", "-s", "63", address],
      ]);
    },
  );

  test.each([
    ["accepted", { kind: "accepted" }],
    ["silent", undefined],
    ["unreachable", { kind: "unreachable", why: "ping: sendmsg: Network is unreachable" }],
  ] as const)("that is %s", async (others, answer) => {
    const { network, sent } = ping(others);
    expect(await network.clock.run(sent.answer)).toEqual(answer);
  });

  test("without the program is unreachable, and says why", async () => {
    const { network } = ping("silent");
    const host = {
      ...network.host,
      start: () => ({
        ...network.host.start(["ping", "-W", "2", "-s", "1", "203.0.113.5"]),
        lines: (async function* () {
          yield* await Promise.resolve(["", "spawn ping ENOENT"]);
        })(),
        ended: Promise.resolve(127),
      }),
    };
    const to = { address: "203.0.113.5", family: "ipv4" } as const;
    const { answer } = sendPacket(host, to, { kind: "ping", payloadBytes: 63 });
    expect(await network.clock.run(answer)).toEqual({
      kind: "unreachable",
      why: "spawn ping ENOENT",
    });
  });

  test("is stopped when nobody waits any longer", async () => {
    const { network, sent } = ping("accepted");
    sent.end();
    expect(await network.clock.run(sent.answer)).toBeUndefined();
    expect(network.sent).toEqual([]);
  });
});
