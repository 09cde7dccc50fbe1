/**
 * The programs of iptables. There are two kinds, which keep their rules in two places of the
 * kernel: those that speak to nf_tables, and the older ones. A host may have both.
 */
import { parseSaved, type Saved } from "../../backend/iptables/index.ts";
import type { Finished, Host } from "../../host/index.ts";
import type { Family } from "../../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { askVersion } from "../ask-once.ts";
import { obstacle } from "../obstacle.ts";

export interface Variant {
  /** What the names of its programs begin with, those for IPv4. */
  readonly stem: "iptables" | "iptables-nft" | "iptables-legacy";
  readonly isLegacy: boolean;
}

/** The gate as one variant holds it. */
export interface Halves {
  readonly ipv4: Saved;
  /** Undefined where the kernel has no IPv6. */
  readonly ipv6: Saved | undefined;
}

export function halvesIn({ ipv4, ipv6 }: Halves): (readonly [Family, Saved])[] {
  return [["ipv4", ipv4], ...(ipv6 === undefined ? [] : [["ipv6", ipv6] as const])];
}

export async function hasIpv6(host: Host): Promise<boolean> {
  return (await host.readKernelFile("/proc/net/if_inet6")) !== undefined;
}

/** The one that the host uses; undefined where it has none. */
export async function ownVariant(host: Host): Promise<Variant | undefined> {
  const said = await askVersion(host, "iptables-restore");
  if (said.status !== 0) return undefined;
  // Releases before 1.8 were of one kind, and did not say so.
  return { stem: "iptables", isLegacy: !said.stdout.includes("nf_tables") };
}

/** The other kind, where the host has it. */
export async function otherVariant(host: Host, own: Variant): Promise<Variant | undefined> {
  const stem = own.isLegacy ? "iptables-nft" : "iptables-legacy";
  const said = await askVersion(host, `${stem}-restore`);
  return said.status === 0 ? { stem, isLegacy: !own.isLegacy } : undefined;
}

export function programOf({ stem }: Variant, family: Family, what: "save" | "restore"): string {
  return `${family === "ipv4" ? stem : stem.replace("ip", "ip6")}-${what}`;
}

/** What the kernel holds of a gate, of each family; no chains where there is none. */
export async function readHalves(host: Host, variant: Variant): Promise<Result<Halves>> {
  const [ipv4, ipv6] = await Promise.all([
    save(host, variant, "ipv4"),
    (await hasIpv6(host)) ? save(host, variant, "ipv6") : ok(undefined),
  ]);
  if (!ipv4.ok) return ipv4;
  if (!ipv6.ok) return ipv6;
  return ok({ ipv4: ipv4.value, ipv6: ipv6.value });
}

async function save(host: Host, variant: Variant, family: Family): Promise<Result<Saved>> {
  // To ask the older kind for a table makes the table, and every packet would pass through it.
  if (variant.isLegacy && !(await hasRawTable(host, family))) return ok(parseSaved(""));
  const program = programOf(variant, family, "save");
  const saved = await host.run([program, "--counters", "--table", "raw"], { purpose: "rules" });
  return saved.status === 0 ? ok(parseSaved(saved.stdout)) : fail(refusedBy(program, saved));
}

async function hasRawTable(host: Host, family: Family): Promise<boolean> {
  const names = family === "ipv4" ? "ip_tables_names" : "ip6_tables_names";
  const tables = (await host.readKernelFile(`/proc/net/${names}`)) ?? "";
  return tables.split("\n").includes("raw");
}

/** It would not do what was asked, though nothing in the asking was wrong. */
export function refusedBy(program: string, { status, stderr }: Finished, text = ""): Problem {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !/warning/i.test(line));
  // The newer kind names itself first, and then one line for each rule that it did not take.
  const said = lines.slice(0, lines[0]?.endsWith(": ") ? 2 : 1).join("");
  const number = Number(/line:? (\d+)/i.exec(stderr)?.[1] ?? 0);
  const rule = text.split("\n")[number - 1] ?? "";
  return obstacle(
    "iptables-refused",
    `${program} refused: ${said.trim() || `it ended with status ${status}`}${rule === "" ? "" : ` (${rule})`}`,
    `nothing was changed; see \`${program.replace("restore", "save")} --table raw\``,
  );
}
