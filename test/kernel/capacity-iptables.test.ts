/**
 * A list of iptables that is full forgets who is in it the longest: what a flood can do with that,
 * what it cannot, and that nobody does it by hand without being told (docs/backends.md).
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { banSource } from "../../src/gate/index.ts";
import type { Packet } from "../../src/model/packet.ts";
import { FAMILIES, type Family, printAddress } from "../../src/policy/address.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { countMembers } from "./gate.ts";
import { EITHER_IPTABLES, hold, letGo } from "./holders.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { syn } from "./packets.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { send } from "./wire.ts";

const [FIRST, SECOND, LAST, DOOR] = [51001, 54040, 52777, 22];

const POLICY = `
ban: { after: 2, within: 10m, for: 20m }
doors:
  ssh:
    protects: tcp/${DOOR}
    open-for: 10m
    sequence: { steps: [tcp/${FIRST}, tcp/${SECOND}, tcp/${LAST}], within: 10m }
`;

let network: Network;
/** Sources that a list holds. */
let capacity: number;
beforeAll(async () => {
  network = await makeNetwork();
  const { stdout } = await network.server.run([
    "cat",
    "/sys/module/xt_recent/parameters/ip_list_tot",
  ]);
  capacity = Number(stdout);
});
afterAll(() => network.remove());

/** SYNs to one port, from the sources of these numbers. */
function from(family: Family, senders: readonly number[], port: number): Packet[] {
  const destination = addressOf(network.link.server[family]);
  return senders.map((n) => syn({ source: senderOf(family, n), destination, port }));
}

async function sendAll(family: Family, senders: readonly number[], ...ports: readonly number[]) {
  const packets = ports.flatMap((port) => from(family, senders, port));
  await send(network.link.client, framesInOrder(packets, network.link));
}

/** Which of the sources get through the door. */
async function entering(family: Family, senders: readonly number[]): Promise<number[]> {
  await seatJudge(network.server);
  const syns = from(family, senders, DOOR);
  await send(network.link.client, framesInOrder(syns, network.link));
  const passed = new Set((await readVerdicts(network.server)).passing(syns));
  return senders.filter((_, n) => passed.has(syns[n] as Packet));
}

describe.each(EITHER_IPTABLES)("held by $name", (holder) => {
  beforeEach(() => hold(holder, network.server, POLICY));
  afterEach(() => letGo(holder, network.server));

  const count = (family: Family, kind: Parameters<typeof countMembers>[2]) =>
    countMembers(network.server, family, kind, holder);
  const crowd = (from = 10) => Array.from({ length: capacity }, (_, n) => from + n);
  const [guest, early, newcomer] = [0, 1, 9999];
  const STEPS = [FIRST, SECOND, LAST];

  test("first steps of a crowd end the attempts of others, and touch no grant and no other family", async () => {
    for (const family of FAMILIES) {
      await sendAll(family, [guest], ...STEPS);
      await sendAll(family, [early], FIRST, SECOND);
    }
    await sendAll("ipv4", crowd(), FIRST, SECOND);
    expect(await count("ipv4", { stage: 2 })).toBe(capacity);
    expect(await count("ipv6", { stage: 2 })).toBe(1);
    for (const family of FAMILIES) await sendAll(family, [early], LAST);
    expect(await entering("ipv4", [guest, early, newcomer, ...crowd()])).toEqual([guest]);
    expect(await entering("ipv6", [guest, early, newcomer])).toEqual([guest, early]);
    // There is room for whoever comes.
    await sendAll("ipv4", [newcomer], ...STEPS);
    expect(await entering("ipv4", [newcomer])).toEqual([newcomer]);
  });

  test("a grant is pushed out by as many whole knocks as a list holds, and by no fewer", async () => {
    const [last, ...others] = crowd();
    await sendAll("ipv6", [guest], ...STEPS);
    await sendAll("ipv6", others, ...STEPS);
    expect(await entering("ipv6", [guest, ...others])).toEqual([guest, ...others]);
    await sendAll("ipv6", [last ?? 0], ...STEPS);
    expect(await entering("ipv6", [guest])).toEqual([]);
    expect(await count("ipv6", "grants")).toBe(capacity);
  });

  test("a crowd that makes wrong steps pushes out automatic bans, and none set by hand", async () => {
    const [byHand, automatic] = [2, 3];
    sure(await banSource(holder.on(network.server), senderOf("ipv4", byHand), undefined));
    const twoWrong = [FIRST, LAST, FIRST, LAST];
    await sendAll("ipv4", [automatic], ...twoWrong);
    await sendAll("ipv4", [byHand, automatic], ...STEPS);
    expect(await entering("ipv4", [byHand, automatic])).toEqual([]);
    await sendAll("ipv4", crowd(), ...twoWrong);
    expect(await count("ipv4", "auto-banned")).toBe(capacity);
    expect(await entering("ipv4", [byHand, automatic])).toEqual([automatic]);
  });

  test("a ban by hand lifts no other: where there is no room it is refused", async () => {
    const host = holder.on(network.server);
    const sources = crowd().map((n) => printAddress(senderOf("ipv4", n)));
    const fill = 'cd /proc/net/xt_recent; while read address; do echo "+$address" >"$1"; done';
    const { stdout: list } = await network.server.run([
      "sh",
      "-c",
      "cd /proc/net/xt_recent; echo postern-banned4-always-*",
    ]);
    await network.server.run(["sh", "-c", fill, "sh", list.trim()], {
      stdin: `${sources.join("\n")}\n`,
    });
    expect(await count("ipv4", "banned")).toBe(capacity);
    const newer = senderOf("ipv4", newcomer);
    expect(await banSource(host, newer, undefined)).toMatchObject({
      problems: [{ code: "set-full" }],
    });
    // Who is in it already, another time and the other family have room.
    sure(await banSource(host, senderOf("ipv4", 10), undefined));
    sure(await banSource(host, newer, 600));
    sure(await banSource(host, senderOf("ipv6", newcomer), undefined));
    expect(await count("ipv4", "banned")).toBe(capacity + 1);
  });
});
