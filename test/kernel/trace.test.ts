/** What `postern trace` shows while real clients knock, and what it leaves behind: nothing. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { loadGate } from "./gate.ts";
import { type Host, type Running, untilSays } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

/** `once` and `ssh` watch port 52000 both; `far` has a step outside its watch range. */
const POLICY = `
ipv6-prefix: 64
trusted: [10.91.1.0/24, "fd91:0:0:1::/64"]
ban: { after: 3, within: 1m, for: 1h }
doors:
  ssh:
    protects: tcp/22
    sequence: { steps: [51001, udp/54040, tcp/52777], within: 1s }
  once:
    protects: tcp/443
    refuse: reset
    single-use: true
    sequence: { steps: [ping/63, 52000] }
  far:
    protects: udp/5000
    sequence: { steps: [tcp/41000, 42000], watch: 42000-42010 }
    signed: { carriers: [udp/62201] }
  away:
    protects: tcp/8000
    destinations: [192.0.2.1, "2001:db8::1"]
    sequence: { steps: [31000, 31001] }
`;

let bundle: Bundle;
let network: Network;
let server: Host;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork({ links: 2 });
  server = network.server;
  for (const port of [22, 443]) await listenOnBoth(server, { protocol: "tcp", port });
});
afterAll(() => {
  network.remove();
  bundle.remove();
});
beforeEach(async () => {
  await server.run(["nft", "flush", "ruleset"]);
  await loadGate(server, POLICY);
});

let started: Running[] = [];
afterEach(async () => {
  for (const trace of started) await trace.stop();
  started = [];
});

/** Starts a trace, and returns when it has said that it sees everything from now on. */
async function startTrace(address: string, ...options: readonly string[]): Promise<Running> {
  const argv = [process.execPath, bundle.file, "trace", address, "--for", "50s", ...options];
  const running = server.start(argv);
  started.push(running);
  await untilSays(running, `tracing ${address} for`);
  return running;
}

/** The lines so far, without the time of day. */
function linesOf(trace: Running): string[] {
  return trace
    .stdout()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, "").replace(/ {2,}/, ": "));
}

/** Ends it as Ctrl-C does, and returns what it has shown and what it said at the end. */
async function endOf(trace: Running): Promise<string> {
  trace.signal("SIGINT");
  expect(await trace.ended).toBe(0);
  return trace.stderr().split("\n").slice(1).join("\n");
}

/** What a trace of the client shows while lines of shell run there; `HOST` is the server. */
async function shown(family: Family, script: string, most: number): Promise<string[]> {
  const trace = await startTrace(network.link.client[family]);
  await onClient(family, script);
  await until(`${most} lines of ${linesOf(trace)}`, () => linesOf(trace).length >= most);
  await endOf(trace);
  return linesOf(trace).map((line) => line.replace(/from port \d+/, "from port N"));
}

async function onClient(family: Family, script: string, link = 0): Promise<void> {
  const to = network.links[link]?.server[family] ?? "";
  await network.client.run(["sh", "-c", script.replaceAll("HOST", to)], { mayFail: true });
}

const KNOCK = "knock -d 50 HOST 51001:tcp 54040:udp 52777:tcp";
const KNOCK_ONCE = "ping -c 1 -s 63 HOST; knock HOST 52000:udp";
/** As `linesOf` writes it. */
const REST = "(the rest from port N is not shown)";

describe.each(FAMILIES)("over %s", (family) => {
  const client = () => network.link.client[family];

  test("a knock that works is three steps, and the visit after it passes", async () => {
    expect(await shown(family, `${KNOCK}; nc -z -w1 HOST 22`, 5)).toEqual([
      "tcp/51001: step 1 of 3 for ssh, the next within 1s",
      "udp/54040: step 2 of 3 for ssh, the next within 1s",
      `tcp/52777: last step: ssh is open to ${client()} for 10s`,
      "tcp/22: passes door ssh: it has a grant",
      `tcp/22: passes door ssh: part of a connection ${REST}`,
    ]);
  });

  test("the wrong order, and then a visit", async () => {
    const script = "knock -d 50 HOST 51001:tcp 52777:tcp 54040:udp; nc -z -w1 HOST 22";
    expect((await shown(family, script, 4)).slice(0, 4)).toEqual([
      "tcp/51001: step 1 of 3 for ssh, the next within 1s",
      "tcp/52777: not step 2 of 3 for ssh: starts over",
      "udp/54040: not step 1 of 3 for ssh, and no attempt is under way",
      "tcp/22: refused at door ssh: no grant",
    ]);
  });

  test("the wrong protocol, also outside the watched ports", async () => {
    const script = "knock -d 50 HOST 51001:udp 51001:tcp 54040:tcp 41000:udp";
    expect(await shown(family, script, 4)).toEqual([
      "udp/51001: step 1 of 3 for ssh, the next within 1s",
      "tcp/51001: repeated step for ssh: nothing changes, 1 of 3 are made",
      "tcp/54040: not step 2 of 3 for ssh: starts over",
      "udp/41000: a step of far has this port, but another protocol",
    ]);
  });

  test("what may be a signed knock, and what may not", async () => {
    const element = "add element inet postern signed_tags { 0x4142434445464748 timeout 1m }\n";
    await server.run(["nft", "-f", "-"], { stdin: element });
    const datagram = (text: string) =>
      `printf '${text}%0176d' 0 | bash -c 'exec 3>/dev/udp/HOST/62201; cat >&3'`;
    const script = `${datagram("ABCDEFGH")}; sleep 0.2; ${datagram("abcdefgh")}`;
    expect(await shown(family, script, 2)).toEqual([
      "udp/62201: may be a signed knock by udp/62201: handed to the agent, whose log tells what came of it",
      "udp/62201: no signed knock by udp/62201: its size is another, or how it begins, which goes by the time and the host's key",
    ]);
  });

  test("a knock that is too slow", async () => {
    const script = "knock HOST 51001:tcp; sleep 1.5; knock -d 50 HOST 54040:udp 52777:tcp";
    const lines = await shown(family, script, 3);
    expect(lines[1]).toMatch(
      /^udp\/54040: too late for ssh: step 1 of 3 was [12] s ago and counted for 1s$/,
    );
    expect(lines[2]).toBe("tcp/52777: not step 1 of 3 for ssh, and no attempt is under way");
  });

  test("a grant for one connection that has been used", async () => {
    const script = `${KNOCK_ONCE}; nc -z -w1 HOST 443; nc -z -w1 HOST 443`;
    const lines = await shown(family, script, 6);
    expect(lines.filter((line) => !line.includes("part of a connection"))).toEqual([
      "ping/63: step 1 of 2 for once, the next within 10s",
      "udp/52000: not step 1 of 3 for ssh, and no attempt is under way",
      `udp/52000: last step: once is open to ${client()} for 10s`,
      "tcp/443: passes door once: the one connection of its grant",
      "tcp/443: refused at door once: no grant, its one connection has been made",
    ]);
  });

  test("wrong steps that end in a ban, and a visit under it", async () => {
    const wrong = "51001:tcp 52500:udp ".repeat(3);
    const lines = await shown(family, `knock -d 20 HOST ${wrong}; nc -z -w1 HOST 22`, 8);
    expect(lines.slice(4, 8)).toEqual([
      "tcp/51001: step 1 of 3 for ssh, the next within 1s",
      "udp/52500: not step 2 of 3 for ssh: starts over",
      `udp/52500: banned for 1h for wrong steps; \`postern unban ${client()}\` lifts it`,
      `tcp/22: refused at door ssh: banned; \`postern unban ${client()}\` lifts it`,
    ]);
  });

  test("a set without room for the step", async () => {
    const crowd = Array.from({ length: 65_536 }, (_, n) =>
      family === "ipv4" ? `10.200.${n >> 8}.${n & 255}` : `2001:db8:1:${n.toString(16)}::`,
    );
    const set = `ssh_stage1_${family === "ipv4" ? 4 : 6}`;
    const stdin = `add element inet postern ${set} { ${crowd.map((each) => `${each} timeout 1h`)} }\n`;
    await server.run(["nft", "-f", "-"], { stdin });
    expect(await shown(family, "knock HOST 51001:tcp", 1)).toEqual([
      "tcp/51001: step 1 of 3 for ssh has no room: its set is full",
    ]);
  });

  test("packets that are for no door, and for a door elsewhere", async () => {
    const script =
      "ping -c 1 -s 64 HOST; nc -z -w1 HOST 8000; knock -d 20 HOST 31000:udp 53:udp 42005:tcp";
    expect(await shown(family, script, 5)).toEqual([
      "ping/64: not for any door",
      `tcp/8000: passes: ${network.link.server[family]} is no address of door away, or it has no such service`,
      `udp/31000: no knock: ${network.link.server[family]} is no address of door away`,
      "udp/53: not for any door",
      "tcp/42005: not step 1 of 2 for far, and no attempt is under way",
    ]);
  });

  test("scans with stray segments", async () => {
    const six = family === "ipv6" ? "-6" : "";
    const scan = (flags: string, port: number) =>
      `nmap ${six} -n -Pn ${flags} -p${port} --max-retries 0 HOST`;
    expect(
      await shown(family, [scan("-sA", 22), scan("-sX", 22), scan("-sA", 52500)].join("; "), 3),
    ).toEqual([
      "tcp/22: refused at door ssh: of no connection (flags: ack)",
      "tcp/22: refused at door ssh: of no connection (flags: fin psh urg)",
      `tcp/52500: no knock at ssh: of TCP only a SYN is one ${REST}`,
    ]);
  });

  test("a trusted source", async () => {
    const trace = await startTrace(network.links[1]?.client[family] ?? "");
    await onClient(family, "nc -z -w1 HOST 22", 1);
    await until("two lines", () => linesOf(trace).length >= 2);
    await endOf(trace);
    expect(linesOf(trace)[0]).toBe("tcp/22: passes door ssh: trusted");
  });

  test("nothing at all from an address that is not the sender's here, and that is said", async () => {
    const other = family === "ipv4" ? network.link.client.ipv6 : network.link.client.ipv4;
    const watched = await startTrace(other);
    const sender = await startTrace(client());
    await onClient(family, KNOCK);
    await until("three lines", () => linesOf(sender).length >= 3);
    expect(await endOf(sender)).toBe("3 packets\n");
    expect(await endOf(watched)).toBe(
      `no packet came from ${other}: has the sender another address here, behind NAT or of the other family?\n`,
    );
    expect(linesOf(watched)).toEqual([]);
  });

  test("two traces of one source show the same", async () => {
    const traces = [await startTrace(client()), await startTrace(client())];
    await onClient(family, KNOCK);
    for (const trace of traces) {
      await until("three lines", () => linesOf(trace).length >= 3);
    }
    await Promise.all(traces.map(endOf));
    expect(linesOf(traces[0] as Running)).toHaveLength(3);
    expect(linesOf(traces[1] as Running)).toEqual(linesOf(traces[0] as Running));
  });

  test("for scripts every packet is an object", async () => {
    const trace = await startTrace(client(), "--json");
    await onClient(family, "knock HOST 51001:tcp");
    await until("two lines", () => trace.stdout().split("\n").length > 2);
    await endOf(trace);
    const [begun, step] = trace
      .stdout()
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(begun).toEqual({ at: expect.stringMatching(/^\d{4}-.*Z$/), kind: "begun" });
    expect(step).toMatchObject({
      ...{ protocol: "tcp", port: 51001, flags: ["syn"], to: network.link.server[family] },
      ...{ kind: "step", door: "ssh", step: 1, of: 3, seconds: 1 },
    });
  });

  test("another firewall that drops the packet after the gate is named", async () => {
    const rules = `table inet other {
      chain input { type filter hook input priority 0; tcp dport 22 jump no; }
      chain no { drop; }
    }\n`;
    await server.run(["nft", "-f", "-"], { stdin: rules });
    const lines = await shown(family, `${KNOCK}; nc -z -w1 HOST 22`, 5);
    expect(lines.slice(3, 5)).toEqual([
      "tcp/22: passes door ssh: it has a grant",
      "tcp/22: past the gate, then dropped by the table inet other, chain no",
    ]);
  });
});

test("of a fragmented scan, what holds ports is told from what holds none", async () => {
  await server.run(["nft", "flush", "ruleset"]);
  await loadGate(server, "doors: { ssh: { protects: tcp/22 } }\n");
  const script = "nmap -n -Pn -f -sS -p22 --max-retries 0 HOST";
  expect(await shown("ipv4", script, 3)).toEqual([
    "tcp/22: refused at door ssh: a fragment that ends before its flags",
    "fragment: without ports: no knock, and for no door",
    "fragment: without ports: no knock, and for no door",
  ]);
});

test("a flood is thinned out, and that is said", async () => {
  const trace = await startTrace(network.link.client.ipv4);
  const begun = performance.now();
  await onClient("ipv4", "nmap -n -Pn -sS -p1000-4000 --min-rate 3000 --max-retries 0 HOST");
  const seconds = (performance.now() - begun) / 1000;
  await until("the line that says so", () => trace.stdout().includes("not all are shown"));
  expect(await endOf(trace)).toMatch(/^\d+ packets; left out: \d+ more\n$/);
  expect(linesOf(trace).length).toBeLessThan(200 + 210 * (seconds + 1));
});

test("a gate that is loaded anew is followed, and it is said that reasons are missing", async () => {
  const trace = await startTrace(network.link.client.ipv4);
  await loadGate(server, POLICY);
  await onClient("ipv4", `${KNOCK}; nc -z -w1 HOST 443`);
  await until("five lines", () => linesOf(trace).length >= 5);
  await endOf(trace);
  expect(linesOf(trace).slice(0, 5)).toEqual([
    expect.stringContaining("the gate was loaded anew"),
    "tcp/51001: step 1 of 3 for ssh",
    "udp/54040: step 2 of 3 for ssh",
    "tcp/52777: last step: ssh is open to 10.91.0.1",
    "tcp/443: refused at door once: no grant, or banned",
  ]);
});

test("a gate that is taken away is said to be gone", async () => {
  const trace = await startTrace(network.link.client.ipv4);
  await server.run(["nft", "delete", "table", "inet", "postern"]);
  await until("a line", () => linesOf(trace).length > 0);
  await endOf(trace);
  expect(linesOf(trace).join()).toContain("the gate was taken away");
});

test("without a gate there is nothing to trace", async () => {
  await server.run(["nft", "flush", "ruleset"]);
  const argv = [process.execPath, bundle.file, "trace", "192.0.2.7"];
  const { status, stderr } = await server.run(argv, { mayFail: true });
  expect([status, stderr]).toEqual([1, expect.stringContaining("[no-gate]")]);
});

describe("nothing is left behind", () => {
  const tables = async () => (await server.run(["nft", "list", "tables", "inet"])).stdout;
  /** What runs on the host, by name. */
  const programs = () =>
    execFileSync("sh", ["-c", `ip netns pids ${server.namespace} | xargs -r ps -o comm= -p`], {
      encoding: "utf8",
    })
      .split("\n")
      .filter((name) => !/^(nc|)$/.test(name));
  const untilGone = () =>
    until(
      "everything to be gone",
      async () => programs().length === 0 && (await tables()) === "table inet postern\n",
    );

  test("when its time is up", async () => {
    const argv = [process.execPath, bundle.file, "trace", "10.91.0.1", "--for", "1s"];
    const { status, stderr } = await server.run(argv);
    expect([status, stderr.split("\n")[0]]).toEqual([
      0,
      "tracing 10.91.0.1 for 1s; Ctrl-C ends it",
    ]);
    await untilGone();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)(
    "when %s ends it",
    async (signal) => {
      const trace = await startTrace("10.91.0.1");
      expect(await tables()).toMatch(
        /^table inet postern\ntable inet postern_trace_[0-9a-f]{8}\n$/,
      );
      expect(programs()).toContain("nft");
      trace.signal(signal);
      await untilGone();
    },
  );

  test("when it is killed at any moment of its beginning", async () => {
    for (let moment = 0; moment < 12; moment += 1) {
      const argv = [process.execPath, bundle.file, "trace", "10.91.0.1", "--for", "50s"];
      const trace = server.start(argv);
      started.push(trace);
      await pause(40 + 25 * moment);
      trace.signal("SIGKILL");
      await trace.ended;
      await untilGone();
    }
  });

  test("what a kernel without owners of tables would keep ends by itself, and is cleared away", async () => {
    const folder = `${bundle.folder}/without-owners`;
    mkdirSync(folder, { recursive: true });
    const script = `#!/bin/sh
[ "$1" = --interactive ] && { echo "Error: Operation not supported"; exit 1; }
exec /usr/sbin/nft "$@"\n`;
    writeFileSync(`${folder}/nft`, script);
    chmodSync(`${folder}/nft`, 0o755);
    const start = async () => {
      const env = ["env", `PATH=${folder}:${process.env["PATH"]}`];
      const argv = [...env, process.execPath, bundle.file, "trace", "10.91.0.1", "--for", "50s"];
      const running = server.start(argv);
      started.push(running);
      await untilSays(running, "tracing 10.91.0.1");
      return running;
    };
    const killed = await start();
    await onClient("ipv4", "knock HOST 51001:tcp");
    await until("a line", () => linesOf(killed).length > 0);
    killed.signal("SIGKILL");
    await until("its programs to be gone", () => programs().length === 0);
    const [, left = ""] = /^table (inet postern_trace_\w+)$/m.exec(await tables()) ?? [];
    const set = await server.run(["nft", "list", "set", ...left.split(" "), "source"]);
    expect(set.stdout).toMatch(/10\.91\.0\.1 timeout 1m50s expires /);
    // As when the time is up.
    await server.run(["nft", "flush", "set", ...left.split(" "), "source"]);
    await endOf(await start());
    await untilGone();
  });
});
