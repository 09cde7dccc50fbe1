/** Whoever scans sees a door as a port on which nothing listens, or does not see it at all. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPolicy } from "../../src/gate/index.ts";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { loadGate, removeGate } from "./gate.ts";
import { EITHER_IPTABLES, HOLDERS, holdersOver } from "./holders.ts";
import { untilListening } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { scan } from "./scanner.ts";
import { connect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";
import { capture } from "./wire.ts";

const DOOR = { tcp: 22, udp: 5353 } as const;
const EMPTY = { tcp: 24, udp: 5355 } as const;

const TCP_SCANS = ["-sS", "-sA", "-sF", "-sX", "-sN", "-sM", "-sW", "-sT"];
const TRICKS = ["-sS -g 22", "-sF -g 53", "-sS --data-length 25", "-sA --badsum"];
const SCANS = {
  // nmap fragments IPv4 only, and not what the kernel sends for it (-sT).
  ipv4: [
    ...TCP_SCANS,
    ...TCP_SCANS.filter((flag) => flag !== "-sT").map((flag) => `${flag} -f`),
    "-sS -f -f",
    "-sS --ip-options R",
    ...TRICKS,
  ],
  ipv6: [...TCP_SCANS, ...TRICKS],
};

/** nmap asks who holds an address of its own link; the kernel's answer tells nothing of ports. */
const NEIGHBOURS = "arp or (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)";

function policy(refuse: "drop" | "reset"): string {
  return `
doors:
  ssh:
    protects: tcp/${DOOR.tcp}
    refuse: ${refuse}
    sequence: { steps: [51001, 54040, 52777] }
  voice:
    protects: udp/${DOOR.udp}
    refuse: ${refuse}
    sequence: { steps: [41001, 44040, 42777] }
`;
}

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  await listenOnBoth(network.server, { protocol: "tcp", port: DOOR.tcp });
  await listenOnBoth(network.server, { protocol: "udp", port: DOOR.udp });
});
afterAll(() => network.remove());

describe.each(FAMILIES)("over %s", (family) => {
  const address = () => network.link.server[family];

  test("without a gate scans tell the two ports apart", async () => {
    const findings = await scan(network.client, address(), [DOOR.tcp, EMPTY.tcp], "-sS");
    expect(findings.get(DOOR.tcp)?.state).toBe("open");
    expect(findings.get(EMPTY.tcp)?.state).toBe("closed");
    const stray = await scan(network.client, address(), [DOOR.tcp, EMPTY.tcp], "-sF");
    expect(stray.get(DOOR.tcp)).not.toEqual(stray.get(EMPTY.tcp));
  });

  describe("with refuse: reset", () => {
    beforeAll(() => loadGate(network.server, policy("reset")));
    afterAll(() => removeGate(network.server));

    test.each(SCANS[family])("nmap %s sees the door as an empty port", async (flags) => {
      const findings = await scan(network.client, address(), [DOOR.tcp, EMPTY.tcp], flags);
      expect(findings.get(DOOR.tcp)).toEqual(findings.get(EMPTY.tcp));
    });

    test("nmap -sU sees a door for datagrams as an empty port", async () => {
      const findings = await scan(network.client, address(), [DOOR.udp, EMPTY.udp], "-sU");
      expect(findings.get(DOOR.udp)?.state).toBe("closed");
      expect(findings.get(DOOR.udp)).toEqual(findings.get(EMPTY.udp));
    });
  });

  describe("with refuse: drop", () => {
    beforeAll(() => loadGate(network.server, policy("drop")));
    afterAll(() => removeGate(network.server));

    test.each([...SCANS[family], "-sU"])("nmap %s gets no packet back", async (flags) => {
      const port = flags === "-sU" ? DOOR.udp : DOOR.tcp;
      const watching = await capture(
        network.link.client,
        `src host ${address()} and not (${NEIGHBOURS})`,
      );
      const findings = await scan(network.client, address(), [port], flags);
      expect(findings.get(port)?.reason).toMatch(/^no-response/);
      expect(await watching.stop()).toEqual([]);
    });
  });

  describe.each(EITHER_IPTABLES)("held by $name", (holder) => {
    beforeAll(() => loadGate(network.server, policy("drop"), holder));
    afterAll(() => removeGate(network.server, holder));

    test("no scan of nmap gets a packet back", async () => {
      const watching = await capture(
        network.link.client,
        `src host ${address()} and not (${NEIGHBOURS})`,
      );
      const reasons = await Promise.all(
        [...SCANS[family], "-sU"].map(async (flags) => {
          const port = flags === "-sU" ? DOOR.udp : DOOR.tcp;
          const findings = await scan(network.client, address(), [port], flags);
          return `${flags}: ${findings.get(port)?.reason}`;
        }),
      );
      expect(reasons.filter((reason) => !reason.includes(": no-response"))).toEqual([]);
      expect(await watching.stop()).toEqual([]);
    });
  });
});

/** A listener can be bound to both families at once, or to one address alone. */
describe.each(HOLDERS)("wherever the service listens when $name gets the gate", (holder) => {
  const STRAYS = ["-sA", "-sF", "-sX", "-sN", "-sM", "-sW"];
  /** Where sources are remembered, one who has a session is told no stray segments from its own. */
  const STRANGER = { ipv4: "10.91.0.3/24", ipv6: "fd91::3/64" };
  const asStranger = (family: Family) =>
    holder.memory === "connections" ? "" : ` -e eth0 -S ${STRANGER[family].split("/")[0]}`;
  let other: Network;
  beforeAll(async () => {
    other = await makeNetwork();
    for (const address of Object.values(STRANGER)) {
      const added = ["address", "add", address, "dev", "eth0"];
      await other.client.run(["ip", ...added, ...(address.includes(":") ? ["nodad"] : [])]);
    }
  });
  afterAll(() => other.remove());

  const LISTENERS = [
    ["::", "ipv4", "45001"],
    ["::", "ipv6", "45002"],
    ["10.91.0.2", "ipv4", "45003"],
    ["fd91::2", "ipv6", "45004"],
  ] as const;
  test.each(LISTENERS.filter(([, family]) => holdersOver(family).includes(holder)))(
    "on %s, over %s no stray segment is answered and sessions go on",
    async (bound, family, ownPort) => {
      const { client, server, link } = other;
      const program = `require("node:net").createServer((s) => s.pipe(s)).listen(${DOOR.tcp}, "${bound}")`;
      const listener = server.start([process.execPath, "-e", program]);
      await untilListening(
        listener,
        { protocol: "tcp", port: DOOR.tcp },
        bound.includes(":") ? "ipv6" : "ipv4",
      );
      const own = ["-s", link.client[family], "-p", ownPort];
      const session = connect(client, link.server[family], DOOR.tcp, own);
      const echoes = async (word: string) => {
        session.write(`${word}\n`);
        await until(`the echo of ${word}`, () => session.stdout().includes(word));
      };
      await echoes("before");
      const text = `backend: ${holder.backend.name}\n${policy("drop")}`;
      sure(await applyPolicy(holder.on(server), policyOf(text)));
      await echoes("guarded");
      const notItsOwn = `src port ${DOOR.tcp} and not dst port ${ownPort}`;
      const watching = await capture(link.client, notItsOwn);
      await Promise.all(
        STRAYS.map((flags) =>
          scan(client, link.server[family], [DOOR.tcp], `${flags}${asStranger(family)}`),
        ),
      );
      expect(await watching.stop()).toEqual([]);
      await echoes("after");
      await Promise.all([session.stop(), listener.stop()]);
      await removeGate(server, holder);
    },
  );
});
