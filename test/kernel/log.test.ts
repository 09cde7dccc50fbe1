/** The lines in the kernel log (design 5.7), by which administrators and fail2ban see a gate. */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { logNames } from "../../src/backend/iptables/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { loadGate, removeGate } from "./gate.ts";
import { HOLDERS, holdersOver, NFTABLES } from "./holders.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, syn } from "./packets.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

/**
 * The kernel's log is one for all hosts of the machine: these lines are told by their door. On
 * iptables a line has room for six letters of the name.
 */
const DOOR = `l${randomInt(36 ** 4, 36 ** 5).toString(36)}`;
/** Begins with the same six. */
const LONG = `${DOOR}-with-a-long-name`;
const [FIRST, SECOND, LAST, SERVICE, OTHER_SERVICE] = [51001, 54040, 52777, 22, 23];

const policy = (log: boolean) => `
log: ${log}
ban: { after: 2, within: 1m, for: 1m }
doors:
  ${DOOR}:
    protects: tcp/${SERVICE}
    sequence: { steps: [tcp/${FIRST}, udp/${SECOND}, tcp/${LAST}] }
  ${LONG}:
    protects: tcp/${OTHER_SERVICE}
    sequence: { steps: [41001, 44040] }
`;

/** Lines of other network namespaces than the first come only with this (docs/meaning.md). */
const ALL_NAMESPACES = "net.netfilter.nf_log_all_netns";

let network: Network;
let before = "";
beforeAll(async () => {
  before = execFileSync("sysctl", ["-n", ALL_NAMESPACES], { encoding: "utf8" }).trim();
  execFileSync("sysctl", ["-q", "-w", `${ALL_NAMESPACES}=1`]);
  network = await makeNetwork();
});
afterAll(() => {
  execFileSync("sysctl", ["-q", "-w", `${ALL_NAMESPACES}=${before}`]);
  network.remove();
});

async function linesOf(kind: string, door = DOOR): Promise<string[]> {
  const { stdout } = await network.server.run(["dmesg"]);
  return stdout.split("\n").filter((line) => line.includes(`postern: ${kind} door=${door} `));
}

describe.each(
  FAMILIES.flatMap((family) => holdersOver(family).map((holder) => ({ family, holder }))),
)("over $family, held by $holder.name", ({ family, holder }) => {
  // The log has the lines of the other holder from other sources.
  const first = 100 * HOLDERS.indexOf(holder);
  const load = (log: boolean) => loadGate(network.server, policy(log), holder);
  afterEach(() => removeGate(network.server, holder));

  const ends = (n: number) => ({
    source: senderOf(family, first + n),
    destination: addressOf(network.link.server[family]),
  });
  const knock = (n: number, port: number) =>
    port === SECOND ? datagram({ ...ends(n), port }) : syn({ ...ends(n), port });
  const sendAll = (n: number, ports: readonly number[]) =>
    send(
      network.link.client,
      framesInOrder(
        ports.map((port) => knock(n, port)),
        network.link,
      ),
    );
  /** As the kernel writes it: every group of IPv6 in full. */
  const source = (n: number) => {
    const { bits } = senderOf(family, first + n);
    const [size, base, mark] =
      family === "ipv4" ? ([8n, 10, "."] as const) : ([16n, 16, ":"] as const);
    const parts = Array.from({ length: family === "ipv4" ? 4 : 8 }, (_, i) => i).reverse();
    return parts
      .map((i) => ((bits >> (BigInt(i) * size)) & ((1n << size) - 1n)).toString(base))
      .map((part) => (base === 16 ? part.padStart(4, "0") : part))
      .join(mark);
  };

  test("each kind of event has a line with the source's address", async () => {
    await load(true);
    await sendAll(1, [SERVICE]);
    await sendAll(2, [FIRST, SECOND, LAST]);
    await sendAll(3, [FIRST, LAST, FIRST, LAST]);
    const expected = [
      ["refused", 1, 1],
      ["open", 2, 1],
      ["wrong", 3, 2],
      ["banned", 3, 1],
    ] as const;
    for (const [kind, n, times] of expected) {
      await until(`${times} lines of ${kind}`, async () => {
        const lines = await linesOf(kind);
        return lines.filter((line) => line.includes(`SRC=${source(n)} `)).length === times;
      });
    }
  });

  test("a door with a long name has lines of its own", async () => {
    await load(true);
    await sendAll(7, [OTHER_SERVICE]);
    const name = holder === NFTABLES ? LONG : logNames([DOOR, LONG]).get(LONG);
    await until("its line", async () =>
      (await linesOf("refused", name)).some((line) => line.includes(`SRC=${source(7)} `)),
    );
    expect(await linesOf("refused")).not.toContainEqual(
      expect.stringContaining(`SRC=${source(7)} `),
    );
  });

  test("a flood writes few lines, and those of other kinds still come", async () => {
    await load(true);
    const already = (await linesOf("refused")).length;
    const begun = performance.now();
    await sendAll(4, new Array<number>(5000).fill(SERVICE));
    await sendAll(5, [FIRST, SECOND, LAST]);
    await until("a line of the opening", async () =>
      (await linesOf("open")).some((line) => line.includes(`SRC=${source(5)} `)),
    );
    const seconds = (performance.now() - begun) / 1000;
    const lines = (await linesOf("refused")).length - already;
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThanOrEqual(20 + 5 * Math.ceil(seconds));
  });

  test("without `log` there is none", async () => {
    const already = (await linesOf("open")).length;
    await load(false);
    await sendAll(6, [FIRST, SECOND, LAST]);
    const listing = sure(await holder.backend.read(holder.on(network.server), { members: false }));
    expect(listing?.counters).toContainEqual({ name: `${DOOR}_open`, packets: 1 });
    expect(await linesOf("open")).toHaveLength(already);
  });
});
