/** The real network, as far as it is in this host. */
import { execFileSync } from "node:child_process";
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { system } from "../../src/host/index.ts";
import { argvOf } from "../../src/host/ping.ts";

const { network } = system;
const HERE = { address: "127.0.0.1", family: "ipv4" } as const;
const HERE6 = { address: "::1", family: "ipv6" } as const;

/** Hosts without IPv6 have no loopback of it. */
const ALL = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === HERE6.address)
  ? [HERE, HERE6]
  : [HERE];

let server: Server;
let echo: DatagramSocket;
let port: number;
let echoPort: number;
/** What the server has met at the end of connections. */
const ends: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", ({ message }) => ends.push(message));
    socket.once("close", () => ends.push("close"));
    socket.end();
  }).listen(0, HERE.address);
  echo = createSocket("udp4").bind(0, HERE.address);
  echo.on("message", (message, from) => echo.send(message, from.port, from.address));
  await Promise.all([once(server, "listening"), once(echo, "listening")]);
  port = (server.address() as AddressInfo).port;
  echoPort = echo.address().port;
});
afterAll(() => {
  server.close();
  echo.close();
});

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const taken = createServer().listen(0, HERE.address);
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, "close");
  return port;
}

describe("a name", () => {
  test("has addresses", async () => {
    const found = await network.lookUp("localhost");
    expect(found).toContainEqual(expect.toBeOneOf([HERE, HERE6]));
  });

  test.each([HERE, HERE6])("may be an address: %o", async (here) => {
    expect(await network.lookUp(here.address)).toEqual([here]);
  });

  test("that nobody has is told from one that there is", async () => {
    const found = await network.lookUp("no-such-name.invalid");
    expect("why" in found ? found.why : "found").toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });
});

describe("a route", () => {
  test("is there to this host", async () => {
    expect(await network.hasRoute(HERE)).toBe(true);
  });

  test("is not there to a zone that this host does not have", async () => {
    const foreign = { address: "fe80::1%postern-none", family: "ipv6" } as const;
    expect(await network.hasRoute(foreign)).toBe(false);
  });
});

describe("the source of packets", () => {
  test.each(ALL)("to this host is beside where they go: %o", async (here) => {
    expect(await network.sourceTo(here)).toEqual({ address: here.address, isBeside: true });
  });

  test("may be of a network in which others are", async () => {
    const there = { address: "127.200.0.1", family: "ipv4" } as const;
    expect(await network.sourceTo(there)).toEqual({ address: HERE.address, isBeside: true });
  });

  test("is not there where there is no way", async () => {
    const foreign = { address: "fe80::1%postern-none", family: "ipv6" } as const;
    expect(await network.sourceTo(foreign)).toBeUndefined();
  });
});

describe("a connection", () => {
  test("is accepted, and ends with a reset", async () => {
    ends.length = 0;
    const connection = network.connect(HERE, port);
    expect(await connection.answer).toEqual({ kind: "accepted" });
    connection.end();
    connection.end();
    await expect.poll(() => ends).toEqual(["read ECONNRESET", "close"]);
  });

  test.each(ALL)("is refused where nothing listens: %o", async (here) => {
    const connection = network.connect(here, await freePort());
    expect(await connection.answer).toEqual({ kind: "refused" });
    connection.end();
  });

  test("that cannot be made says why in the word of the system", async () => {
    const connection = network.connect({ ...HERE6, address: "fe80::1%postern-none" }, port);
    expect(await connection.answer).toMatchObject({ kind: "unreachable", why: /^E[A-Z]+$/ });
    connection.end();
  });

  test("that is ended before anything came has no answer, and may be ended again", async () => {
    const connection = network.connect(HERE, port);
    connection.end();
    connection.end();
    expect(await connection.answer).toBeUndefined();
  });
});

describe("a look", () => {
  test.each(ALL)(
    "sees a port that accepts, of which the service sees nothing: %o",
    async (here) => {
      ends.length = 0;
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        ends.push("seen");
      }).listen(0, here.address);
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const look = network.look(here, port);
      expect(await look.answer).toEqual({ kind: "accepted" });
      look.end();
      const another = network.look(here, port);
      await setImmediate();
      // By then the kernel has accepted it, and this program has not heard of that.
      execFileSync("sleep", ["0.05"]);
      another.end();
      // Connections are seen in their order.
      const connection = network.connect(here, port);
      expect(await connection.answer).toEqual({ kind: "accepted" });
      await expect.poll(() => ends).toEqual(["seen"]);
      connection.end();
      server.close();
    },
  );

  test.each(ALL)("sees one that refuses: %o", async (here) => {
    expect(await network.look(here, await freePort()).answer).toEqual({ kind: "refused" });
  });

  test("that cannot be made says why in the word of the system", async () => {
    const look = network.look({ ...HERE6, address: "fe80::1%postern-none" }, port);
    expect(await look.answer).toMatchObject({ kind: "unreachable", why: /^E[A-Z]+$/ });
  });

  test("that is ended before anything came has no answer, and may be ended again", async () => {
    const look = network.look(HERE, port);
    look.end();
    look.end();
    expect(await look.answer).toBeUndefined();
  });
});

describe("a datagram", () => {
  test("is one byte of zero, and somebody may answer", async () => {
    const arrived = once(echo, "message");
    const sent = network.sendDatagram(HERE, echoPort);
    expect(await sent.answer).toEqual({ kind: "accepted" });
    expect((await arrived)[0]).toEqual(Buffer.alloc(1));
    sent.end();
  });

  test("may carry more, and has left before it has arrived", async () => {
    const payload = Buffer.from("abcdefghijklmnop");
    const arrived = once(echo, "message");
    const sent = network.sendDatagram(HERE, echoPort, payload);
    expect(await sent.left).toBe(true);
    expect((await arrived)[0]).toEqual(payload);
    sent.end();
  });

  test.each(ALL)("is refused where nothing listens: %o", async (here) => {
    const sent = network.sendDatagram(here, await freePort());
    expect(await sent.answer).toEqual({ kind: "refused" });
    sent.end();
  });

  test("that is ended before it was sent has no answer, and breaks nothing", async () => {
    const sent = network.sendDatagram(HERE, await freePort());
    sent.end();
    expect([await sent.answer, await sent.left]).toEqual([undefined, false]);
  });
});

describe("a ping", () => {
  test.each(ALL)("has left, and is answered: %o", async (here) => {
    const sent = network.ping(here, { payloadBytes: 56, pattern: Buffer.alloc(16, 0xa5) });
    expect(await sent.left).toBe(true);
    expect(await sent.answer).toEqual({ kind: "accepted" });
    sent.end();
  });

  test("to where no way leads never leaves, and says why in words", async () => {
    const foreign = { address: "fe80::1%postern-none", family: "ipv6" } as const;
    const sent = network.ping(foreign, { payloadBytes: 63 });
    expect(await sent.left).toBe(false);
    expect(await sent.answer).toMatchObject({ kind: "unreachable", why: /^ping: / });
  });

  test("that is ended at once never leaves", async () => {
    const sent = network.ping(HERE, { payloadBytes: 63 });
    sent.end();
    sent.end();
    expect([await sent.left, await sent.answer]).toEqual([false, undefined]);
  });

  test.each(["203.0.113.5", "2001:db8::1", "fe80::1%eth0"])(
    "to %s is one of the program of that name, with arguments and no shell",
    (address) => {
      const options = ["-n", "-f", "-i", "1", "-c", "1", "-W", "2"];
      expect(argvOf(address, { payloadBytes: 63 })).toEqual([
        ...["ping", ...options, "-s", "63", address],
      ]);
      const pattern = Buffer.from("00112233445566778899aabbccddeeff", "hex");
      expect(argvOf(address, { payloadBytes: 56, pattern })).toEqual([
        ...["ping", ...options, "-s", "56", "-p", "00112233445566778899aabbccddeeff", address],
      ]);
    },
  );
});

describe("a request", () => {
  /** What a server got of it, which does with the connection what it likes. */
  async function asked(serve: (socket: Socket) => void, endAfter = 50) {
    const got: string[] = [];
    const listening = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => got.push(chunk.toString()));
      socket.on("end", () => {
        got.push("end");
        socket.end();
      });
      serve(socket);
    }).listen(0, HERE.address);
    await once(listening, "listening");
    const sent = network.ask(HERE, (listening.address() as AddressInfo).port, Buffer.from("GET /"));
    const [left, answer] = [await sent.left, await sent.answer];
    await system.pause(endAfter);
    sent.end();
    sent.end();
    const closed = new Promise((resolve) => {
      listening.close(resolve);
    });
    await closed;
    return { got, left, answer };
  }

  test("goes over a connection, in one piece, and the connection is closed when it is answered", async () => {
    expect(await asked((socket) => socket.on("data", () => socket.end("200")))).toEqual({
      ...{ got: ["GET /", "end"], left: true, answer: { kind: "accepted" } },
    });
  });

  test.each([
    ["says nothing", () => undefined],
    ["closes at once", (socket: Socket) => socket.end()],
    ["breaks off", (socket: Socket) => socket.on("data", () => socket.resetAndDestroy())],
    [
      "sends without end",
      (socket: Socket) => {
        const rubbish = Buffer.alloc(65_536, 0xa5);
        const go = () => {
          if (!socket.destroyed) socket.write(rubbish, go);
        };
        go();
      },
    ],
  ])("to a server that %s holds nobody up", async (_, serve) => {
    const began = performance.now();
    expect(await asked(serve)).toMatchObject({ answer: { kind: "accepted" } });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test("where nothing listens has not left", async () => {
    const sent = network.ask(HERE, await freePort(), Buffer.from("GET /"));
    expect([await sent.left, await sent.answer]).toEqual([false, { kind: "refused" }]);
    sent.end();
  });

  test("that is ended before it was sent never is", async () => {
    const sent = network.ask(HERE, port, Buffer.from("GET /"));
    sent.end();
    expect([await sent.left, await sent.answer]).toEqual([false, undefined]);
  });
});
