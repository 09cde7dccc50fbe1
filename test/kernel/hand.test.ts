/** What an administrator does by hand, on a real kernel, to real connections. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  banSource,
  closeDoor,
  openDoor,
  readStatus,
  removeGate,
  unbanSource,
} from "../../src/gate/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { applyTo, liveHost, membersOn } from "./live-host.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { syn } from "./packets.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

const POLICY = `
ipv6-prefix: 64
ban: { after: 2, within: 1h, for: 2h }
doors:
  ssh:
    protects: tcp/22
    refuse: reset
    sequence: { steps: [tcp/51001, tcp/51005, tcp/51003] }
  once:
    protects: tcp/23
    single-use: true
    refuse: reset
    sequence: { steps: [41001] }
`;

let network: Network;
let host: GateHost;
beforeAll(async () => {
  network = await makeNetwork();
  host = liveHost(network.server);
  for (const port of [22, 23]) await listenOnBoth(network.server, { protocol: "tcp", port });
});
afterAll(() => network.remove());
beforeEach(async () => {
  sure(await removeGate(host));
  await applyTo(host, POLICY);
});

describe.each(FAMILIES)("by hand over %s", (family) => {
  const address = () => addressOf(network.link.client[family]);
  /** Counts as the same knocker over IPv6, and as nobody over IPv4. */
  const neighbour = () => addressOf(family === "ipv4" ? "10.91.0.77" : "fd91::77");
  const reaches = (port = 22) => canConnect(network.client, network.link.server[family], port);
  const stranger = addressOf(family === "ipv4" ? "192.0.2.7" : "2001:db8::7");

  test("open lets one source in, and close shuts the door to it", async () => {
    expect(await reaches()).toBe(false);
    expect(sure(await openDoor(host, "ssh", address(), 60))).toBe("open");
    expect(await reaches()).toBe(true);
    expect(await reaches(23)).toBe(false);
    sure(await closeDoor(host, "ssh", address()));
    expect(await reaches()).toBe(false);
  });

  test("open ends when it was to end", async () => {
    sure(await openDoor(host, "ssh", address(), 1));
    expect(await reaches()).toBe(true);
    await until("the grant to end", async () => !(await reaches()));
  });

  test("to open again begins the time anew, also for less of it", async () => {
    for (const seconds of [3600, 60, 1800]) {
      sure(await openDoor(host, "ssh", address(), seconds));
      const [grant] = sure(await readStatus(host)).doors[0]?.open ?? [];
      expect(grant?.secondsLeft).toBeGreaterThan(seconds - 5);
      expect(grant?.secondsLeft).toBeLessThanOrEqual(seconds);
    }
  });

  test("a door for single use is open for one connection", async () => {
    sure(await openDoor(host, "once", address(), 60));
    expect(await reaches(23)).toBe(true);
    expect(await reaches(23)).toBe(false);
    sure(await openDoor(host, "once", address(), 60));
    expect(await reaches(23)).toBe(true);
  });

  test("close without a source shuts the door to everybody", async () => {
    for (const each of [address(), stranger]) sure(await openDoor(host, "ssh", each, 60));
    sure(await openDoor(host, "once", address(), 60));
    sure(await closeDoor(host, "ssh", undefined));
    expect(await reaches()).toBe(false);
    expect(await membersOn(host)).toEqual({
      [`once_single_grants${family === "ipv4" ? 4 : 6}`]: 1,
    });
  });

  test("close for who has no grant is no fault", async () => {
    sure(await closeDoor(host, "ssh", stranger));
  });

  test("a ban outranks a grant until it is lifted", async () => {
    sure(await banSource(host, address(), undefined));
    expect(sure(await openDoor(host, "ssh", address(), 60))).toBe("banned");
    expect(await reaches()).toBe(false);
    expect(sure(await unbanSource(host, address()))).toBe("lifted");
    expect(await reaches()).toBe(true);
    expect(sure(await unbanSource(host, address()))).toBe("was not banned");
  });

  test("a ban takes a grant away, and who is let in again has to knock anew", async () => {
    sure(await openDoor(host, "ssh", address(), 60));
    sure(await banSource(host, address(), undefined));
    sure(await unbanSource(host, address()));
    expect(await reaches()).toBe(false);
  });

  test("a ban ends when it was to end, also one that had no end before", async () => {
    sure(await banSource(host, address(), undefined));
    sure(await banSource(host, address(), 1));
    sure(await openDoor(host, "ssh", address(), 60));
    expect(await reaches()).toBe(false);
    await until("the ban to end", reaches);
  });

  test("who counts as the same knocker shares grants and bans", async () => {
    const isSame = family === "ipv6";
    sure(await openDoor(host, "ssh", neighbour(), 60));
    expect(await reaches()).toBe(isSame);
    sure(await openDoor(host, "ssh", address(), 60));
    sure(await banSource(host, neighbour(), undefined));
    expect(await reaches()).toBe(!isSame);
  });

  test("unban lifts a ban for wrong steps, and forgets the steps", async () => {
    const wrong = () => knockWrongly(family);
    sure(await openDoor(host, "ssh", address(), 60));
    await wrong();
    await wrong();
    expect(sure(await readStatus(host)).banned).toMatchObject([{ automatic: true }]);
    expect(await reaches()).toBe(false);
    expect(sure(await unbanSource(host, address()))).toBe("lifted");
    expect(await reaches()).toBe(true);
    await wrong();
    expect(await reaches()).toBe(true);
    sure(await unbanSource(host, address()));
    await wrong();
    expect(await reaches()).toBe(true);
  });
});

/** From the client itself: a step, and then none. */
async function knockWrongly(family: Family): Promise<void> {
  const ends = {
    source: addressOf(network.link.client[family]),
    destination: addressOf(network.link.server[family]),
  };
  const packets = [51001, 51004].map((port) => syn({ ...ends, port }));
  await send(network.link.client, framesInOrder(packets, network.link));
}

describe("with 65,536 banned sources", () => {
  const nth = (n: number) => `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
  const CROWD = Array.from({ length: 65_536 }, (_, n) => nth(n));

  beforeEach(async () => {
    const stdin = ["banned4", "wrong4"]
      .map((set) => `add element inet postern ${set} { ${CROWD.join()} }\n`)
      .join("");
    await network.server.run(["nft", "-f", "-"], { stdin });
  });

  test("the set is full: nobody is banned more, everybody can be pardoned, status tells", async () => {
    const newcomer = addressOf("192.0.2.7");
    expect(await banSource(host, newcomer, undefined)).toMatchObject({
      problems: [{ code: "set-full", what: "the set banned4 is full: it holds 65536 sources" }],
    });
    expect(sure(await unbanSource(host, newcomer))).toBe("was not banned");
    expect(sure(await unbanSource(host, addressOf(nth(9))))).toBe("lifted");
    sure(await banSource(host, newcomer, undefined));
    expect(sure(await readStatus(host)).sets).toContainEqual({
      name: "banned4",
      members: 65_536,
      capacity: 65_536,
    });
  });

  test("a policy is applied, and keeps them", async () => {
    await applyTo(host, POLICY);
    expect(await membersOn(host)).toEqual({ banned4: 65_536, wrong4: 65_536 });
  });
});
