/** The real network, as far as it is in this host. */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { system } from "../../src/host/index.ts";

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

beforeAll(async () => {
  server = createServer((socket) => socket.end()).listen(0, HERE.address);
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

describe("a connection", () => {
  test("is accepted", async () => {
    const connection = network.connect(HERE, port);
    expect(await connection.answer).toEqual({ kind: "accepted" });
    connection.end();
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

describe("a datagram", () => {
  test("is one byte of zero, and somebody may answer", async () => {
    const arrived = once(echo, "message");
    const sent = network.sendDatagram(HERE, echoPort);
    expect(await sent.answer).toEqual({ kind: "accepted" });
    expect((await arrived)[0]).toEqual(Buffer.alloc(1));
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
    expect(await sent.answer).toBeUndefined();
  });
});
