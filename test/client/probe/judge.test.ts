/** What somebody outside may say of a door, by what came back. */
import { describe, expect, test } from "vitest";
import { judgeDatagram, judgeShut, judgeShutAgain } from "../../../src/client/probe/judge.ts";
import type { Kind, Sighting } from "../../../src/client/probe/observe.ts";

const KINDS: readonly Kind[] = ["syn", "fin", "ack"];

/** What SYN, FIN and ACK met, as far as they were sent. */
function met(...answers: readonly string[]): { readonly sightings: readonly Sighting[] } {
  return {
    sightings: answers.map((answer, n) => ({
      ...{ service: "tcp/22", answer },
      packet: KINDS[n] ?? "syn",
    })),
  };
}

const datagram = (answer: string): Sighting => ({
  ...{ service: "udp/53", packet: "datagram", answer },
});

describe("a TCP port", () => {
  test.each([
    [["silent"], "so"],
    [["refused"], "so"],
    [["silent", "silent", "silent"], "so"],
    [["refused", "refused", "refused"], "so"],
    // Firewalls on the way drop segments of no connection.
    [["refused", "silent", "silent"], "so"],
    [["silent", "silent", "refused"], "not-so"],
    [["silent", "refused", "silent"], "not-so"],
    [["accepted"], "not-so"],
    [["EHOSTUNREACH", "silent", "silent"], "untested"],
    [["accepted", "EHOSTUNREACH", "silent"], "not-so"],
  ] as const)("that answers SYN, FIN and ACK with %j is shut: %s", (answers, finding) => {
    expect(judgeShut(met(...answers))).toBe(finding);
  });

  test("that accepts beside one that is shut is open", () => {
    const other = met("accepted").sightings.map((one) => ({ ...one, service: "tcp/23" }));
    const sightings = [...met("silent").sightings, ...other];
    expect(judgeShut({ sightings })).toBe("not-so");
  });

  test("is shut again when SYN says so, whatever other segments of who was in meet", () => {
    expect(judgeShutAgain(met("silent", "silent", "refused"))).toBe("so");
    expect(judgeShutAgain(met("accepted", "silent", "silent"))).toBe("not-so");
  });
});

describe("a UDP port", () => {
  test.each([
    ["silent", "untested"],
    ["refused", "so"],
    ["accepted", "not-so"],
    ["EHOSTUNREACH", "untested"],
  ] as const)("that is %s is shut: %s", (answer, finding) => {
    expect(judgeShut({ sightings: [datagram(answer)] })).toBe(finding);
  });

  test("that was silent was shut, when it has answered after the knock", () => {
    expect(judgeShut({ sightings: [datagram("silent")] }, ["udp/53"])).toBe("so");
    expect(judgeShut({ sightings: [datagram("accepted")] }, ["udp/53"])).toBe("not-so");
  });

  test.each([
    ["silent", "accepted", "so"],
    ["silent", "refused", "so"],
    ["refused", "silent", "so"],
    ["silent", "silent", "untested"],
    ["refused", "refused", "untested"],
    ["EHOSTUNREACH", "silent", "untested"],
    ["silent", "EHOSTUNREACH", "untested"],
  ] as const)("that is %s before and %s after a knock has opened: %s", (before, after, finding) => {
    expect(judgeDatagram(datagram(before), datagram(after))).toBe(finding);
  });
});
