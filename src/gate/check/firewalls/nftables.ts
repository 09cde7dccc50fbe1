/** Rules of nftables, as `nft --json list ruleset` prints them. */
import type { Family } from "../../../policy/address.ts";
import { at, has, listOf, parsed } from "../json.ts";
import { portsInJson, type Service } from "../ports.ts";
import { type Applies, both, inverted, judgePorts } from "./applies.ts";
import type { Chains, Rule, Then } from "./endings.ts";

/** A chain that every packet to this host passes. */
export interface BaseChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** What becomes of what comes to its end. */
  readonly policy: "accept" | "stop";
  readonly chains: Chains;
}

/** A packet that begins a conversation with a service of this host, from another. */
export interface Beginning extends Service {
  readonly family: Family;
}

/** Those of the families that see such packets; the rules as they meet this one. */
export function parseBaseChains(json: string, beginning: Beginning): BaseChain[] {
  const items = listOf(parsed(json), "nftables");
  const seeing = ["inet", beginning.family === "ipv4" ? "ip" : "ip6"];
  return items
    .map((item) => at(item, "chain"))
    .filter((chain) => at(chain, "hook") === "input" && seeing.includes(`${at(chain, "family")}`))
    .map((chain) => {
      const [family, table] = [`${at(chain, "family")}`, `${at(chain, "table")}`];
      const rules = items
        .map((item) => at(item, "rule"))
        .filter((rule) => at(rule, "family") === family && at(rule, "table") === table);
      const chains = new Map<string, Rule[]>();
      for (const rule of rules) {
        const name = `${at(rule, "chain")}`;
        chains.set(name, [
          ...(chains.get(name) ?? []),
          ...parseRule(listOf(rule, "expr"), beginning),
        ]);
      }
      const policy = at(chain, "policy") === "drop" ? "stop" : "accept";
      return { family, table, name: `${at(chain, "name")}`, policy, chains };
    });
}

/** One rule, or one for each entry of a verdict map. */
function parseRule(expressions: readonly unknown[], beginning: Beginning): Rule[] {
  let applies: Applies = "always";
  for (const expression of expressions) {
    if (has(expression, "match")) applies = both(applies, judgeMatch(expression, beginning));
    else if (has(expression, "limit") || has(expression, "xt")) applies = both(applies, "perhaps");
    // Who reads the queue may let it through.
    else if (has(expression, "queue"))
      return [{ applies: both(applies, "perhaps"), then: { kind: "accept" } }];
    else if (has(expression, "vmap")) {
      return parseMap(expression, beginning).map((rule) => ({
        ...rule,
        applies: both(applies, rule.applies),
      }));
    } else {
      const then = thenOf(expression);
      if (then !== undefined) return [{ applies, then }];
    }
  }
  return [{ applies, then: { kind: "go on" } }];
}

function parseMap(expression: unknown, beginning: Beginning): Rule[] {
  const key = at(expression, "vmap", "key");
  // One with a name may hold anything.
  if (!has(at(expression, "vmap", "data"), "set")) {
    return [{ applies: "perhaps", then: { kind: "accept" } }];
  }
  return listOf(expression, "vmap", "data", "set").map((entry) => {
    const [value, verdict] = listOf(entry);
    return { applies: judge(key, value, beginning), then: thenOf(verdict) ?? { kind: "go on" } };
  });
}

function thenOf(expression: unknown): Then | undefined {
  if (has(expression, "accept")) return { kind: "accept" };
  if (has(expression, "drop") || has(expression, "reject")) return { kind: "stop" };
  if (has(expression, "return")) return { kind: "return" };
  const kind = (["jump", "goto"] as const).find((one) => has(expression, one));
  return kind === undefined ? undefined : { kind, chain: `${at(expression, kind, "target")}` };
}

function judgeMatch(expression: unknown, beginning: Beginning): Applies {
  const [left, right] = [at(expression, "match", "left"), at(expression, "match", "right")];
  const found = judge(left, right, beginning);
  return at(expression, "match", "op") === "!=" ? inverted(found) : found;
}

/** Whether what the packet has there is (one of) what is on the right. */
function judge(left: unknown, right: unknown, beginning: Beginning): Applies {
  return has(left, "payload")
    ? judgeHeader(at(left, "payload"), right, beginning)
    : judgeMark(`${at(left, "meta", "key")} ${at(left, "ct", "key")}`, right, beginning);
}

/** What the kernel knows of a packet; the keys are of `meta` and of `ct`. */
function judgeMark(keys: string, right: unknown, { family, protocol }: Beginning): Applies {
  switch (keys) {
    case "undefined state":
      return isOneOf(right, "new");
    case "undefined status":
      return "never";
    case "l4proto undefined":
      return isOneOf(right, protocol);
    case "nfproto undefined":
      return isOneOf(right, family);
    case "iifname undefined":
    case "iif undefined":
      return right === "lo" ? "never" : "perhaps";
    default:
      return "perhaps";
  }
}

function judgeHeader(payload: unknown, right: unknown, beginning: Beginning): Applies {
  const { family, protocol, ports } = beginning;
  const [layer, field] = [`${at(payload, "protocol")}`, `${at(payload, "field")}`];
  const own = family === "ipv4" ? "ip" : "ip6";
  if (layer === own)
    return /^(protocol|nexthdr)$/.test(field) ? isOneOf(right, protocol) : "perhaps";
  if (layer === protocol || layer === "th") {
    return field === "dport" ? holdsPorts(right, ports) : "perhaps";
  }
  return ["ip", "ip6", "icmp", "icmpv6", "tcp", "udp"].includes(layer) ? "never" : "perhaps";
}

/** What is on the right may be one value, several, or a set with a name, which nobody reads. */
function valuesOf(right: unknown): readonly unknown[] | undefined {
  if (typeof right === "string" && right.startsWith("@")) return undefined;
  if (Array.isArray(right)) return right;
  return has(right, "set") ? listOf(right, "set") : [right];
}

function isOneOf(right: unknown, value: string): Applies {
  const values = valuesOf(right);
  if (values === undefined) return "perhaps";
  return values.includes(value) ? "always" : "never";
}

function holdsPorts(right: unknown, ports: Service["ports"]): Applies {
  const values = valuesOf(right);
  if (values === undefined) return "perhaps";
  return judgePorts(ports, values.flatMap(portsInJson));
}
