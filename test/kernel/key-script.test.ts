/** The script of a client, run by shells that people have, at a real gate. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import type { ClientName, HostName, Secret } from "../../src/policy/policy.ts";
import { slotAt } from "../../src/token/index.ts";
import { printKeyScript } from "../../src/view/key-script.ts";
import { policyOf } from "../setup/policy.ts";
import { loadGate } from "./gate.ts";
import { type Output, untilListening } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { listenOnBoth } from "./services.ts";
import { countOpen, countTokens, loadTokens, shutDoors } from "./tokens.ts";

const POLICY = `
doors:
  ssh:
    protects: tcp/22
    token: { carriers: [ping, udp/62201, dns/53, http/80, tls/443] }
  once:
    protects: tcp/23
    single-use: true
    token: { carriers: [ping] }
  reset:
    protects: tcp/24
    refuse: reset
    token: { carriers: [ping] }
`;
const CARRIERS = ["ping", "udp/62201", "dns/53", "http/80"];
const doors = policyOf(POLICY).doors;

const KEY = Buffer.alloc(32, 0xa7).toString("base64url") as Secret;
const OTHER_KEY = Buffer.alloc(32, 0xa8).toString("base64url") as Secret;
const NAME = "gate.test";

let network: Network;
beforeAll(async () => {
  network = await makeNetwork();
  const { client, server, link } = network;
  nameHosts(client, { [NAME]: [link.server.ipv4, link.server.ipv6] });
  for (const port of [22, 23, 24]) await listenOnBoth(server, { protocol: "tcp", port });
  const web = server.start(["nginx", "-c", webServer()]);
  await untilListening(web, { protocol: "tcp", port: 80 }, "ipv6");
  await loadGate(server, POLICY);
});
afterAll(() => network.remove());
beforeEach(async () => {
  await shutDoors(network.server, doors);
  await loadTokens(network.server, KEY, doors);
});

/** One server for both families, with nothing to show. */
function webServer(): string {
  const file = network.server.newPath("nginx.conf");
  writeFileSync(
    file,
    `daemon off; pid ${file}.pid; error_log stderr; events {}
http { access_log off; server { listen 80; listen [::]:80; } }
`,
  );
  return file;
}

interface How {
  readonly shell?: readonly string[];
  readonly key?: Secret;
  /** What the script remembers is in it; by default nothing yet. */
  readonly state?: string;
  /** The only folder with programs. */
  readonly path?: string;
}

/** Runs the script for a host, which is not root's. */
async function run(host: string, argv: readonly string[], how: How = {}): Promise<Output> {
  const { shell = ["dash"], key = KEY, state = newState(), path = process.env["PATH"] } = how;
  const file = network.client.newPath("knock.sh");
  const holder = { client: "ana-phone" as ClientName, key, host: host as HostName, doors };
  writeFileSync(file, printKeyScript(holder));
  const settings = [`XDG_STATE_HOME=${state}`, `PATH=${path}`, "http_proxy=http://192.0.2.1:9"];
  const command = ["/usr/bin/env", ...settings, ...shell, file, ...argv];
  return network.client.run(command, { mayFail: true });
}

function newState(): string {
  return network.client.newPath("state");
}

/** A folder with these programs alone. */
function programs(names: readonly string[]): string {
  const folder = network.client.newPath("programs");
  mkdirSync(folder);
  for (const name of names) symlinkSync(`/usr/bin/${name}`, `${folder}/${name}`);
  return folder;
}

function isOpen(name: string, families: readonly Family[]): Promise<boolean> {
  const door = doors.find((one) => one.name === name);
  if (door === undefined) throw new Error(`isOpen: no door is called ${name}`);
  return countOpen(network.server, door, families).then((count) => count > 0);
}

describe.each(FAMILIES)("over %s", (family) => {
  test.each(CARRIERS)("a token by %s opens the door", async (carrier) => {
    const host = network.link.server[family];
    expect(await run(host, ["ssh", carrier])).toEqual({
      status: 0,
      stdout: `ssh of ${host} is open for 10s: knocked over ${carrier}\n`,
      stderr: "",
    });
    expect(await isOpen("ssh", [family])).toBe(true);
  });
});

describe.each([["bash"], ["busybox", "ash"]])("%s %s", (...shell) => {
  test.each(CARRIERS)("opens the door by %s", async (carrier) => {
    const { status, stderr } = await run(NAME, ["-4", "ssh", carrier], { shell });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(await isOpen("ssh", ["ipv4"])).toBe(true);
  });
});

test("a name is knocked at by the family that is asked for", async () => {
  for (const carrier of CARRIERS) {
    await shutDoors(network.server, doors);
    expect((await run(NAME, ["-6", "ssh", carrier])).status).toBe(0);
    expect(await isOpen("ssh", ["ipv4"])).toBe(false);
    expect(await isOpen("ssh", ["ipv6"])).toBe(true);
  }
});

test("a door that answers with resets opens as well", async () => {
  expect(await run(NAME, ["reset"])).toMatchObject({ status: 0, stderr: "" });
});

test("a second knock within ten seconds opens with another token", async () => {
  const state = newState();
  const left = () => countTokens(network.server, "ssh", { kind: "ping" });
  const before = await left();
  await run(NAME, ["-4", "ssh"], { state });
  await shutDoors(network.server, doors);
  expect((await run(NAME, ["-4", "ssh"], { state })).status).toBe(0);
  expect(await left()).toBe(before - 2);
});

test("whoever knocks too often is told to wait, and nothing is sent", async () => {
  const state = newState();
  const now = slotAt(Date.now() / 1000);
  for (let slot = now; slot < now + 20; slot++) {
    mkdirSync(`${state}/postern/slots/${NAME}/ana-phone/reset/ping/${slot}`, { recursive: true });
  }
  const { status, stderr } = await run(NAME, ["reset"], { state });
  expect(status).toBe(4);
  expect(stderr).toContain("too many knocks within ten seconds; wait for as long\n");
  expect(await isOpen("reset", FAMILIES)).toBe(false);
});

test("where nothing can be remembered it says so, and opens", async () => {
  const { status, stderr } = await run(NAME, ["reset"], { state: "/proc/nowhere" });
  expect(status).toBe(0);
  expect(stderr).toContain("a second knock within ten seconds will not open");
});

test("the carriers are tried in order until the door is open", async () => {
  await network.server.run(["nft", "flush", "set", "inet", "postern", "ssh_ping_tokens"]);
  expect(await run(NAME, ["ssh"])).toMatchObject({
    status: 0,
    stdout: `ssh of ${NAME}: knocked over ping, and port 22 does not answer
ssh of ${NAME} is open for 10s: knocked over udp/62201
`,
  });
});

test("with another key the door stays shut, and the status says so", async () => {
  const { status, stdout, stderr } = await run(NAME, ["ssh", "http/80"], { key: OTHER_KEY });
  expect({ status, stdout }).toEqual({
    status: 4,
    stdout: `ssh of ${NAME}: knocked over http/80, and port 22 does not answer\n`,
  });
  expect(stderr).toContain("ssh did not open; is this clock right?");
});

test("a door for a single use is left its use", async () => {
  expect(await run(NAME, ["-4", "once"])).toEqual({
    status: 0,
    stdout: `once of ${NAME}: knocked over ping; whether it opened was not tried\n`,
    stderr: "",
  });
  expect(await isOpen("once", ["ipv4"])).toBe(true);
});

const NEEDED = ["openssl", "od", "tr", "cut", "date", "mkdir", "head", "grep", "getent", "dash"];

describe("without", () => {
  test("nc, a datagram is sent by bash, and the door is not tried", async () => {
    const path = programs([...NEEDED, "bash"]);
    expect(await run(network.link.server.ipv6, ["ssh", "udp/62201"], { path })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await isOpen("ssh", ["ipv6"])).toBe(true);
  });

  test("a program for any carrier it says which, and ends with 3", async () => {
    const { status, stderr } = await run(NAME, ["ssh"], { path: programs(NEEDED) });
    expect(status).toBe(3);
    for (const what of ["the ping of iputils", "nc", "dig", "curl"]) {
      expect(stderr).toContain(`is passed over: ${what} is needed`);
    }
  });

  test("openssl it says so", async () => {
    const { status, stderr } = await run(NAME, ["ssh"], { path: programs(["dash"]) });
    expect(status).toBe(3);
    expect(stderr).toContain("openssl is needed");
  });
});

test.each([[["nowhere"]], [[]], [["ssh", "tls/443"]], [["ssh", "ping", "more"]], [["-5"]]])(
  "%j is wrong usage, and nothing is sent",
  async (argv) => {
    const { status, stdout, stderr } = await run(NAME, argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/DOOR is one of: ssh once reset|opens over: ping udp/);
  },
);

test("no program that it starts is given the key, as an argument or in its environment", async () => {
  const folder = network.client.newPath("told");
  const log = network.client.newPath("log");
  mkdirSync(folder);
  const names = [...NEEDED, "ping", "nc", "dig", "curl", "printf", "rmdir", "bash"];
  for (const name of names.filter((one) => one !== "dash")) {
    const told = `#!/bin/dash\n{ echo "$0 $*"; /usr/bin/env; } >>${log}\nexec /usr/bin/${name} "$@"\n`;
    writeFileSync(`${folder}/${name}`, told, { mode: 0o755 });
  }
  for (const carrier of CARRIERS) {
    const how = { shell: ["/usr/bin/dash"], path: folder };
    expect((await run(NAME, ["ssh", carrier], how)).status).toBe(0);
  }
  const told = readFileSync(log, "utf8");
  expect(told).toMatch(/ping .*-p [0-9a-f]{32} (10\.91\.0\.2|fd91::2)\n/);
  // While a name is looked up, which may take long, there is no token that others could read.
  expect(told.indexOf("getent ")).toBeGreaterThan(-1);
  expect(told.indexOf("getent ")).toBeLessThan(told.indexOf("openssl dgst"));
  expect(told).toContain("openssl dgst -sha256 -binary");
  for (const byte of [0xa7, 0xa7 ^ 0x36, 0xa7 ^ 0x5c]) {
    const part = Buffer.alloc(3, byte);
    const octal = `\\${byte.toString(8)}`.repeat(3);
    for (const form of [part.toString("hex"), part.toString("base64"), octal]) {
      expect(told).not.toContain(form);
    }
  }
});
