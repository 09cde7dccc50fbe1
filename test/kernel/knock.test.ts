/** Our own client, typed by somebody who is not root, at a real gate. */
import { chmodSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Client, clientOn } from "./client.ts";
import { countMembers, loadGate, removeGate } from "./gate.ts";
import { HOLDERS, NFTABLES } from "./holders.ts";
import type { Output } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";

const SSH = `
doors:
  ssh:
    protects: tcp/22
    sequence: { steps: [21001, udp/24040, tcp/22777] }
`;

/** The server, over both families. */
const NAME = "gate.test";

let bundle: Bundle;
let network: Network;
let client: Client;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  client = clientOn(network.client, bundle);
  nameHosts(network.client, { [NAME]: [server("ipv4"), server("ipv6")] });
  await listenOnBoth(network.server, { protocol: "tcp", port: 22 });
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await network.server.run(["nft", "flush", "ruleset"]);
});

function server(family: Family): string {
  return network.link.server[family];
}

/** Of a policy's gate on the server, and of the same doors in the client's profiles. */
async function gateOf(policy: string, known = policy, holder = NFTABLES): Promise<void> {
  await loadGate(network.server, policy, holder);
  client.knows({ [server("ipv4")]: known, [server("ipv6")]: known, [NAME]: known });
}

function grants(family: Family, holder = NFTABLES): Promise<number> {
  return countMembers(network.server, family, "grants", holder);
}

/** What the command says, without the time that it took. */
function said({ status, stdout, stderr }: Output) {
  const timeless = (text: string) => text.replaceAll(/\(\d+(\.\d)? m?s\)/g, "(TIME)");
  return { status, stdout: timeless(stdout), stderr: timeless(stderr) };
}

describe.each(HOLDERS)("a gate on $name", (holder) => {
  beforeEach(() => gateOf(SSH, SSH, holder));
  afterAll(() => removeGate(network.server, holder));

  test.each(FAMILIES)("opens to a knock over %s, and the service can be used", async (family) => {
    expect(await canConnect(network.client, server(family), 22)).toBe(false);
    expect(said(await client.postern(`knock ${server(family)}`))).toEqual({
      status: 0,
      stdout: `ssh of ${server(family)} is open for 10s: ${server(family)} (TIME)\n`,
      stderr: "",
    });
    expect(await canConnect(network.client, server(family), 22)).toBe(true);
  });
});

describe("a name with addresses of both families", () => {
  const openTo = async () => [await grants("ipv4"), await grants("ipv6")];

  test.each([
    ["", [1, 1]],
    [" -4", [1, 0]],
    [" -6", [0, 1]],
    [" --no-wait", [1, 1]],
  ])("is knocked at with%s: grants for IPv4 and IPv6 are %j", async (options, granted) => {
    await gateOf(SSH);
    const { status, stderr } = await client.postern(`knock ${NAME}${options}`);
    expect([status, stderr]).toEqual([0, ""]);
    expect(await openTo()).toEqual(granted);
  });

  test("opens over the family that the client has", async () => {
    await gateOf(SSH);
    const { host, interface: device, ipv6 } = network.link.client;
    await host.run(["ip", "-6", "addr", "del", `${ipv6}/64`, "dev", device]);
    const { status, stdout } = said(await client.postern(`knock ${NAME}`));
    await host.run(["ip", "-6", "addr", "add", `${ipv6}/64`, "dev", device, "nodad"]);
    expect([status, stdout]).toEqual([0, `ssh of ${NAME} is open for 10s: 10.91.0.2 (TIME)\n`]);
  });

  test("opens over one of them when packets of the other get lost on the way, and says so", async () => {
    await gateOf(SSH);
    await network.server.run(["nft", "-f", "-"], { stdin: NO_IPV6 });
    const { status, stdout } = said(await client.postern(`knock ${NAME}`));
    expect([status, stdout]).toEqual([
      0,
      `ssh of ${NAME} is open for 10s: 10.91.0.2 (TIME); but fd91::2 had not opened by then\n`,
    ]);
  });

  test("that no way leads to: nothing can be knocked at", async () => {
    const away = "198.51.100.9";
    client.knows({ [away]: SSH, "nowhere.test": SSH });
    const { status, stderr } = await client.postern(`knock ${away}`);
    expect([status, stderr]).toEqual([4, `postern: there is no way from this host to ${away}\n`]);
    const unnamed = await client.postern("knock nowhere.test");
    expect(unnamed.status).toBe(4);
    expect(unnamed.stderr).toMatch(/^postern: nowhere.test has no address that can be found/);
  });
});

/** Before the gate, which then sees none of it. */
const NO_IPV6 = `
table inet blackhole {
  chain every {
    type filter hook prerouting priority -400; meta nfproto ipv6 meta l4proto { tcp, udp } drop
  }
}
`;

/** In the order of src/view/knock.ts. */
describe("what is said", () => {
  test("of a door that lets one connection in, that it was not tried; and it lets one in", async () => {
    const single = SSH.replace("tcp/22\n", "tcp/22\n    single-use: true\n");
    await gateOf(single);
    const { status, stdout } = said(await client.postern(`knock ${server("ipv4")}`));
    expect([status, stdout]).toEqual([
      0,
      "knocked at ssh of 10.91.0.2, 10.91.0.2 (TIME); if it opened, then for one connection within 10s, which a try would be\n",
    ]);
    expect(await canConnect(network.client, server("ipv4"), 22)).toBe(true);
    expect(await canConnect(network.client, server("ipv4"), 22)).toBe(false);
  });

  test("of a UDP service, that it does not say; and it is open", async () => {
    await gateOf(SSH.replace("tcp/22", "udp/51820"));
    const { status, stdout } = said(await client.postern(`knock [${server("ipv6")}]:ssh`));
    expect([status, stdout]).toEqual([
      0,
      "knocked at ssh of fd91::2, fd91::2 (TIME); if it opened, then for 10s: a UDP service does not say\n",
    ]);
    expect(await grants("ipv6")).toBe(1);
  });

  test("of steps that are others by now: that it is not open, and what to try", async () => {
    await gateOf(SSH, SSH.replace("22777", "22778"));
    expect(said(await client.postern(`knock ${server("ipv4")}`))).toEqual({
      status: 4,
      stdout: "",
      stderr: `postern: ssh of 10.91.0.2 is not open: at tcp/22 10.91.0.2 does not answer (TIME)
  try it from another network: this one, or one on the way, may hold back some of the steps
  on the host, \`postern explain ADDRESS ssh\` says what the gate makes of you, and
  \`postern profile export ssh\` what the steps are today; here, -v shows each packet
`,
    });
  });

  test("of a door behind which nothing listens: that it refuses", async () => {
    await gateOf(SSH.replace("tcp/22\n", "tcp/23\n"));
    const { status, stderr } = said(await client.postern(`knock ${server("ipv4")}`));
    expect(status).toBe(4);
    expect(stderr).toContain(
      "at tcp/23 10.91.0.2 refuses (TIME)\n  a refusal means that the door is",
    );
  });

  test("of profiles that others can read: that nothing is sent", async () => {
    await gateOf(SSH);
    chmodSync(client.profiles, 0o640);
    const { status, stderr } = await client.postern(`knock ${server("ipv4")}`);
    expect(status).toBe(1);
    expect(stderr).toContain(`hosts.yaml" is there for others too`);
    expect(await countMembers(network.server, "ipv4", "stage")).toBe(0);
  });

  test("with -v, each packet and what came back", async () => {
    await gateOf(SSH);
    const { stderr } = await client.postern(`knock -v ${server("ipv4")}`);
    const lines = stderr.split("\n").map((line) => line.replace(/^ *[\d.]+ ms {2}/, ""));
    expect(lines[0]).toBe("10.91.0.2  tcp/21001  sent");
    expect(lines).toContain("10.91.0.2  tcp/21001  refused");
    expect(lines.slice(-3)).toEqual(["10.91.0.2  tcp/22  sent", "10.91.0.2  tcp/22  accepted", ""]);
  });
});

describe("from a program", () => {
  let library: Bundle;
  beforeAll(() => {
    library = makeBundle("src/client/library.ts");
  });
  afterAll(() => library.remove());

  const DOORS = {
    ssh: { protects: "tcp/22", sequence: { steps: [21001, "udp/24040", "tcp/22777"] } },
  };
  /** What a program prints that knocks at a host with these doors: the outcome, or what is thrown. */
  const outcomeOf = async (host: string, doors: object): Promise<unknown> => {
    const program = `
      import { knock, KnockError } from ${JSON.stringify(library.file)};
      const told = await knock(${JSON.stringify(host)}, { doors: ${JSON.stringify(doors)} }).then(
        ({ open, door, addresses }) => ({ open, door, states: addresses.map(({ state }) => state) }),
        (error) => error instanceof KnockError && error.problems.map(({ code }) => code),
      );
      console.log(JSON.stringify(told));`;
    const argv = [process.execPath, "--input-type=module", "-e", program];
    return JSON.parse((await network.client.run(argv)).stdout);
  };

  test("the same knock opens the door, and says so", async () => {
    await gateOf(SSH);
    expect(await outcomeOf(server("ipv6"), DOORS)).toEqual({
      ...{ open: true, door: "ssh", states: ["open"] },
    });
    expect(await grants("ipv6")).toBe(1);
  });

  test("a door that stays shut is a result", async () => {
    await gateOf(SSH.replace("22777", "22778"));
    expect(await outcomeOf(server("ipv4"), DOORS)).toMatchObject({ open: false });
  });

  test("what cannot be understood is thrown, with every problem", async () => {
    const doors = { ssh: { protects: "tcp/99999", sequence: { steps: ["tcp/0"] } } };
    expect(await outcomeOf(server("ipv4"), doors)).toEqual(["not-a-port", "not-a-port"]);
  });
});
