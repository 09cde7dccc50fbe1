/** A reload is one transaction: no packet slips through between the old rules and the new. */

import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { framesInOrder } from "./frames.ts";
import { gateOf, loadGate, removeGate } from "./gate.ts";
import { addressOf, makeNetwork, type Network, senderOf } from "./network.ts";
import { datagram, segment } from "./packets.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { readVerdicts, seatJudge } from "./verdicts.ts";
import { flood } from "./wire.ts";

const RELOADS = 1000;
const AT_MOST_SECONDS = 60;

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
  await listenOnBoth(network.server, { protocol: "tcp", port: 22 });
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

test(`${RELOADS} reloads during a flood let none of it through, and a knock works`, {
  timeout: 90_000,
}, async () => {
  const { client, server, link } = network;
  const files = GATES.map(() => server.newPath("gate.nft"));
  await Promise.all(GATES.map((policy, n) => writeFile(files[n] ?? "", gateOf(policy))));
  await loadGate(server, GATES[0] ?? "");
  await seatJudge(server);
  const packets = unwelcome();
  const flooding = await flood(link.client, framesInOrder(packets, link), {
    processor: 1,
    atMostSeconds: AT_MOST_SECONDS,
  });
  const begun = performance.now();
  const opened: boolean[] = [];
  for (let n = 0; n < RELOADS; n++) {
    const reload = server.run(["nft", "-f", files[n % 2] ?? ""]);
    if (n % 250 === 125) {
      for (const address of [link.server.ipv4, link.server.ipv6]) {
        await client.run(["knock", "-d", "20", address, "51001:tcp", "54040:udp", "52777:tcp"]);
        opened.push(await canConnect(client, address, 22));
      }
    }
    await reload;
  }
  const seconds = (performance.now() - begun) / 1000;
  const sent = await flooding.stop();
  const verdicts = await readVerdicts(server);
  expect(verdicts.passing(packets)).toEqual([]);
  expect(opened).toEqual(new Array(8).fill(true));
  expect(sent).toBeGreaterThan(1_000_000);
  expect(seconds).toBeLessThan(AT_MOST_SECONDS);
  await removeGate(server);
});

test("a gate with a look-up in an anonymous map would let some of it through", {
  timeout: 90_000,
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
    for (let n = 0; n < 50; n++) await server.run(["nft", "-f", file]);
    return (await readVerdicts(server)).passing(packets).length > 0;
  };
  await until("a leak", leaks, AT_MOST_SECONDS);
  await flooding.stop();
});
