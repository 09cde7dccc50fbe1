/** A gate's life on iptables of both kinds, as the commands lead it: in the kernel, both families. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  applyPolicy,
  banSource,
  closeDoor,
  openDoor,
  readStatus,
  removeGate,
  rollback,
  type Status,
  unbanSource,
} from "../../src/gate/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { EITHER_IPTABLES, IPTABLES_LEGACY, IPTABLES_NFT } from "./holders.ts";
import type { Host } from "./host.ts";
import { liveHost } from "./live-host.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { syn } from "./packets.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

const DOOR = `
    protects: [tcp/22, udp/60000]
    open-for: 50s
    sequence: { steps: [21001, udp/24040, tcp/22777], within: 40s }`;
const POLICY = `backend: iptables\nban: { after: 2, within: 1m, for: 1h }\ndoors:\n  ssh:${DOOR}\n`;
const OTHER = POLICY.replace("open-for: 50s", "open-for: 55s").replace("for: 1h", "for: 2h");

const A = ["192.0.2.7", "2001:db8::7"] as const;
const B = ["192.0.2.9", "2001:db8:0:9::9"] as const;

let network: Network;
let server: Host;
beforeAll(async () => {
  network = await makeNetwork();
  ({ server } = network);
});
afterAll(() => network.remove());
afterEach(async () => {
  for (const holder of EITHER_IPTABLES) sure(await holder.backend.remove(holder.on(server)));
  await server.run(["nft", "flush", "ruleset"]);
  await server.run(["rm", "-rf", server.runFolder]);
});

async function apply(host: GateHost, text = POLICY): Promise<void> {
  sure(await applyPolicy(host, policyOf(text), { written: { file: "p.yaml", text } }));
}

const statusOn = async (host: GateHost): Promise<Status> => sure(await readStatus(host));

/** Who is open and banned, without how long still. */
async function knownOn(host: GateHost): Promise<Record<string, readonly string[]>> {
  const { doors, banned } = await statusOn(host);
  return {
    open: doors.flatMap(({ open }) => open.map(({ source }) => source)).toSorted(),
    banned: banned.map(({ source }) => source).toSorted(),
    partWay: doors.flatMap(({ partWay }) =>
      partWay.map(({ source, stage }) => `${source} at ${stage}`),
    ),
  };
}

/** The raw tables of both families, without counters and dates. */
async function rawTables(kind: "nft" | "legacy"): Promise<string> {
  const saved = await Promise.all(
    ["iptables", "ip6tables"].map((program) =>
      server.run([`${program}-${kind}-save`, "--table", "raw"]),
    ),
  );
  return saved
    .flatMap(({ stdout }) => stdout.split("\n"))
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\[\d+:\d+\]/g, "[]");
}

const kindOf = (name: string) => (name === "iptables-nft" ? "nft" : "legacy");

describe.each(EITHER_IPTABLES)("on $name", ({ name, on }) => {
  const kind = kindOf(name);
  const jumps = async () =>
    (await rawTables(kind)).split("\n").filter((line) => /^-A PREROUTING/.test(line));

  test("who is open, part way and banned stays so when a policy is applied again, or another", async () => {
    const host = on(server);
    await apply(host);
    for (const source of A) sure(await openDoor(host, "ssh", addressOf(source), 2700));
    for (const source of B) sure(await banSource(host, addressOf(source), 600));
    await send(
      network.link.client,
      FAMILIES.flatMap((family) => {
        const { client, server: ours } = network.link;
        const ends = { source: addressOf(client[family]), destination: addressOf(ours[family]) };
        return framesInOrder([syn({ ...ends, port: 21001, sourcePort: 4000 })], network.link);
      }),
    );
    const before = await knownOn(host);
    expect(before).toEqual({
      open: A,
      banned: [B[0], "2001:db8:0:9::/64"],
      partWay: [`${network.link.client.ipv4} at 1`, `${network.link.client.ipv6} at 1`],
    });
    await apply(host);
    expect(await knownOn(host)).toEqual(before);
    await apply(host, OTHER);
    expect(await knownOn(host)).toEqual(before);
    const { doors, banned } = await statusOn(host);
    for (const { secondsLeft } of doors.flatMap(({ open }) => open)) {
      expect(secondsLeft).toBeGreaterThan(2500);
      expect(secondsLeft).toBeLessThanOrEqual(2700);
    }
    for (const { secondsLeft } of banned) expect(secondsLeft).toBeLessThanOrEqual(600);
    // Back to the first policy, and what was made since goes with it.
    sure(await openDoor(host, "ssh", addressOf("192.0.2.8"), 1234));
    sure(await rollback(host));
    expect((await knownOn(host))["open"]).toEqual(["192.0.2.7", "192.0.2.8", "2001:db8::7"]);
  });

  test("what is opened and banned by hand is taken back by hand, whatever its time", async () => {
    const host = on(server);
    await apply(host);
    for (const source of A) {
      for (const seconds of [10, 3600, 77]) {
        sure(await openDoor(host, "ssh", addressOf(source), seconds));
        const { doors } = await statusOn(host);
        const left = doors[0]?.open.find((each) => each.source === source)?.secondsLeft ?? 0;
        expect(left).toBeLessThanOrEqual(seconds);
        expect(left).toBeGreaterThan(seconds - 10);
      }
      sure(await closeDoor(host, "ssh", addressOf(source)));
      sure(await banSource(host, addressOf(source), undefined));
      sure(await banSource(host, addressOf(source), 77));
      expect(await unbanSource(host, addressOf(source))).toEqual({ ok: true, value: "lifted" });
    }
    expect(await knownOn(host)).toEqual({ open: [], banned: [], partWay: [] });
  });

  test("many who open and ban at the same time do not undo each other", async () => {
    const host = on(server);
    await apply(host);
    const times = [61, 62, 63, 64];
    const [opened, banned] = [100, 200].map((first) =>
      times.map((_, n) => `192.0.2.${first + n}`),
    ) as [string[], string[]];
    const done = await Promise.all([
      ...times.map((seconds, n) => openDoor(host, "ssh", addressOf(opened[n] ?? ""), seconds)),
      ...times.map((seconds, n) => banSource(host, addressOf(banned[n] ?? ""), seconds)),
    ]);
    expect(done.filter(({ ok }) => !ok)).toEqual([]);
    expect(await knownOn(host)).toMatchObject({ open: opened, banned });
  });

  test("one jump leads into the gate, before the rules of others, however often it is applied", async () => {
    const host = on(server);
    const theirs = "-A PREROUTING -i nowhere0 -j ACCEPT";
    for (const program of [`iptables-${kind}`, `ip6tables-${kind}`]) {
      await server.run([program, "--table", "raw", ...theirs.split(" ")]);
    }
    for (let times = 0; times < 3; times += 1) await apply(host);
    const wanted = ["-A PREROUTING -j POSTERN", theirs];
    expect(await jumps()).toEqual([...wanted, ...wanted]);
    // Somebody else has put a rule before it, and a second jump.
    await server.run([`iptables-${kind}`, ..."--table raw -I PREROUTING -j ACCEPT".split(" ")]);
    await server.run([`iptables-${kind}`, ..."--table raw -A PREROUTING -j POSTERN".split(" ")]);
    await apply(host);
    expect(await jumps()).toEqual([
      "-A PREROUTING -j POSTERN",
      "-A PREROUTING -j ACCEPT",
      theirs,
      ...wanted,
    ]);
    sure(await removeGate(host));
    expect(await jumps()).toEqual(["-A PREROUTING -j ACCEPT", theirs, theirs]);
    for (const program of [`iptables-${kind}`, `ip6tables-${kind}`]) {
      await server.run([program, "--table", "raw", "--flush"]);
    }
  });

  test("remove leaves nothing, neither rules nor lists", async () => {
    const host = on(server);
    await apply(host);
    sure(await removeGate(host));
    expect(await rawTables(kind)).not.toContain("POSTERN");
    expect((await server.run(["ls", "/proc/net/xt_recent"])).stdout).toBe("");
  });

  test.each([
    ["with a gate of before", POLICY],
    ["without one", undefined],
  ])("IPv4 goes back where IPv6 refuses, %s", async (_, first) => {
    const host = on(server);
    if (first !== undefined) await apply(host, first);
    if (first !== undefined) sure(await openDoor(host, "ssh", addressOf(A[0]), 99));
    const before = [await rawTables(kind), await server.run(["ls", "/proc/net/xt_recent"])];
    const refusing: GateHost = {
      ...host,
      run: (argv, options) => {
        const isIpv6 = argv[0] === "ip6tables-restore" && options?.stdin !== undefined;
        return host.run(isIpv6 ? ["false"] : argv, options);
      },
    };
    const applied = await applyPolicy(refusing, policyOf(OTHER));
    expect(applied).toMatchObject({ problems: [{ code: "host-iptables-refused" }] });
    expect([await rawTables(kind), await server.run(["ls", "/proc/net/xt_recent"])]).toEqual(
      before,
    );
    if (first !== undefined) expect((await knownOn(host))["open"]).toEqual([A[0]]);
  });

  test("after a death between the families status says nothing wrong, and apply mends it", async () => {
    const host = on(server);
    await apply(host);
    let isDead = false;
    const dying: GateHost = {
      ...host,
      run: (argv, options) => {
        if (argv[0] === "ip6tables-restore" && options?.stdin !== undefined) isDead = true;
        return isDead ? Promise.race([]) : host.run(argv, options);
      },
    };
    const changed = OTHER.replace("21001", "21009");
    const died = until("the command to be dead", () => isDead);
    await Promise.race([applyPolicy(dying, policyOf(changed)), died]);
    await server.run(["pkill", "-f", `flock.*${server.runFolder}`], { mayFail: true });
    expect((await statusOn(host)).doors.map((door) => door.name)).toEqual(["ssh"]);
    await apply(host, changed);
    const tables = await rawTables(kind);
    expect(tables).toContain("--dport 21009");
    expect(tables).not.toContain("--dport 21001");
  });

  test("chains of our names that are not ours are a problem, and stay", async () => {
    const host = on(server);
    await server.run([`ip6tables-${kind}`, "--table", "raw", "--new-chain", "POSTERN"]);
    const theirs = await rawTables(kind);
    for (const done of [await applyPolicy(host, policyOf(POLICY)), await removeGate(host)]) {
      expect(done).toMatchObject({ ok: false, problems: [{ code: "host-not-ours" }] });
    }
    expect(await rawTables(kind)).toBe(theirs);
    await server.run([`ip6tables-${kind}`, "--table", "raw", "--delete-chain", "POSTERN"]);
  });

  test("a gate moves between nftables and iptables, and a rollback moves it back", async () => {
    const host = on(server);
    const nftables = POLICY.replace("iptables", "nftables");
    const hasTable = async () =>
      (await server.run(["nft", "list", "tables"])).stdout.includes("inet postern");
    await apply(host, nftables);
    await apply(host);
    expect([await hasTable(), (await statusOn(host)).backend]).toEqual([false, "iptables"]);
    sure(await rollback(host));
    expect([await hasTable(), (await statusOn(host)).backend]).toEqual([true, "nftables"]);
    expect(await rawTables(kind)).not.toContain("POSTERN");
  });

  test("auto takes it where there is no nft, and says why", async () => {
    const host = on(server);
    const without: GateHost = {
      ...host,
      run: (argv, options) => host.run(argv[0] === "nft" ? ["no-such-nft"] : argv, options),
    };
    const applied = sure(await applyPolicy(without, policyOf(POLICY.replace("iptables", "auto"))));
    expect(applied.heldBy).toBe("iptables, because there is no nft command");
    expect((await statusOn(without)).backend).toBe("iptables");
  });
});

test("where the host has been told to use the other kind, a gate moves, and none is left behind", async () => {
  const [older, newer] = [IPTABLES_LEGACY.on(server), IPTABLES_NFT.on(server)];
  await apply(older);
  sure(await openDoor(older, "ssh", addressOf(A[0]), 99));
  expect((await knownOn(newer))["open"]).toEqual([A[0]]);
  await apply(newer);
  expect(await rawTables("legacy")).not.toContain("POSTERN");
  expect(await rawTables("nft")).toContain("-A PREROUTING -j POSTERN");
  expect((await knownOn(newer))["open"]).toEqual([A[0]]);
  sure(await removeGate(older));
  expect(await rawTables("nft")).not.toContain("POSTERN");
});

test("a host that has no gate in the older kind gets no table of it by being asked", async () => {
  const extra = await network.addHost("untouched");
  const host = IPTABLES_LEGACY.on(extra);
  expect(await readStatus(host)).toMatchObject({ problems: [{ code: "no-gate" }] });
  expect((await extra.run(["cat", "/proc/net/ip_tables_names"])).stdout).toBe("");
  expect(await readStatus(liveHost(extra))).toMatchObject({ problems: [{ code: "no-gate" }] });
});
