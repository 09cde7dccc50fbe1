import { readdirSync, readFileSync, statSync } from "node:fs";
import { limitsOf } from "../../src/backend/iptables/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { sure } from "./sure.ts";

/** A folder of test/golden/: a policy, and beside it the rules that it becomes. */
export interface Golden {
  readonly name: string;
  readonly policy: string;
  /** Where the rules of nftables are kept. */
  readonly rules: URL;
  /** Where the script for iptables is kept; undefined where iptables cannot say the policy. */
  readonly script: URL | undefined;
}

const GOLDENS = new URL("../golden/", import.meta.url);
const EXAMPLES = new URL("../../examples/", import.meta.url);

export function readGoldens(): Golden[] {
  return readdirSync(GOLDENS)
    .filter((name) => statSync(new URL(name, GOLDENS)).isDirectory())
    .map((name) => {
      const policy = readFileSync(new URL(`${name}/policy.yaml`, GOLDENS), "utf8");
      const script = new URL(`${name}/gate.sh`, GOLDENS);
      return {
        ...{ name, policy, rules: new URL(`${name}/gate.nft`, GOLDENS) },
        script: isForIptables(policy) ? script : undefined,
      };
    });
}

/** Whether iptables can say all that the policy asks. */
export function isForIptables(text: string): boolean {
  return limitsOf(sure(parsePlacedPolicy(text, "policy.yaml"))).length === 0;
}

/** The policies that the documents show. */
export function readExamples(): { readonly name: string; readonly policy: string }[] {
  return readdirSync(EXAMPLES)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ name, policy: readFileSync(new URL(name, EXAMPLES), "utf8") }));
}
