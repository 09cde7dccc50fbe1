/** A host as a check finds it, and what is told of a policy there. */
import { checkHost, type Judge } from "../../src/gate/check/host.ts";
import type { Arrival, Surroundings } from "../../src/gate/check/surroundings.ts";
import type { Listener } from "../../src/gate/listeners.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { address } from "../scenarios/arbitrary.ts";
import { sure } from "../setup/sure.ts";

export const NOTHING: Surroundings = {
  session: undefined,
  others: [],
  listeners: undefined,
  published: [],
  otherRules: { nftables: "", iptables: [] },
  translations: [],
  otherLocals: [],
  ephemeral: { range: undefined, reserved: [] },
  sourceRoutes: [],
  addresses: ["127.0.0.1", "::1", "198.51.100.1", "2001:db8::1"].map(address),
  interfaces: ["eth0", "wg0"],
  forwards: { ipv4: false, ipv6: false },
};

export const ALL_SAFE: Judge = { better: () => undefined, isSafe: () => true };

export function problemsOf(
  policy: string,
  around: Partial<Surroundings>,
  judge = ALL_SAFE,
): Problem[] {
  const placed = sure(parsePlacedPolicy(policy, "policy.yaml"));
  return checkHost(placed, { ...NOTHING, ...around }, judge);
}

/** `severity code: what; fix`. */
export function told(policy: string, around: Partial<Surroundings>): string[] {
  return problemsOf(policy, around).map(
    ({ severity, code, what, fix }) => `${severity} ${code}: ${what}; ${fix}`,
  );
}

/** The code, and the text that its place marks. */
export function marked(policy: string, around: Partial<Surroundings>): string[] {
  return problemsOf(policy, around).map(({ code, place }) => {
    const { text = "", column = 0, length = 0, line = 0 } = place ?? {};
    return `${code} ${line}: ${text.slice(column - 1, column - 1 + length)}`;
  });
}

export function arrival(source: string, destination: string, port: number): Arrival {
  return {
    source: address(source),
    sourcePort: 50_000,
    destination: address(destination),
    destinationPort: port,
    interface: "eth0",
    destined: "here",
  };
}

export function listener(
  protocol: "tcp" | "udp",
  at: string,
  port: number,
  process?: string,
): Listener {
  return {
    protocol,
    address: address(at),
    isEveryAddress: ["0.0.0.0", "::"].includes(at),
    isLoopback: at.startsWith("127.") || at === "::1",
    port,
    process,
  };
}

/** Doors without and with a sequence. */
export const SSH = "doors:\n  ssh:\n    protects: [tcp/22, tcp/2200-2299]\n";
export const KNOCKED = `${SSH}    sequence: { steps: [51001, udp/54040, tcp/52777] }\n`;
