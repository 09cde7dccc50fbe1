/** Ports that the host's own NAT rules hand on, to containers and other hosts. */
import { at, has, listOf, parsed } from "./json.ts";
import type { PrintedRules } from "./nat/read.ts";
import { portsInJson, type Service } from "./ports.ts";

export function publishedIn({ ruleset, tables }: PrintedRules): readonly Service[] {
  return [
    ...servicesInJson(ruleset),
    ...tables.flatMap(({ saved }) => saved.split("\n").flatMap(servicesInLine)),
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
  const ports = [...listOf(right, "set"), right].flatMap(portsInJson);
  const protocols = (["tcp", "udp"] as const).filter((one) => [one, "th"].includes(`${protocol}`));
  return protocols.flatMap((one) => ports.map((range) => ({ protocol: one, ports: range })));
}
