/** An item of `interfaces`: `eth0`, `ppp*`, `!lan0` or `!veth*`. */
import { ok, type Result } from "../../problem/problem.ts";
import type { InterfaceEntry, InterfaceName } from "../policy.ts";
import { quoted, refuse, type Written } from "./written.ts";

const ENTRY = /^(?<not>!?)(?<name>[A-Za-z0-9._@:-]{1,15})(?<star>\*?)$/;

/** The most characters of a name, and of a pattern with its `*`: the kernel has room for no more. */
const LONGEST = 15;

export function parseInterfaceEntry(written: Written): Result<InterfaceEntry> {
  const { text } = written;
  const { not, name = "", star } = ENTRY.exec(text)?.groups ?? {};
  const isPrefix = star === "*";
  if (name === "lo" && !isPrefix) {
    const fix = `leave out ${text}`;
    return refuse(written, "loopback", "the gate never covers loopback", fix);
  }
  if (name === "" || /^\.{1,2}$/.test(name) || name.length + (star?.length ?? 0) > LONGEST) {
    return refuse(written, "not-an-interface", ...faultIn(text));
  }
  return ok({ isExcluded: not === "!", pattern: { name: name as InterfaceName, isPrefix } });
}

/** What is wrong with the text, and what to write. */
function faultIn(text: string): [what: string, fix: string] {
  const pattern = text.replace(/^!/, "");
  if (pattern === "") return [`${quoted(text)} names no interface`, "write a name after the !"];
  if (/^\*+$/.test(pattern)) {
    return text === pattern
      ? [`${quoted(text)} is every interface`, "leave it out: without names, all are covered"]
      : [`${quoted(text)} leaves no interface to cover`, "name those to leave out, as in !lan0"];
  }
  if (pattern.startsWith("!")) return [`${quoted(text)} has two !`, `write !${bare(pattern)}`];
  if (/^[A-Za-z0-9._@:-]*\+$/.test(pattern)) {
    return [`${quoted(text)} is a pattern of iptables`, `write "${text.slice(0, -1)}*"`];
  }
  const start = /^([A-Za-z0-9._@:-]+)\*./.exec(pattern)?.[1];
  if (start !== undefined) {
    return [`${quoted(text)} has its * in the middle`, `end with it, as in "${start}*"`];
  }
  if (/^[A-Za-z0-9._@:-]+\*?$/.test(pattern) && pattern.length > LONGEST) {
    const which = pattern.endsWith("*") ? "pattern (with its *)" : "name";
    const what = `${quoted(text)} has ${pattern.length} characters, and the ${which} of an interface has at most ${LONGEST}`;
    return [what, "write the name as `ip link` shows it"];
  }
  return [
    `${quoted(text)} cannot be the name of an interface`,
    "write 1 to 15 letters, digits and . _ @ : -, as `ip link` shows it",
  ];
}

function bare(pattern: string): string {
  return pattern.replace(/^!+/, "");
}
