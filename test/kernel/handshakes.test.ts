/**
 * Who was let in once is not let in again: repeated SYNs and ACKs, SYN cookies, bans in the middle
 * of a handshake, fragments of which the rest comes later, guests who fill what doors remember.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { banSource, closeDoor } from "../../src/gate/hand.ts";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { sure } from "../setup/sure.ts";
import { Dialogue, type Ends, greeter, type Reply, segmentsOf } from "./dialogue.ts";
import { framesInOrder, framesOf } from "./frames.ts";
import { countMembers } from "./gate.ts";
import { HOLDERS, type Holder, hold, holdersOver, letGo, NFTABLES } from "./holders.ts";
import { untilListening } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, ping, syn } from "./packets.ts";
import { connect } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";

const [ONCE, OFTEN, OPEN] = [22, 24, 26];
const KNOCK = { [ONCE]: 51001, [OFTEN]: 51003 } as const;

const DOORS = `
doors:
  once: { protects: tcp/22, open-for: 10m, single-use: true, sequence: { steps: [tcp/51001] } }
  often: { protects: tcp/24, open-for: 10m, sequence: { steps: [tcp/51003] } }
`;

let network: Network;
let dialogue: Dialogue;
beforeAll(async () => {
  network = await makeNetwork();
  const { server, link } = network;
  const ports = [ONCE, OFTEN, OPEN].map((port) => ["::", port] as const);
  const greets = server.start(greeter(ports));
  await untilListening(greets, { protocol: "tcp", port: OPEN }, "ipv6");
  // Linux answers a SYN again at most twice a second.
  await server.run(["sysctl", "-q", "-w", "net.ipv4.tcp_invalid_ratelimit=0"]);
  dialogue = new Dialogue(link, OPEN);
});
afterAll(() => {
  dialogue.close();
  network.remove();
});

let sources = 0;
/** Somebody who has never been seen. */
function newcomer(family: Family, port: number, sourcePort = 40_000): Ends {
  const destination = addressOf(network.link.server[family]);
  return { source: senderOf(family, sources++), sourcePort, destination, port };
}

/** By one SYN, as both doors have sequences of one step. */
function knock({ source, destination, port }: Ends): void {
  const step = KNOCK[port] as number;
  dialogue.send(framesOf(syn({ source, destination, port: step }), 1, network.link));
}

function of(ends: Ends) {
  return segmentsOf(ends, network.link);
}

const kinds = (replies: readonly Reply[]) => replies.map(({ kind }) => kind);

/** Which of the frames come past the gate; `id` is what each has as acknowledgement number. */
async function passes(frames: readonly Uint8Array[], ends: Ends, id: number): Promise<boolean> {
  await seatJudge(network.server);
  await dialogue.answers(ends, frames);
  return (await readVerdicts(network.server)).passed(syn({ ...ends }), id);
}

async function ban(holder: Holder, { source }: Ends): Promise<void> {
  sure(await banSource(holder.on(network.server), source, undefined));
}

async function setCookies(mode: 1 | 2): Promise<void> {
  await network.server.run(["sysctl", "-q", "-w", `net.ipv4.tcp_syncookies=${mode}`]);
}

describe.each(FAMILIES)(
  "fragments over %s, which nobody puts together before nftables",
  (family) => {
    beforeAll(() => hold(NFTABLES, network.server, DOORS));
    afterAll(() => letGo(NFTABLES, network.server));

    test("a SYN in two gets no answer at a door that a grant opens", async () => {
      const [free, granted] = [newcomer(family, OPEN), newcomer(family, OFTEN)];
      await dialogue.answer(free, inTwo(free), "syn-ack");
      knock(granted);
      expect(await dialogue.answers(granted, inTwo(granted))).toEqual([]);
    });

    test("the rest of a SYN whose source was banned meanwhile gets no answer", async () => {
      const ends = newcomer(family, OFTEN);
      knock(ends);
      const [first = EMPTY, second = EMPTY] = inTwo(ends);
      dialogue.send([first]);
      await ban(NFTABLES, ends);
      expect(await dialogue.answers(ends, [second])).toEqual([]);
    });
  },
);

const EMPTY = new Uint8Array();

function inTwo(ends: Ends): Uint8Array[] {
  const tcpOptions = Uint8Array.of(2, 4, 0x05, 0xb4, 1, 3, 3, 7);
  const fragments = { bytes: 24, order: "forward" } as const;
  return framesOf(syn(ends), 1, network.link, { tcpOptions, fragments });
}

describe.each(FAMILIES)("first fragments over %s that never become whole", (family) => {
  const STEPS = ["ping/64", "tcp/51001", "udp/51003"];
  const policy = STEPS.map(
    (step, n) => `  d${n}: { protects: tcp/${100 + n}, sequence: { steps: [${step}] } }\n`,
  );
  beforeAll(() => hold(NFTABLES, network.server, `doors:\n${policy.join("")}`));
  afterAll(() => letGo(NFTABLES, network.server));
  const grants = () => countMembers(network.server, family, "grants");

  test("are no steps, and what is whole is one", async () => {
    const ends = newcomer(family, OPEN);
    const firstOf = (packet: Packet, bytes: number) => {
      const fragments = { bytes, order: "forward" } as const;
      // Ports are in the first fragment, most of the payload is not.
      const odd = packet.content.protocol === "tcp" ? { tcpOptions: new Uint8Array(20) } : {};
      const payload = new Uint8Array(64);
      return framesOf(packet, 1, network.link, { ...odd, payload, fragments }).slice(0, 1);
    };
    const [tcp, udp] = [syn({ ...ends, port: 51001 }), datagram({ ...ends, port: 51003 })];
    dialogue.send([
      // As long as a whole one, without and with the header of the fragment.
      ...[72, 64].flatMap((bytes) => firstOf(ping({ ...ends, payloadBytes: 200 }), bytes)),
      ...[16, 24, 40].flatMap((bytes) => firstOf(tcp, bytes)),
      ...[8, 16].flatMap((bytes) => firstOf(udp, bytes)),
    ]);
    await dialogue.settle(ends);
    expect(await grants()).toBe(0);
    dialogue.send(framesInOrder([ping({ ...ends, payloadBytes: 64 }), tcp, udp], network.link));
    await dialogue.settle(ends);
    expect(await grants()).toBe(3);
  });
});

describe.each(HOLDERS)(
  "a tunnel behind destination options, as ip6tnl writes it, by $name",
  (holder) => {
    beforeAll(() => hold(holder, network.server, DOORS));
    afterAll(() => letGo(holder, network.server));

    // No end of a tunnel is here, so the host complains of what reaches it.
    test("reaches the host", async () => {
      const ends = newcomer("ipv6", OPEN);
      await dialogue.answer(ends, tunnel(ends), "icmp error");
    });

    if (holder === NFTABLES) {
      test("reaches the host in fragments", async () => {
        const ends = newcomer("ipv6", OPEN);
        await dialogue.answer(ends, tunnel(ends, 48), "icmp error");
      });
    }
  },
);

/** The limit of encapsulation, 4, and padding; an IPv6 packet follows. */
const LIMIT = Buffer.of(41, 0, 4, 1, 4, 1, 1, 0);

/** In two fragments, where `cut` says how many bytes the first holds. */
function tunnel(ends: Ends, cut?: number): Buffer[] {
  const [frame = Buffer.alloc(0)] = framesOf(syn(ends), 1, network.link);
  const whole = Buffer.concat([LIMIT, frame.subarray(14)]);
  const wrapped = (next: number, payload: Buffer) => {
    const header = Buffer.from(frame.subarray(0, 14 + 40));
    header.writeUInt16BE(payload.length, 14 + 4);
    header[14 + 6] = next;
    return Buffer.concat([header, payload]);
  };
  if (cut === undefined) return [wrapped(60, whole)];
  return [whole.subarray(0, cut), whole.subarray(cut)].map((piece, n) => {
    const header = Buffer.of(60, 0, 0, 0, 0, 0, 0, 9);
    header.writeUInt16BE(n === 0 ? 1 : cut, 2);
    return wrapped(44, Buffer.concat([header, piece]));
  });
}

describe.each(FAMILIES)("over %s", (family) => {
  describe.each(holdersOver(family))("held by $name", (holder) => {
    beforeAll(() => hold(holder, network.server, DOORS));
    afterAll(() => letGo(holder, network.server));

    test("a SYN sent again after the RST of its connection gets no second one", async () => {
      const ends = newcomer(family, ONCE);
      knock(ends);
      const sequence = await dialogue.connect(ends);
      dialogue.send(of(ends).rst(sequence));
      for (let n = 0; n < 3; n++) expect(await dialogue.answers(ends, of(ends).syn)).toEqual([]);
    });

    test("a SYN sent again by a source that was banned meanwhile gets no answer", async () => {
      const ends = newcomer(family, OFTEN);
      knock(ends);
      const sequence = await dialogue.connect(ends);
      await ban(holder, ends);
      dialogue.send(of(ends).rst(sequence));
      expect(await dialogue.answers(ends, of(ends).syn)).toEqual([]);
    });

    test("a SYN repeated before its handshake is over is answered again", async () => {
      // On iptables each SYN of a grant for one connection needs a grant of its own.
      const ends = newcomer(family, holder === NFTABLES ? ONCE : OFTEN);
      knock(ends);
      for (let n = 0; n < 3; n++) {
        await dialogue.answer(ends, of(ends).syn, "syn-ack");
      }
      await dialogue.connect(ends);
    });

    test("after a ban a SYN that passed is refused, and so is the ACK that would end its handshake", async () => {
      const ends = newcomer(family, OFTEN);
      knock(ends);
      const { sequence } = await dialogue.answer(ends, of(ends).syn, "syn-ack");
      await ban(holder, ends);
      expect(await passes(of(ends).syn, ends, 1)).toBe(false);
      // On iptables the socket of the handshake vouches for it, as for a connection.
      if (holder !== NFTABLES) return;
      expect(kinds(await dialogue.answers(ends, of(ends).ack(sequence)))).not.toContain("data");
    });

    test("after close a SYN that passed is refused", async () => {
      const isOnce = holder === NFTABLES;
      const ends = newcomer(family, isOnce ? ONCE : OFTEN);
      knock(ends);
      await dialogue.answer(ends, of(ends).syn, "syn-ack");
      const door = isOnce ? "once" : "often";
      sure(await closeDoor(holder.on(network.server), door, ends.source));
      expect(await passes(of(ends).syn, ends, 1)).toBe(false);
    });

    test("FIN and ACK of a source that was let in a moment ago get no answer", async () => {
      const ends = newcomer(family, OFTEN);
      knock(ends);
      await dialogue.connect(ends);
      const elsewhere = { ...ends, sourcePort: 40_001 };
      expect(await dialogue.answers(elsewhere, of(elsewhere).finAck)).toEqual([]);
    });

    describe("with SYN cookies", () => {
      beforeEach(() => setCookies(2));
      afterEach(() => setCookies(1));

      test("an ACK sent again makes a second connection where there is no door", async () => {
        const ends = newcomer(family, OPEN);
        const sequence = await dialogue.connect(ends);
        dialogue.send(of(ends).rst(sequence));
        await dialogue.answer(ends, of(ends).ack(sequence), "data");
      });

      test.each([ONCE, OFTEN])(
        "an ACK sent again to port %s makes none, banned or not",
        async (port) => {
          const ends = newcomer(family, port);
          knock(ends);
          const sequence = await dialogue.connect(ends);
          dialogue.send(of(ends).rst(sequence));
          const again = () => dialogue.answers(ends, of(ends).ack(sequence));
          expect(await again()).toEqual([]);
          await ban(holder, ends);
          expect(await again()).toEqual([]);
        },
      );

      test("the ACK that would end a handshake is refused after a ban", async () => {
        const ends = newcomer(family, OFTEN);
        knock(ends);
        const { sequence } = await dialogue.answer(ends, of(ends).syn, "syn-ack");
        await ban(holder, ends);
        expect(await dialogue.answers(ends, of(ends).ack(sequence))).toEqual([]);
      });

      test("a real client gets in", async () => {
        const { client, link } = network;
        const source = addressOf(link.client[family]);
        knock({ ...newcomer(family, ONCE), source });
        const session = connect(client, link.server[family], ONCE);
        await until("a greeting", () => session.stdout().includes("hello"));
        await session.stop();
      });
    });
  });
});
