import { expect, test } from "vitest";
import { parseServices } from "../../src/check/index.ts";

const TEXT = `# a comment
# http 80/tcp 0.9
tcpmux\t1/tcp\t0.001995\t# TCP Port Service Multiplexer
http\t80/tcp\t0.484143\t# World Wide Web HTTP
http\t80/udp\t0.035767
http\t80/sctp\t0.000000
late\t9000/tcp\t0.001995
early\t7/tcp\t0.001995
ssh   22/tcp   0.182286
ssh\t22/tcp\t0.000001
snmp\t161/udp\t0.433467
bad\t0/tcp\t0.5
bad\t70000/tcp\t0.5
bad\tx/tcp\t0.5
bad\t99/tcp

nonsense`;

test("ports come by how often they are open, and the lower of two alike first", () => {
  expect(parseServices(TEXT)).toEqual({ tcp: [80, 22, 1, 7, 9000], udp: [161, 80] });
});

test("a file with other line ends, or without an end, is read alike", () => {
  expect(parseServices(TEXT.replaceAll("\n", "\r\n"))).toEqual(parseServices(TEXT));
  expect(parseServices("ssh\t22/tcp\t0.182286")).toEqual({ tcp: [22], udp: [] });
  expect(parseServices("")).toEqual({ tcp: [], udp: [] });
});
