/** What `postern explain` says is what then happens to real packets. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

const POLICY = `ipv6-prefix: 64
trusted:
  - 10.91.1.0/24
  - fd91:0:0:1::/64
ban: { after: 2, within: 1m, for: 1h }
doors:
  ssh:
    protects: tcp/22
    refuse: reset
    sequence: { steps: [51001, udp/54040, tcp/52777], within: 1m }
    open-for: 1m
  hand:
    protects: tcp/443
    refuse: reset
`;

let bundle: Bundle;
let network: Network;
let server: Host;
/** The policy, compiled. */
let rules: string;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork({ links: 2 });
  server = network.server;
  writeFileSync(`${bundle.folder}/policy.yaml`, POLICY);
  for (const port of [22, 443]) await listenOnBoth(server, { protocol: "tcp", port });
  rules = (await postern("compile", `${bundle.folder}/policy.yaml`)).stdout;
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await server.run(["nft", "-f", "-"], { stdin: `flush ruleset\n${rules}` });
});

/** The command on the server, with the folder of the bundle in the place of /etc/postern. */
function postern(...args: readonly string[]) {
  const env = ["env", `POSTERN_DIR=${bundle.folder}`, `POSTERN_RUN_DIR=${bundle.folder}/run`];
  return server.run([...env, process.execPath, bundle.file, ...args], { mayFail: true });
}

async function explain(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await postern("explain", ...args);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout
    .replaceAll(/\b[1-5]\d (s left|s$)/gm, "NN $1")
    .replaceAll(/\b59 min left/g, "N min left")
    .replaceAll(bundle.folder, "FOLDER");
}

describe.each(FAMILIES)("over %s", (family: Family) => {
  const client = () => network.link.client[family];
  const knock = (...steps: readonly string[]) =>
    network.client.run(["knock", "-d", "20", network.link.server[family], ...steps]);
  const reaches = (link = 0) =>
    canConnect(network.client, network.links[link]?.server[family] ?? "", 22);
  const one = family === "ipv6" ? "  all of fd91::/64 count as one source\n" : "";

  test("who has done nothing is refused, and told the knock", async () => {
    expect(await explain(client())).toBe(`${client()}
${one}
ssh
  tcp/22  refused: no grant
  no step made; the knock is 51001 udp/54040 tcp/52777
  each within 1m of the one before

hand
  tcp/443  refused: no grant
  nothing opens it but \`postern open hand ${client()}\`
`);
    expect(await reaches()).toBe(false);
  });

  test("who is part way is told the next step, and it is the one that opens", async () => {
    await knock("51001:tcp", "54040:udp");
    const step = "step 3 of 3 is next: tcp/52777, within NN s";
    await until("two steps to be there", async () =>
      (await explain(client(), "ssh")).includes(step),
    );
    expect(await explain(client(), "ssh")).toBe(`${client()}
${one}
ssh
  tcp/22  refused: no grant
  2 of 3 steps made: 51001 udp/54040
  ${step}
  any other packet to 51001-54040 starts over
`);
    await knock("52777:tcp");
    await until("the door to be open", async () => (await explain(client())).includes("passes"));
    expect(await explain(client(), "ssh")).toBe(
      `${client()}\n${one}\nssh\n  tcp/22  passes: open, NN s left\n`,
    );
    expect(await reaches()).toBe(true);
  });

  test("who made a wrong step is told of it, and who made too many that a ban was earned", async () => {
    await knock("51001:tcp", "52000:tcp");
    await until("a wrong step", async () => (await explain(client())).includes("wrong step"));
    expect(await explain(client(), "ssh")).toContain(
      "  has made a wrong step; 2 ban; they are forgotten in NN s\n",
    );
    await knock("51001:tcp", "52000:tcp");
    await until("a ban", async () => (await explain(client())).includes("banned"));
    expect(await explain(client(), "ssh")).toBe(`${client()}
${one}  banned for wrong steps, N min left; \`postern unban ${client()}\` lifts it

ssh
  tcp/22  refused: banned
  no step made; the knock is 51001 udp/54040 tcp/52777
  each within 1m of the one before
  no knock opens it while the ban lasts
`);
    await postern("unban", client());
    expect(await explain(client(), "ssh")).toContain("refused: no grant");
  });

  test("who is banned by hand is told so, until when", async () => {
    await postern("ban", client());
    expect(await explain(client(), "hand")).toContain(
      `  banned by hand, until lifted; \`postern unban ${client()}\` lifts it\n`,
    );
  });

  test("who is trusted is told the line of the policy", async () => {
    const trusted = network.links[1]?.client[family] ?? "";
    const [line, prefix] = family === "ipv4" ? [3, "10.91.1.0/24"] : [4, "fd91:0:0:1::/64"];
    const text = await explain(trusted, "ssh");
    expect(text).toContain(`  trusted by line ${line} of FOLDER/policy.yaml: ${prefix}\n`);
    expect(text).toContain("  tcp/22  passes: trusted\n");
    expect(await reaches(1)).toBe(true);
  });

  test("the host's own addresses are not judged", async () => {
    for (const own of [network.link.server[family], family === "ipv4" ? "127.0.0.1" : "::1"]) {
      const text = await explain(own, "ssh");
      expect(text).toContain("  an address of this host: it comes by loopback, which has no doors");
      expect(text).toContain("  tcp/22  passes: not judged\n");
    }
    expect(await canConnect(server, network.link.server[family], 22)).toBe(true);
  });

  test("where a set is full, no knock opens", async () => {
    const crowd = Array.from({ length: 65_536 }, (_, n) =>
      family === "ipv4" ? `10.200.${n >> 8}.${n & 255}` : `2001:db8:1:${n.toString(16)}::`,
    );
    const set = `ssh_grants${family === "ipv4" ? 4 : 6}`;
    const stdin = `add element inet postern ${set} { ${crowd.map((each) => `${each} timeout 1h`)} }\n`;
    await server.run(["nft", "-f", "-"], { stdin });
    const full = "  no knock opens it now: a set is full, `postern status` shows which\n";
    expect(await explain(client(), "ssh")).toContain(full);
    await knock("51001:tcp", "54040:udp", "52777:tcp");
    expect(await reaches()).toBe(false);
    const other = family === "ipv4" ? network.link.client.ipv6 : network.link.client.ipv4;
    expect(await explain(other, "ssh")).not.toContain(full);
  });

  test("for scripts the same facts are an object", async () => {
    await knock("51001:tcp");
    await until("a step", async () => (await explain(client())).includes("1 of 3"));
    const { stdout } = await postern("explain", client(), "ssh", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      address: client(),
      isOfThisHost: false,
      trustedBy: null,
      bans: [],
      doors: [
        {
          name: "ssh",
          visits: [{ protocol: "tcp", services: ["tcp/22"], passes: false, why: "no-grant" }],
          attempt: { made: 1, withinSeconds: 60, wouldEnd: "opens" },
        },
      ],
    });
  });
});

test("a door that there is not is a problem, and so is a policy that the gate was not made of", async () => {
  const none = await postern("explain", "192.0.2.7", "web");
  expect([none.status, none.stderr]).toEqual([1, expect.stringContaining("[no-such-door]")]);
  writeFileSync(`${bundle.folder}/policy.yaml`, POLICY.replace("52777", "52778"));
  const other = await postern("explain", "192.0.2.7");
  writeFileSync(`${bundle.folder}/policy.yaml`, POLICY);
  expect([other.status, other.stderr]).toEqual([1, expect.stringContaining("[unknown-policy]")]);
});
