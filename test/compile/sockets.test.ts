/**
 * What the sockets of the host say of a segment, and what comes by loopback: run through the
 * compiled program, because random stories have neither.
 */
import { describe, expect, test } from "vitest";
import { compilePolicy, type Endpoint, type Memory } from "../../src/compile/index.ts";
import type { Packet, TcpFlag, TcpSegment } from "../../src/model/packet.ts";
import { emptyState, type Outcome, runPacket, type State } from "../../src/program/index.ts";
import { datagram, segment } from "../kernel/packets.ts";
import { address } from "../scenarios/arbitrary.ts";
import { MEMORIES, policyOf } from "../setup/policy.ts";

const POLICY = `
trusted: [192.0.2.200]
doors:
  ssh: { protects: [tcp/22, tcp/2200-2203, udp/5060], sequence: { steps: [51001, 54040] } }
  web: { protects: tcp/443 }
`;
const HERE = "198.51.100.1";

/** A segment or datagram to the host, as its `socket` and `interface` are. */
function to(
  port: number,
  flags: readonly TcpFlag[] | undefined,
  over: { socket?: TcpSegment["socket"]; interface?: string; at?: string; from?: string } = {},
): Packet {
  const ends = { source: address(over.from ?? "192.0.2.7"), destination: address(over.at ?? HERE) };
  const packet = segment({ ...ends, port, flags });
  if (packet.content.protocol !== "tcp") throw new Error("to: a segment is TCP");
  return {
    ...packet,
    interface: over.interface ?? "eth0",
    content: { ...packet.content, socket: over.socket ?? "none" },
  };
}

interface Gate {
  readonly policy?: string;
  readonly listeners?: readonly Endpoint[];
  readonly state?: State;
}

function judgeBy(memory: Memory) {
  return (
    packet: Packet,
    { policy = POLICY, listeners = [], state = emptyState() }: Gate = {},
  ): Outcome =>
    runPacket(compilePolicy(policyOf(policy), { bound: listeners }, memory), state, packet, 0)
      .outcome;
}

const STRAY: readonly (readonly TcpFlag[])[] = [
  ["ack"],
  ["fin", "ack"],
  ["rst"],
  ["syn", "ack"],
  [],
];

describe.each(MEMORIES)("of a gate that remembers %s", (memory) => {
  const judge = judgeBy(memory);

  describe.each([22, 443, 2200, 2202, 2203])("a segment to port %d that begins nothing", (port) => {
    test("passes when a connection of the host would take it", () => {
      for (const flags of STRAY)
        expect(judge(to(port, flags, { socket: "connection" }))).toBe("pass");
    });

    test("is refused when only a listener would, or nothing", () => {
      for (const flags of STRAY) {
        expect(judge(to(port, flags, { socket: "listener" }))).toBe("drop");
        expect(judge(to(port, flags))).toBe("drop");
      }
    });

    test("is refused when its flags cannot be read, whatever socket there is", () => {
      for (const socket of ["none", "listener", "connection"] as const) {
        expect(judge(to(port, undefined, { socket }))).toBe("drop");
      }
    });
  });

  test("a SYN is refused, whatever socket there is", () => {
    for (const socket of ["none", "listener", "connection"] as const) {
      expect(judge(to(22, ["syn"], { socket }))).toBe("drop");
    }
  });

  describe("where a service listens on one address alone", () => {
    const listeners = [{ address: address(HERE), port: 2202 }];
    const at = (where: string, port = 2202) =>
      judge(to(port, ["ack"], { socket: "connection", at: where }), { listeners });

    test("a socket there may be its listener, and passes nothing", () => {
      expect(at(HERE)).toBe("drop");
    });

    test("what was let through passes on", () => {
      const state = emptyState();
      const trusted = { from: "192.0.2.200", at: HERE };
      expect(judge(to(2202, ["syn"], trusted), { listeners, state })).toBe("pass");
      expect(judge(to(2202, ["ack"], trusted), { listeners, state })).toBe("pass");
      expect(judge(to(2202, ["ack"], { at: HERE }), { listeners, state })).toBe("drop");
    });

    test("a socket at another address or port is a connection, as ever", () => {
      expect(at("198.51.100.2")).toBe("pass");
      expect(at(HERE, 2201)).toBe("pass");
      expect(at(HERE, 22)).toBe("pass");
      expect(at(HERE, 443)).toBe("pass");
    });

    test.each([2200, 2203])("it is the same at the edge of the range, port %d", (port) => {
      const edge = [{ address: address(HERE), port }];
      const packet = to(port, ["ack"], { socket: "connection", at: HERE });
      expect(judge(packet, { listeners: edge })).toBe("drop");
    });
  });

  describe("loopback", () => {
    const udp = { source: address("192.0.2.7"), destination: address(HERE), port: 5060 };

    test("has no doors", () => {
      expect(judge(to(22, ["syn"], { interface: "lo" }))).toBe("pass");
      expect(judge({ ...datagram(udp), interface: "lo" })).toBe("pass");
    });

    test("every other interface has, where none is named", () => {
      expect(judge(to(22, ["syn"], { interface: "eth7" }))).toBe("drop");
      expect(judge({ ...datagram(udp), interface: "eth7" })).toBe("drop");
    });

    test("where interfaces are named, only those have", () => {
      const policy = `interfaces: [eth0]\n${POLICY}`;
      expect(judge(to(22, ["syn"]), { policy })).toBe("drop");
      expect(judge(to(22, ["syn"], { interface: "eth7" }), { policy })).toBe("pass");
      expect(judge(to(22, ["syn"], { interface: "lo" }), { policy })).toBe("pass");
    });

    test("packets by it are no steps", () => {
      const state = emptyState();
      const knock = (name: string) => {
        for (const port of [51001, 54040]) {
          judge(to(port, ["syn"], { interface: name }), { state });
        }
      };
      knock("lo");
      expect(judge(to(22, ["syn"]), { state })).toBe("drop");
      knock("eth0");
      expect(judge(to(22, ["syn"]), { state })).toBe("pass");
    });
  });
});
