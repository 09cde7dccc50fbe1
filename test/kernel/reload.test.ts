/**
 * A reload is one transaction (on iptables one for each family): no packet slips through between
 * the old rules and the new.
 */

import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSaved, printRules, printTransaction } from "../../src/backend/iptables/index.ts";
import { FAMILIES } from "../../src/policy/address.ts";
import { programOf } from "../setup/policy.ts";
import { framesInOrder } from "./frames.ts";
import { gateOf, loadGate, removeGate } from "./gate.ts";
import { EITHER_IPTABLES, type Holder, NFTABLES } from "./holders.ts";
import { untilListening } from "./host.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, segment } from "./packets.ts";
import { canConnect, connect } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { flood } from "./wire.ts";

/** Far more than it takes, also on a machine that has other things to do. */
const AT_MOST_SECONDS = 150;

/** Two gates that shut the same door in different words. */
const GATES = [
  `
doors:
  ssh: { protects: [tcp/22, udp/5353], sequence: { steps: [51001, udp/54040, tcp/52777], within: 5s } }
`,
  `
trusted: [192.0.2.1]
doors:
  web: { protects: tcp/8080, sequence: { steps: [41001, 44040, ping/63] } }
  ssh: { protects: [tcp/22, udp/5353], refuse: reset, sequence: { steps: [51001, udp/54040, tcp/52777], within: 5s } }
`,
];

/**
 * Of iptables one kind after the other, and each reload is two programs: fewer have to do. A gate
 * that leaks does so in the first dozens, as the tests at the end of this file show.
 */
const RELOADS = [
  { holder: NFTABLES, reloads: 200, frames: 200_000 },
  ...EITHER_IPTABLES.map((holder) => ({ holder, reloads: 40, frames: 25_000 })),
];

/** Kernel fact 7: this test can see what it looks for. */
const LEAKY_GATE = `
table inet leaky
flush table inet leaky
table inet leaky {
  chain door {
    drop
  }
  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    th dport vmap { 22 : goto door, 5353 : goto door, 51000-55000 : goto door }
  }
}
`;

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  const service = { protocol: "tcp", port: 22 } as const;
  const echo = `require("node:net").createServer((s) => s.on("error", () => {}).pipe(s)).listen(${service.port}, "::")`;
  await untilListening(network.server.start([process.execPath, "-e", echo]), service, "ipv6");
});
afterAll(() => network.remove());

/** SYNs, strays and datagrams of one source a family; each has an id. */
function unwelcome() {
  return FAMILIES.flatMap((family) => {
    const ends = {
      source: senderOf(family, 0),
      destination: addressOf(network.link.server[family]),
    };
    return [
      segment({ ...ends, port: 22, flags: ["syn"] }),
      segment({ ...ends, port: 22, flags: ["syn"], sourcePort: 40001 }),
      segment({ ...ends, port: 22, flags: ["ack"] }),
      datagram({ ...ends, port: 5353 }),
    ];
  });
}

/** Puts the one gate in the place of the other, by turns; the first of them stands. */
async function reloaderOf(holder: Holder): Promise<(n: number) => Promise<void>> {
  const { server } = network;
  const commands =
    holder === NFTABLES
      ? GATES.map((policy) => ["nft -f", gateOf(policy)] as const)
      : await transactionsOf(holder);
  const lines = await Promise.all(
    commands.map(async ([command, text]) => {
      const file = server.newPath("gate");
      await writeFile(file, text);
      return command.replaceAll("FILE", file).replace(/ -f$/, ` -f ${file}`);
    }),
  );
  return async (n) => {
    await server.run(["sh", "-c", lines[n % 2] ?? ""]);
  };
}

/** What a load of the one where the other stands hands to the programs of both families. */
async function transactionsOf(holder: Holder): Promise<(readonly [string, string])[]> {
  const { server } = network;
  const texts: string[] = [];
  for (const policy of GATES.toReversed()) {
    const other = GATES.find((one) => one !== policy) ?? "";
    await loadGate(server, withDrop(other), holder);
    const { stdout } = await server.run([`${holder.name}-save`, "-c", "-t", "raw"]);
    const rules = printRules(programOf(withDrop(policy), "sources"));
    texts.unshift(printTransaction(rules, parseSaved(stdout)));
  }
  await loadGate(server, withDrop(GATES[0] ?? ""), holder);
  const restore = [holder.name, holder.name.replace("ip", "ip6")].map(
    (stem) => `${stem}-restore --noflush --counters <FILE`,
  );
  return texts.map((text) => [restore.join(" && "), text]);
}

/** Whether the door then opens, of each family. */
async function knockAndEnter(): Promise<boolean[]> {
  const opened: boolean[] = [];
  for (const address of FAMILIES.map((family) => network.link.server[family])) {
    await network.client.run(["knock", "-d", "20", address, "51001:tcp", "54040:udp", "52777:tcp"]);
    opened.push(await canConnect(network.client, address, 22));
  }
  return opened;
}

/** iptables knows no other. */
function withDrop(policy: string): string {
  return policy.replace("refuse: reset,", "");
}

describe.each(RELOADS)("held by $holder.name", ({ holder, reloads, frames }) => {
  test(`${reloads} reloads during a flood let none of it through, a knock works, a session goes on`, {
    timeout: 200_000,
  }, async () => {
    const { client, server, link } = network;
    const sessions = FAMILIES.map((family) => connect(client, link.server[family], 22));
    for (const session of sessions) session.write("before\n");
    await until("every session", () => sessions.every((one) => one.stdout() !== ""));
    await loadGate(server, withDrop(GATES[0] ?? ""), holder);
    const reload = await reloaderOf(holder);
    await seatJudge(server);
    const packets = unwelcome();
    const flooding = await flood(link.client, framesInOrder(packets, link), {
      processor: 1,
      atMostSeconds: AT_MOST_SECONDS,
    });
    const begun = performance.now();
    const opened: boolean[] = [];
    for (let n = 0; n < reloads; n++) {
      const reloaded = reload(n + 1);
      for (const session of sessions) session.write(`${n}\n`);
      if (n % (reloads / 4) === reloads / 8) opened.push(...(await knockAndEnter()));
      await reloaded;
    }
    const all = ["before", ...Array.from({ length: reloads }, (_, n) => n), ""].join("\n");
    await until("all to come back", () => sessions.every((one) => one.stdout() === all));
    const seconds = (performance.now() - begun) / 1000;
    const sent = await flooding.stop();
    const verdicts = await readVerdicts(server);
    expect(verdicts.passing(packets)).toEqual([]);
    expect(opened).toEqual(new Array(8).fill(true));
    expect(sent).toBeGreaterThan(frames);
    expect(seconds).toBeLessThan(AT_MOST_SECONDS);
    await removeGate(server, holder);
    for (const session of sessions) await session.stop();
  });
});

test("a gate with a look-up in an anonymous map would let some of it through", {
  timeout: 200_000,
}, async () => {
  const { server, link } = network;
  const file = server.newPath("leaky.nft");
  await writeFile(file, LEAKY_GATE);
  await server.run(["nft", "-f", file]);
  await seatJudge(server);
  const packets = unwelcome();
  const flooding = await flood(link.client, framesInOrder(packets, link), {
    processor: 1,
    atMostSeconds: AT_MOST_SECONDS,
  });
  const leaks = async () => {
    await server.run(["sh", "-c", `for n in $(seq 50); do nft -f ${file} || exit; done`]);
    return (await readVerdicts(server)).passing(packets).length > 0;
  };
  await until("a leak", leaks, AT_MOST_SECONDS);
  await flooding.stop();
  await server.run(["nft", "delete", "table", "inet", "leaky"]);
});

test.each(EITHER_IPTABLES)(
  "a reload of $name in two transactions would let some of it through",
  {
    timeout: 200_000,
  },
  async (holder) => {
    const { server, link } = network;
    await loadGate(server, withDrop(GATES[0] ?? ""), holder);
    await seatJudge(server);
    const packets = unwelcome();
    const flooding = await flood(link.client, framesInOrder(packets, link), {
      processor: 1,
      atMostSeconds: AT_MOST_SECONDS,
    });
    const jump = (how: string) => `${holder.name} -t raw ${how} PREROUTING -j POSTERN`;
    const leaks = async () => {
      await server.run(["sh", "-c", `for n in 1 2 3 4 5; do ${jump("-D")}; ${jump("-I")}; done`]);
      return (await readVerdicts(server)).passing(packets).length > 0;
    };
    await until("a leak", leaks, AT_MOST_SECONDS);
    await flooding.stop();
    await removeGate(server, holder);
  },
);
