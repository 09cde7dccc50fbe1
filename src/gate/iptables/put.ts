/** Puts rules in the place of those that stand: one transaction a family, both or none. */
import { printTransaction, type Saved, savedRules } from "../../backend/iptables/index.ts";
import type { Host } from "../../host/index.ts";
import type { Family } from "../../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import {
  type Halves,
  halvesIn,
  programOf,
  readHalves,
  refusedBy,
  type Variant,
} from "./variant.ts";

/** For how long another program may hold the lock of the older kind. */
const WAIT_SECONDS = 5;

/** What is to stand of each family; none takes the gate away. */
export type Wanted = (family: Family, standing: Saved) => readonly string[];

/** @param standing what stands now; of a host without IPv6 there is no half of it. */
export async function put(
  host: Host,
  variant: Variant,
  standing: Halves,
  wanted: Wanted,
): Promise<Result<undefined>> {
  const done: (readonly [Family, Saved])[] = [];
  for (const [family, saved] of halvesIn(standing)) {
    const rules = wanted(family, saved);
    const isThere = saved.chains.length > 0 || saved.jumps.length > 0;
    if (rules.length === 0 && !isThere) continue;
    const loaded = await restore(host, variant, family, printTransaction(rules, saved));
    if (!loaded.ok) return (await putBack(host, variant, done)) ?? loaded;
    done.push([family, saved]);
  }
  return ok(undefined);
}

/** The families that were changed go back to what they were; the problem, if they do not. */
async function putBack(
  host: Host,
  variant: Variant,
  done: readonly (readonly [Family, Saved])[],
): Promise<Result<undefined> | undefined> {
  for (const [family, before] of done) {
    const now = await readHalves(host, variant);
    if (!now.ok) return now;
    const standing = now.value[family] ?? before;
    const back = await restore(
      host,
      variant,
      family,
      printTransaction(savedRules(before), standing),
    );
    if (!back.ok) return fail(halfChanged(family), ...back.problems);
  }
  return undefined;
}

async function restore(
  host: Host,
  variant: Variant,
  family: Family,
  text: string,
): Promise<Result<undefined>> {
  const program = programOf(variant, family, "restore");
  const argv = [program, "--noflush", "--counters", "--wait", `${WAIT_SECONDS}`];
  const loaded = await host.run(argv, { stdin: text, purpose: "rules" });
  return loaded.status === 0 ? ok(undefined) : fail(refusedBy(program, loaded, text));
}

/** Whether the kernel would take the rules now, for each family; changes nothing. */
export async function tryRules(
  host: Host,
  variant: Variant,
  standing: Halves,
  wanted: Wanted,
): Promise<Result<undefined>> {
  for (const [family, saved] of halvesIn(standing)) {
    const program = programOf(variant, family, "restore");
    const text = printTransaction(wanted(family, saved), saved);
    const tried = await host.run([program, "--test", "--noflush", "--counters"], {
      stdin: text,
      purpose: "rules",
    });
    if (tried.status !== 0) return fail(refusedBy(program, tried, text));
  }
  return ok(undefined);
}

function halfChanged(family: Family): Problem {
  return {
    code: "half-changed",
    severity: "error",
    what: `the other family refused its rules, and those of ${family === "ipv4" ? "IPv4" : "IPv6"} could not be taken back`,
    fix: "see `postern status`, mend what is said below, and apply the policy again",
  };
}
