/** The vectors that other clients are written against: our tokens, and what a gate takes. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Packet } from "../../src/model/packet.ts";
import { parseAddress } from "../../src/policy/address.ts";
import { CARRIER_KINDS, CARRIERS } from "../../src/policy/carriers.ts";
import { emptyState, membersAt, remember, runPacket } from "../../src/program/index.ts";
import { tokenMaker } from "../../src/token/index.ts";
import { policyOf, programOf } from "../setup/policy.ts";

const FOLDER = join(import.meta.dirname, "vectors");

/** The lines of a file in their fields, without its notes. */
function linesOf(file: string): string[][] {
  const lines = readFileSync(join(FOLDER, file), "utf8").split("\n");
  return lines.flatMap((line) => (line === "" || line.startsWith("#") ? [] : [line.split(" ")]));
}

function policyWith(door: string, carrier: string): string {
  return `doors: { ${door}: { protects: tcp/2, token: { carriers: [${carrier}] } } }`;
}

/** A carrier as a policy has it. */
function carrierIn(text: string) {
  const [door] = policyOf(policyWith("any", text)).doors;
  const carrier = door?.token?.carriers[0];
  if (carrier === undefined) throw new Error(`carrierIn: ${text} is none`);
  return carrier;
}

function tokenOf(key = "", door = "", carrier = "", slot = ""): string {
  const make = tokenMaker(Buffer.from(key, "hex"), door, carrierIn(carrier));
  return make(Number(slot)).toString("hex");
}

test.each(CARRIER_KINDS)("every token by %s is ours", (kind) => {
  const lines = linesOf(`${kind}.txt`);
  expect(lines.length).toBeGreaterThan(10);
  for (const [key, door, carrier, slot, token] of lines) {
    expect([carrier, slot, tokenOf(key, door, carrier, slot)]).toEqual([carrier, slot, token]);
  }
});

/** Programs of OpenSSL and of GNU, from what the specification says alone. */
const BY_SHELL = `
set -eu
while read -r key door carrier slot; do
  slot=$(printf %016x "$slot" | sed 's/../\\\\x&/g')
  { printf 'postern token v1\\0%s\\0%s\\0' "$door" "$carrier"; printf "$slot"; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary |
    case $carrier in
      dns/*) head -c 10 | basenc --base32 | tr A-Z a-z | tr -d '\\n' ;;
      http/*) head -c 12 | basenc --base64url | tr -d '\\n' ;;
      *) head -c 16 ;;
    esac | od -An -v -tx1 | tr -d ' \\n'
  echo
done
`;

test("OpenSSL makes the same ones of every fourth", () => {
  const lines = CARRIER_KINDS.flatMap((kind) =>
    linesOf(`${kind}.txt`).filter((_, n) => n % 4 === 0),
  );
  const input = lines.map((fields) => `${fields.slice(0, 4).join(" ")}\n`).join("");
  const made = execFileSync("bash", ["-c", BY_SHELL], { input, encoding: "utf8" });
  expect(made.trimEnd().split("\n")).toEqual(lines.map((fields) => fields[4]));
});

/** Whether the packet of a file opens the door of a gate that waits for its token. */
function opens(file: string): boolean {
  const {
    key,
    door = "",
    carrier: written = "",
    slot,
    payload = "",
  } = Object.fromEntries(linesOf(file)) as Record<string, string>;
  const program = programOf(policyWith(door, written));
  const carrier = carrierIn(written);
  const state = emptyState();
  for (const set of program.sets.filter(({ role }) => role.kind === "tokens")) {
    remember(state, set, tokenOf(key, door, written, slot), 1000);
  }
  runPacket(program, state, packetOf(carrier, Buffer.from(payload, "hex")), 1);
  const grants = program.sets.filter(({ role }) => role.kind === "grants");
  return grants.some((set) => membersAt(state, set, 1).length > 0);
}

function packetOf(carrier: ReturnType<typeof carrierIn>, payload: Buffer): Packet {
  const [source, destination] = [parseAddress("192.0.2.1"), parseAddress("192.0.2.2")];
  if (source === undefined || destination === undefined) throw new Error("packetOf: no addresses");
  const common = { source, destination, destined: "here", interface: "eth0" } as const;
  if (carrier.kind === "ping") {
    const content = { protocol: "ping", payloadBytes: payload.length, payload } as const;
    return { ...common, content };
  }
  const ports = { sourcePort: 40_000, destinationPort: carrier.port, payload };
  if (CARRIERS[carrier.kind].protocol === "udp") {
    return { ...common, content: { protocol: "udp", ...ports } };
  }
  const segment = { flags: ["psh", "ack"], sequenceNumber: 1, socket: "connection" } as const;
  return { ...common, content: { protocol: "tcp", ...ports, ...segment } };
}

describe.each([
  ["taken", "opens", true],
  ["refused", "does not open", false],
] as const)("a packet that is to be %s", (folder, words, doesOpen) => {
  test.each(readdirSync(join(FOLDER, folder)))(`${words} the door: %s`, (file) => {
    expect(opens(join(folder, file))).toBe(doesOpen);
  });
});

test("each carrier has packets that are taken, and some that are refused", () => {
  for (const folder of ["taken", "refused"]) {
    const kinds = readdirSync(join(FOLDER, folder)).map((file) => file.split(/[.-]/)[0]);
    expect(new Set(kinds)).toEqual(new Set(CARRIER_KINDS));
  }
});

test("the example of the specification is right for every carrier", () => {
  const specification = join(import.meta.dirname, "../../docs/token-format.md");
  const text = readFileSync(specification, "utf8");
  const example = text.slice(text.indexOf("## An example"));
  const rows = [...example.matchAll(/^\| `([^`]+)` \| `[0-9a-f]+`\.\.\. \| `([^`]+)`/gm)];
  expect(new Set(rows.map(([, carrier = ""]) => carrierIn(carrier).kind))).toEqual(
    new Set(CARRIER_KINDS),
  );
  for (const [, carrier = "", written = ""] of rows) {
    const token = /^[0-9a-f]{32}$/.test(written) ? written : Buffer.from(written).toString("hex");
    const key = Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)).toString("hex");
    expect([carrier, tokenOf(key, "ssh", carrier, "176400000")]).toEqual([carrier, token]);
  }
});
