/** Gates on a real kernel: put up, put up again, changed, taken away, several at once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { applyPolicy, banSource, openDoor, readStatus, removeGate } from "../../src/gate/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { policyOf, programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { framesInOrder } from "./frames.ts";
import { applyTo, liveHost, membersOn, staleOn } from "./live-host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, syn } from "./packets.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { send } from "./wire.ts";

const POLICY = `
ipv6-prefix: 64
trusted: [192.0.2.0/24]
ban: { after: 2, within: 1h, for: 2h }
log: true
doors:
  ssh:
    protects: tcp/22
    open-for: 1h
    refuse: reset
    sequence: { steps: [tcp/51001, tcp/51005, tcp/51003], within: 1h }
  once:
    protects: tcp/23
    single-use: true
    open-for: 1h
    refuse: reset
    sequence: { steps: [41001], within: 1h }
  talk:
    protects: udp/5353
    open-for: 1h
    session-idle: 1h
    sequence: { steps: [31001] }
`;

let network: Network;
let host: GateHost;
beforeAll(async () => {
  network = await makeNetwork();
  host = liveHost(network.server);
  await listenOnBoth(network.server, { protocol: "tcp", port: 22 });
});
afterAll(() => network.remove());
afterEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
});

const apply = (text: string) => applyTo(host, text);
const staleUnder = (text: string) => staleOn(network.server, text);
const membersNow = () => membersOn(host);

/** A source of each kind that a gate knows, over both families. */
async function makeState(): Promise<void> {
  const packets = FAMILIES.flatMap((family) => {
    const to = (n: number) => ({
      source: senderOf(family, n),
      destination: addressOf(network.link.server[family]),
    });
    const steps = (n: number, ...ports: readonly number[]) =>
      ports.map((port) => syn({ ...to(n), port }));
    return [
      ...steps(1, 51001),
      ...steps(2, 51001, 51005),
      ...steps(3, 51001, 51005, 51003, 22),
      ...steps(4, 41001),
      datagram({ ...to(5), port: 31001 }),
      datagram({ ...to(5), port: 5353 }),
      ...steps(6, 51001, 51004),
      ...steps(7, 51001, 51004, 51001, 51004),
      ...steps(8, 22),
    ];
  });
  await send(network.link.client, framesInOrder(packets, network.link));
  for (const address of ["203.0.113.9", "2001:db8:9::9"]) {
    sure(await banSource(host, addressOf(address), undefined));
  }
}

const ALL: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ...["ssh_stage1_", "ssh_stage2_", "ssh_grants", "once_single_grants", "talk_grants"],
    ...["talk_sessions", "wrong", "auto_banned", "banned"],
  ].flatMap((stem) => ["4", "6"].map((digit) => [`${stem}${digit}`, 1])),
);

/** The whole ruleset but for what passes by itself: times that fall, and the handles of rules. */
async function listRuleset(): Promise<unknown> {
  const { stdout } = await network.server.run(["nft", "--json", "list", "ruleset"]);
  return JSON.parse(stdout, (key, value: unknown) =>
    key === "expires" || key === "handle" ? undefined : value,
  );
}

describe("applying", () => {
  test("a policy twice changes nothing", async () => {
    await apply(POLICY);
    await makeState();
    expect(await membersNow()).toEqual(ALL);
    const before = await listRuleset();
    await apply(POLICY);
    expect(await listRuleset()).toEqual(before);
  });

  test.each([
    [
      "how long a door is open",
      "protects: tcp/22\n    open-for: 1h",
      "protects: tcp/22\n    open-for: 2h",
      [],
    ],
    ["what is trusted, logged and refused", "trusted: [192.0.2.0/24]", "", []],
    ["the second step", "tcp/51005", "tcp/51006", ["ssh_stage2_4", "ssh_stage2_6"]],
    [
      "the first step",
      "tcp/51001",
      "tcp/51002",
      ["ssh_stage1_4", "ssh_stage1_6", "ssh_stage2_4", "ssh_stage2_6"],
    ],
    [
      "what a door protects",
      "protects: tcp/22",
      "protects: tcp/24",
      ["ssh_grants4", "ssh_grants6"],
    ],
    ["single use", "    single-use: true\n", "", ["once_single_grants4", "once_single_grants6"]],
    [
      "automatic bans",
      "ban: { after: 2, within: 1h, for: 2h }",
      "",
      ["wrong4", "wrong6", "auto_banned4", "auto_banned6"],
    ],
    [
      "how IPv6 knockers are told apart",
      "ipv6-prefix: 64",
      "ipv6-prefix: 56",
      Object.keys(ALL).filter((name) => name.endsWith("6")),
    ],
    [
      "a door that is gone",
      POLICY.slice(POLICY.indexOf("  talk:")),
      "",
      ["talk_grants4", "talk_grants6", "talk_sessions4", "talk_sessions6"],
    ],
  ])("a change of %s keeps what still means the same", async (_, from, to, lost) => {
    await apply(POLICY);
    await makeState();
    const changed = POLICY.replace(from, to);
    await apply(changed);
    const left = Object.entries(ALL).filter(([name]) => !lost.includes(name));
    expect(await membersNow()).toEqual(Object.fromEntries(left));
    expect(await staleUnder(changed)).toEqual([]);
  });

  test("counts on where the old gate stopped", async () => {
    await apply(POLICY);
    await makeState();
    await apply(POLICY.replace("open-for: 1h", "open-for: 2h"));
    const [ssh] = sure(await readStatus(host)).doors;
    expect(ssh?.counters).toEqual({ refused: 2, open: 2, wrong: 6, banned: 2 });
  });

  test("a policy in the other form of every set and back again works", async () => {
    const other = POLICY.replaceAll("refuse: reset", "refuse: drop").replace(
      "single-use: true",
      "single-use: false",
    );
    for (const text of [POLICY, other, POLICY]) {
      await apply(text);
      expect(await staleUnder(text)).toEqual([]);
    }
  });

  test("clears away what others put into the table", async () => {
    await apply(POLICY);
    await network.server.run(["nft", "-f", "-"], {
      stdin: `table inet postern {
        chain theirs {
        }
        chain more {
          tcp dport 25 drop
        }
        map ways {
          type ipv4_addr : verdict
          elements = { 192.0.2.1 : jump theirs, 192.0.2.2 : goto more }
        }
        set friends {
          type ipv4_addr
          elements = { 192.0.2.1 }
        }
        counter some {
        }
        chain prerouting {
          ip saddr vmap @ways
          ip saddr @friends counter name some accept
        }
      }
      `,
    });
    await apply(POLICY);
    expect(await staleUnder(POLICY)).toEqual([]);
  });

  test("wakes a table that somebody put to sleep", async () => {
    await apply(POLICY);
    await network.server.run(["nft", "add", "table", "inet", "postern", "{ flags dormant; }"]);
    expect(await canConnect(network.client, network.link.server.ipv4, 22)).toBe(true);
    await apply(POLICY);
    expect(await canConnect(network.client, network.link.server.ipv4, 22)).toBe(false);
  });
});

describe("beside others", () => {
  const OTHERS = `table inet filter {
  set friends {
    type ipv4_addr
    elements = { 10.91.0.1 }
  }
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 25 drop
  }
}
table ip postern {
  chain theirs {
  }
}
`;

  test("removing leaves nothing of ours and everything of theirs", async () => {
    await network.server.run(["nft", "-f", "-"], { stdin: OTHERS });
    const before = await listRuleset();
    await apply(POLICY);
    await makeState();
    expect(sure(await removeGate(host)).found).toBe("removed");
    expect(await listRuleset()).toEqual(before);
    expect(sure(await removeGate(host)).found).toBe("there was none");
  });

  test("removing leaves an empty ruleset where there was nothing else", async () => {
    await apply(POLICY);
    await removeGate(host);
    expect((await network.server.run(["nft", "list", "ruleset"])).stdout).toBe("");
  });

  test("a table of our name that somebody else made stays as it is", async () => {
    const theirs =
      "table inet postern {\n chain input {\n type filter hook input priority 0;\n tcp dport 25 drop\n }\n}\n";
    await network.server.run(["nft", "-f", "-"], { stdin: theirs });
    const before = await listRuleset();
    const results = [
      await applyPolicy(host, policyOf(POLICY)),
      await removeGate(host),
      await readStatus(host),
      await banSource(host, addressOf("192.0.2.7"), undefined),
    ];
    for (const result of results)
      expect(result).toMatchObject({ problems: [{ code: "host-not-ours" }] });
    expect(await listRuleset()).toEqual(before);
  });

  test("a table of our name with nothing in it becomes ours", async () => {
    await network.server.run(["nft", "add", "table", "inet", "postern"]);
    await apply(POLICY);
    expect(await staleUnder(POLICY)).toEqual([]);
  });
});

describe("several at the same time", () => {
  const OTHER = POLICY.replace("tcp/51001", "tcp/51002").replace("  talk:", "  speak:");

  test("of two who apply a policy one is told who is at it, and the gate is whole", async () => {
    for (let round = 0; round < 8; round += 1) {
      const results = await Promise.all(
        [POLICY, OTHER].map((text) => applyPolicy(host, policyOf(text))),
      );
      const told = results.flatMap((result) => (result.ok ? [] : result.problems));
      for (const { code, what } of told) {
        expect(code).toBe("gate-busy");
        expect(what).toMatch(/ is changing the gate$/);
      }
      expect(told.length).toBeLessThan(2);
      const stale = [await staleUnder(POLICY), await staleUnder(OTHER)];
      expect(stale).toContainEqual([]);
    }
  });

  test("rules that are loaded by hand meanwhile do not stay beside those of an apply", async () => {
    const byHand = printNftables(programOf(OTHER));
    for (let round = 0; round < 8; round += 1) {
      const [applied] = await Promise.all([
        applyPolicy(host, policyOf(POLICY)),
        network.server.run(["nft", "-f", "-"], { stdin: byHand, mayFail: true }),
      ]);
      expect(applied.ok).toBe(true);
    }
  });

  test("changes by hand during an apply are all made", async () => {
    await apply(POLICY);
    const sources = Array.from({ length: 10 }, (_, n) => senderOf("ipv4", n));
    await Promise.all([
      ...sources.map((source) => openDoor(host, "ssh", source, 600)),
      applyPolicy(host, policyOf(POLICY)),
    ]);
    expect(await membersNow()).toEqual({ ssh_grants4: 10 });
  });
});
