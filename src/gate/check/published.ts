/** Ports that the host's own NAT rules hand on, to containers and other hosts. */
import type { Host } from "../../host/index.ts";
import type { Service } from "./ports.ts";

/** None where the rules cannot be read, which takes root. */
export async function readPublished(host: Host): Promise<readonly Service[]> {
  const [ruleset, ...tables] = await Promise.all([
    host.run(["nft", "--json", "--terse", "list", "ruleset"]),
    host.run(["iptables-save", "--table", "nat"]),
    host.run(["ip6tables-save", "--table", "nat"]),
  ]);
  return [
    ...servicesInJson(ruleset?.stdout ?? ""),
    ...tables.flatMap(({ stdout }) => stdout.split("\n").flatMap(servicesInLine)),
  ];
}

/** `-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80` */
function servicesInLine(line: string): Service[] {
  const [, protocol, ports = ""] =
    /^-A .*-p (tcp|udp) .*--dports? ([\d:,]+) .*-j (?:DNAT|REDIRECT)\b/.exec(line) ?? [];
  if (protocol !== "tcp" && protocol !== "udp") return [];
  return ports.split(",").map((part) => {
    const [first = 0, last = first] = part.split(":").map(Number);
    return { protocol, ports: { first, last } };
  });
}

/** Rules that compare the destination port with a number, a range, or a set of those. */
function servicesInJson(text: string): Service[] {
  const rules = [...listOf(parsed(text), "nftables")].map((item) => at(item, "rule", "expr"));
  return rules.flatMap((expressions) => {
    const list = Array.isArray(expressions) ? (expressions as unknown[]) : [];
    if (!list.some((one) => has(one, "dnat") || has(one, "redirect"))) return [];
    return list.flatMap(servicesInMatch);
  });
}

function servicesInMatch(expression: unknown): Service[] {
  const protocol = at(expression, "match", "left", "payload", "protocol");
  if (at(expression, "match", "left", "payload", "field") !== "dport") return [];
  const right = at(expression, "match", "right");
  const ports = [...listOf(right, "set"), right].flatMap(portsOf);
  const protocols = (["tcp", "udp"] as const).filter((one) => [one, "th"].includes(`${protocol}`));
  return protocols.flatMap((one) => ports.map((range) => ({ protocol: one, ports: range })));
}

function portsOf(value: unknown): Service["ports"][] {
  const [first, last] = typeof value === "number" ? [value, value] : listOf(value, "range");
  return typeof first === "number" && typeof last === "number" ? [{ first, last }] : [];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}

/** What stands under the keys, one inside the other. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}

function listOf(value: unknown, key: string): unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}
