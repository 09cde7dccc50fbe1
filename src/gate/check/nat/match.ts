/** Which packets meet a comparison of nftables, as it prints that in JSON. */
import { at, has, listOf } from "../json.ts";
import { type Ports, portsInJson } from "../ports.ts";
import {
  doubtful,
  ofFamilies,
  ofProtocols,
  type Packets,
  parseSpan,
  portsWithout,
  type Span,
  toPorts,
  toSpans,
} from "./packets.ts";

export type Narrow = (packets: Packets) => Packets;

const EVERY_PORT: Ports = { first: 0, last: 65_535 };
const NOBODY: Narrow = (packets) => ({ ...packets, families: [] });

/** @param isNot for those for which the comparison fails. */
export function narrowTo(left: unknown, right: unknown, isNot: boolean): Narrow {
  if (has(left, "concat")) return isNot ? doubtful : narrowToEach(left, right);
  if (has(left, "payload")) return narrowToHeader(at(left, "payload"), right, isNot);
  const key = ["meta", "ct", "fib"].flatMap((kind) => {
    const name = at(left, kind, kind === "fib" ? "result" : "key");
    return name === undefined ? [] : [`${kind} ${name}`];
  })[0];
  const values = valuesOf(right);
  if (values === undefined) return doubtful;
  switch (key) {
    case "ct state":
      return values.includes("new") === isNot ? NOBODY : (packets) => packets;
    case "meta l4proto":
      return isNot ? doubtful : (packets) => ofProtocols(packets, values.map(String));
    case "meta nfproto":
      return isNot ? doubtful : (packets) => ofFamilies(packets, values.map(String));
    case "meta iifname":
    case "meta iif":
      return narrowToInterface(values, isNot);
    case "fib type":
      return values.includes("local") && !isNot
        ? (packets) => ({ ...packets, isLocal: true })
        : doubtful;
    default:
      return doubtful;
  }
}

/** `ip daddr . tcp dport` and a value for each. */
function narrowToEach(left: unknown, right: unknown): Narrow {
  const values = listOf(right, "concat");
  const parts = listOf(left, "concat");
  if (values.length !== parts.length) return doubtful;
  const narrows = parts.map((part, n) => narrowTo(part, values[n], false));
  return (packets) => narrows.reduce((those, narrow) => narrow(those), packets);
}

function narrowToInterface(values: readonly unknown[], isNot: boolean): Narrow {
  const [name] = values;
  // All but one are still the interfaces to the world, as far as anybody can tell.
  if (isNot) return (packets) => packets;
  return name === "lo" && values.length === 1
    ? NOBODY
    : (packets) => ({ ...packets, by: values.map(String).join(", ") });
}

function narrowToHeader(payload: unknown, right: unknown, isNot: boolean): Narrow {
  const [layer, field] = [`${at(payload, "protocol")}`, `${at(payload, "field")}`];
  const values = valuesOf(right);
  if (layer === "ip" || layer === "ip6") {
    const family: Narrow = (packets) => ofFamilies(packets, [layer === "ip" ? "ipv4" : "ipv6"]);
    const inner = values === undefined ? doubtful : narrowToField(field, values, right, isNot);
    return (packets) => inner(family(packets));
  }
  const protocols = layer === "th" ? ["tcp", "udp"] : [layer];
  return (packets) => {
    const those = ofProtocols(packets, protocols);
    if (field !== "dport" || values === undefined) return doubtful(those);
    const ports = values.flatMap(portsInJson);
    return toPorts(those, isNot ? portsWithout(EVERY_PORT, ports) : ports);
  };
}

function narrowToField(
  field: string,
  values: readonly unknown[],
  right: unknown,
  isNot: boolean,
): Narrow {
  if (isNot) return doubtful;
  switch (field) {
    case "protocol":
    case "nexthdr":
      return (packets) => ofProtocols(packets, values.map(String));
    case "daddr":
      return (packets) => toSpans(packets, values.flatMap(spansInJson));
    case "saddr": {
      const from = values.flatMap(spansInJson).map(({ text }) => text);
      return (packets) => ({ ...packets, from: from.join(", ") || JSON.stringify(right) });
    }
    default:
      return doubtful;
  }
}

/** What is on the right may be one value, several, or a set with a name, which nobody reads. */
function valuesOf(right: unknown): readonly unknown[] | undefined {
  if (typeof right === "string" && right.startsWith("@")) return undefined;
  if (Array.isArray(right)) return right;
  return has(right, "set") ? listOf(right, "set") : [right];
}

/** Of an address, a prefix or a range; nothing of anything else. */
export function spansInJson(value: unknown): Span[] {
  if (typeof value === "string") return oneOf(value);
  if (has(value, "prefix")) {
    return oneOf(`${at(value, "prefix", "addr")}/${at(value, "prefix", "len")}`);
  }
  const [first, last] = listOf(value, "range");
  return typeof first === "string" && typeof last === "string" ? oneOf(`${first}-${last}`) : [];
}

function oneOf(text: string): Span[] {
  const span = parseSpan(text);
  return span === undefined ? [] : [span];
}
