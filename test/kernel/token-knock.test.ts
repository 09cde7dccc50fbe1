/** `postern knock` over every carrier, as somebody who is not root types it, at a real gate. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { type Client, clientOn } from "./client.ts";
import { type Output, untilListening, untilSays } from "./host.ts";
import { makeNetwork, type Network, nameHosts } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";
import { until } from "./until.ts";

const CARRIERS = ["ping", "udp/62201", "dns/53", "http/80", "tls/443", "tls/8443"];

/** One door for each carrier, each with a service of its own. */
const DOORS = CARRIERS.map((carrier, n) => ({
  ...{ carrier, name: carrier.replace("/", "-"), port: 2200 + n },
}));
const POLICY = `doors:
${DOORS.map(
  ({ name, port, carrier }) =>
    `  ${name}: { protects: tcp/${port}, open-for: 1s, token: { carriers: [${carrier}], lookahead: 5m } }`,
).join("\n")}
  once: { protects: tcp/2300, single-use: true, token: { carriers: [udp/62201], lookahead: 5m } }
  vpn: { protects: udp/500, open-for: 1s, token: { carriers: [dns/53, ping], lookahead: 5m } }
  many: { protects: tcp/2301, open-for: 1s, sequence: { steps: [tcp/21001] }, token: { carriers: [http/81, tls/80, ping], lookahead: 5m } }
`;

let bundle: Bundle;
let network: Network;
let profiles: string;
/** Each has the same key, and a memory of its own of what was used of it: nobody waits for slots. */
let clients: ReadonlyMap<string, Client>;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  writeFileSync(join(bundle.folder, "policy.yaml"), POLICY);
  await startNginx();
  for (const port of [...DOORS.map((door) => door.port), 2300, 2301]) {
    await listenOnBoth(network.server, { protocol: "tcp", port });
  }
  await gate("apply --anyway");
  nameHosts(network.client, { [NAME]: [server("ipv4"), server("ipv6")] });
  profiles = await enrol("ana");
  const all = [...DOORS.map(({ name }) => name), "once", "vpn", "many", "gone"];
  clients = new Map(all.map((name) => [name, clientOn(network.client, bundle)]));
  for (const client of clients.values()) client.keep(profiles);
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

const NAME = "gate.test";

/** A line of the client that knocks at a door. */
async function knock(door: string, options = ""): Promise<Output> {
  return said(await as(door, `knock ${NAME}:${door}${options}`));
}

function as(client: string, line: string): Promise<Output> {
  const it = clients.get(client);
  if (it === undefined) throw new Error(`as: there is no client ${client}`);
  return it.postern(line);
}

function server(family: Family): string {
  return network.link.server[family];
}

/** Runs the command on the host of the gate. */
function gate(line: string): Promise<Output> {
  const command = [process.execPath, bundle.file, ...line.split(" ")];
  return network.server.run(["env", `POSTERN_DIR=${bundle.folder}`, ...command]);
}

/** Makes a key, and brings it to a client; what that keeps of it. */
async function enrol(name: string): Promise<string> {
  const client = clientOn(network.client, bundle);
  await gate(`key add ${name}`);
  const { stdout } = await gate(`key show ${name} --no-qr`);
  const file = network.client.newPath("enrolment");
  writeFileSync(file, stdout);
  const added = await client.postern(`profile add ${NAME} --from ${file}`);
  expect(added).toMatchObject({ status: 0, stderr: "" });
  return readFileSync(client.profiles, "utf8");
}

async function startNginx(): Promise<void> {
  const folder = network.server.newPath("nginx");
  mkdirSync(folder);
  const [key, certificate, config] = [join(folder, "key"), join(folder, "cert"), join(folder, "c")];
  await network.server.run([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=gate.test"],
  ]);
  const tls = (port: number, protocols: string) => `server {
    listen ${port} ssl; listen [::]:${port} ssl;
    ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols ${protocols};
  }`;
  writeFileSync(
    config,
    `daemon off; pid ${folder}/pid; error_log stderr notice; user root;
events {}
http {
  log_format told '$status $request_length "$request" "$http_host" "$http_user_agent"';
  access_log ${folder}/log told;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  server { listen 80; listen [::]:80; }
  ${tls(443, "TLSv1.3")}
  ${tls(8443, "TLSv1.2")}
}`,
  );
  const nginx = network.server.start(["nginx", "-p", folder, "-c", config]);
  await untilSays(nginx, "start worker processes");
  for (const port of [80, 443, 8443]) {
    for (const family of FAMILIES) {
      await untilListening(nginx, { protocol: "tcp", port }, family);
    }
  }
  accessLog = join(folder, "log");
}

let accessLog: string;

function lastRequest(): string {
  return readFileSync(accessLog, "utf8").trim().split("\n").at(-1) ?? "";
}

/** What the command says, without the time that it took. */
function said({ status, stdout, stderr }: Output) {
  const timeless = (text: string) => text.replaceAll(/\(\d+(\.\d)? m?s\)/g, "(TIME)");
  return { status, stdout: timeless(stdout), stderr: timeless(stderr) };
}

/** Packets on the client's link while something is done, as fields of tshark, one line a packet. */
async function captured(filter: string, work: () => Promise<unknown>): Promise<string> {
  const file = network.client.newPath("pcap");
  const device = network.link.client.interface;
  const tcpdump = network.client.start(["tcpdump", "-U", "-i", device, "-w", file, "tcp or udp"]);
  await untilSays(tcpdump, "listening on");
  await work();
  await until("the packets to be written", () => readFileSync(file).length > 24);
  await tcpdump.stop();
  const decode = [8443].flatMap((port) => ["-d", `tcp.port==${port},tls`]);
  const fields = [
    "tls.handshake.type",
    "tls.handshake.ja3",
    "tls.handshake.extensions_server_name",
  ];
  const { stdout } = await network.client.run([
    ...["tshark", "-r", file, "-n", ...decode, "-Y", filter, "-T", "fields", "-E", "separator=|"],
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  return stdout;
}

test.each(DOORS)(
  "a door that opens by $carrier: one knock over each family opens it there",
  async ({ name, port, carrier }) => {
    expect(await canConnect(network.client, server("ipv4"), port)).toBe(false);
    expect(await knock(name)).toEqual({
      status: 0,
      stdout: `${name} of ${NAME} is open for 1s: ${server("ipv6")} by ${carrier} and ${server("ipv4")} by ${carrier} (TIME)\n`,
      stderr: "",
    });
    const { stdout } = await network.server.run(["nft", "list", "table", "inet", "postern"]);
    const set = nameOf(name, carrier);
    expect(countOf(stdout, `${set}_uses4`)).toBe(1);
    expect(countOf(stdout, `${set}_uses6`)).toBe(1);
  },
);

function nameOf(door: string, carrier: string): string {
  return `${door}_${carrier.replace("/", "_")}`;
}

/** How many members a set has, in a listing of all. */
function countOf(listing: string, set: string): number {
  const text = new RegExp(`set ${set} \\{[^}]*elements = \\{([^}]*)\\}`).exec(listing)?.[1] ?? "";
  return text.split("timeout").length - 1;
}

describe("other doors", () => {
  test("for one connection let one in, of which nobody tries", async () => {
    const { stdout } = await knock("once", " -4");
    expect(stdout).toContain(`knocked at once of gate.test, ${server("ipv4")} by udp/62201 (TIME)`);
    expect(await canConnect(network.client, server("ipv4"), 2300)).toBe(true);
    expect(await canConnect(network.client, server("ipv4"), 2300)).toBe(false);
  });

  test("of UDP are told what was sent", async () => {
    const { status, stdout } = await knock("vpn");
    expect([status, stdout]).toEqual([
      0,
      `knocked at vpn of gate.test, ${server("ipv6")} by dns/53 and ${server("ipv4")} by dns/53 (TIME); if it opened, then for 1s: a UDP service does not say\n`,
    ]);
    const { stdout: sets } = await network.server.run([
      "nft",
      "list",
      "set",
      "inet",
      "postern",
      "vpn_grants4",
    ]);
    expect(sets).toContain(network.link.client.ipv4);
  });

  test("fall through to the next carrier, past a port where nobody listens and one that speaks no TLS", async () => {
    const { stdout, stderr } = await knock("many", " -6");
    expect(stdout + stderr).toContain(`is open for 1s: ${server("ipv6")} by tls/80`);
  });

  test("stay shut to a key that the gate does not know, and it is told what may be wrong", async () => {
    clients.get("gone")?.keep(profiles.replace(/key: "[^"]*"/, `key: "${"B".repeat(42)}A"`));
    const { status, stderr } = said(await as("gone", `knock ${NAME}:udp-62201`));
    expect(status).toBe(4);
    expect(stderr).toContain("of a key that\n  was revoked it takes none\n");
  });
});

test("postern connect goes in by a token, and passes bytes through", async () => {
  const { status } = await as("once", `connect ${NAME}:once`);
  expect(status).toBe(0);
});

describe("what a web server makes of it", () => {
  test("it answers the request as it answers curl's", async () => {
    await knock("http-80", " -4");
    const ours = lastRequest();
    const path = /GET (\S+)/.exec(ours)?.[1] ?? "";
    expect(path).toMatch(/^\/[\w-]{16}$/);
    await network.client.run(["curl", "-s", "-o", "/dev/null", `http://${NAME}${path}`]);
    expect(lastRequest()).toBe(ours);
  });

  test.each([443, 8443])(
    "it greets the hello at port %d, which tshark cannot tell from curl's",
    async (port) => {
      const filter = "tls.handshake.type in {1,2}";
      const ours = await captured(filter, () => knock(`tls-${port}`, " -4"));
      const curls = await captured(filter, () =>
        network.client.run([
          "curl",
          "-4",
          "-s",
          "-k",
          "-o",
          "/dev/null",
          `https://${NAME}:${port}/`,
        ]),
      );
      expect(ours).toMatch(new RegExp(`^1\\|[\\da-f]{32}\\|${NAME}\\n2(,\\d+)*\\|`));
      expect(ours.split("\n")[0]).toBe(curls.split("\n")[0]);
    },
  );

  test("tshark finds nothing wrong with it, nor with the DNS query", async () => {
    const bad = "_ws.malformed or _ws.expert.severity >= 8388608";
    const found = await captured(bad, async () => {
      for (const name of ["tls-443", "dns-53", "http-80"]) {
        await knock(name, " -6");
      }
    });
    expect(found).toBe("");
  });
});
