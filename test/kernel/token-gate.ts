/** A gate with tokens on a host of a test: puts tokens in, shows them, tells who was let in. */
import { randomBytes } from "node:crypto";
import type { Packet } from "../../src/model/packet.ts";
import type { Address } from "../../src/policy/address.ts";
import { type Carrier, WIRE_BYTES } from "../../src/policy/carriers.ts";
import { hexOf, type TimedSet } from "../../src/program/index.ts";
import { setOfTokens } from "../scenarios/judges.ts";
import { carrierOf } from "../scenarios/parse-story.ts";
import { carried } from "../scenarios/tokens.ts";
import { programOf } from "../setup/policy.ts";
import { gateOf, removeGate } from "./gate.ts";
import { listMembers } from "./grants.ts";
import type { Host } from "./host.ts";
import { addressOf, type Network } from "./network.ts";

export const CARRIERS = ["ping", "udp/62201", "dns/53", "http/80", "tls/443"] as const;
export type CarrierText = (typeof CARRIERS)[number];

/** Room for more than 55,000 tokens of each carrier. */
const POLICY = `
doors:
  ssh:
    protects: tcp/22
    open-for: 2m
    token: { carriers: [${CARRIERS.join(", ")}], lookahead: 1h, clients: 150 }
`;
export const GATE = gateOf(POLICY);
const PROGRAM = programOf(POLICY);

export async function putUpGate(host: Host): Promise<void> {
  await removeGate(host);
  await load(host, GATE);
}

export async function load(host: Host, text: string): Promise<void> {
  await host.run(["nft", "-f", "-"], { stdin: text });
}

export function newTokens(count: number): Buffer[] {
  return Array.from({ length: count }, () => randomBytes(WIRE_BYTES));
}

export function setFor(carrier: CarrierText): TimedSet {
  return setOfTokens(PROGRAM, { door: "ssh", carrier: carrierOf(carrier) });
}

export async function putIn(
  host: Host,
  carrier: CarrierText,
  tokens: readonly Uint8Array[],
): Promise<void> {
  await load(host, printTokens(setFor(carrier).name, tokens));
}

export function printTokens(set: string, tokens: readonly Uint8Array[]): string {
  const elements = tokens.map((token) => `0x${hexOf(token)} timeout 10m`);
  return `add element inet postern ${set} { ${elements.join(", ")} }\n`;
}

/** How many openings were counted since the gate was put up. */
export async function countOpenings(host: Host): Promise<number> {
  const { stdout } = await host.run(["nft", "list", "counter", "inet", "postern", "ssh_open"]);
  return Number(/packets (\d+)/.exec(stdout)?.[1]);
}

/** How many tokens of a carrier are there, spent ones that nobody has taken out included. */
export async function countTokens(host: Host, carrier: CarrierText): Promise<number> {
  return (await listMembers(host, setFor(carrier).name)).length;
}

/** A packet of the carrier with the token in it. */
export function showing(
  network: Network,
  source: Address,
  carrier: CarrierText | Carrier,
  token: Uint8Array,
): Packet {
  const { server } = network.link;
  const of = typeof carrier === "string" ? carrierOf(carrier) : carrier;
  return {
    source,
    destination: addressOf(server[source.family]),
    destined: "here",
    interface: server.interface,
    content: carried(of, token),
  };
}
