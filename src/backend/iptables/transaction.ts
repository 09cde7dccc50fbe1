/** What puts rules in the place of those that stand, as one text for `iptables-restore --noflush`. */
import type { Saved } from "./listing.ts";
import { JUMP } from "./names.ts";

/**
 * @param rules from the name of the table on; none takes the gate away.
 * @param standing what is there now.
 */
export function printTransaction(rules: readonly string[], standing: Saved): string {
  const own = new Set(rules.flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []));
  const stale = standing.chains.filter((chain) => !own.has(chain));
  return [
    // The iptables-restore of iptables-nft 1.8.4 takes an empty line for the end of all.
    ...(rules.length === 0 ? ["*raw"] : rules.filter((line) => line !== "")),
    ...stale.map((chain) => `:${chain} - [0:0]`),
    ...standing.jumps.map((jump) => `-D ${jump}`),
    ...stale.map((chain) => `-X ${chain}`),
    ...(own.size === 0 ? [] : [`-I ${JUMP}`]),
    "COMMIT",
    "",
  ].join("\n");
}

/** The rules of a gate that was saved, as {@link printTransaction} takes them. */
export function savedRules({ chains, rules }: Saved): string[] {
  return chains.length === 0
    ? []
    : ["*raw", ...chains.map((chain) => `:${chain} - [0:0]`), ...rules];
}
