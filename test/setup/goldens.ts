import { readdirSync, readFileSync, statSync } from "node:fs";

/** A folder of test/golden/: a policy, and beside it the rules that it becomes. */
export interface Golden {
  readonly name: string;
  readonly policy: string;
  /** Where the rules are kept. */
  readonly rules: URL;
}

const GOLDENS = new URL("../golden/", import.meta.url);
const EXAMPLES = new URL("../../examples/", import.meta.url);

export function readGoldens(): Golden[] {
  return readdirSync(GOLDENS)
    .filter((name) => statSync(new URL(name, GOLDENS)).isDirectory())
    .map((name) => ({
      name,
      policy: readFileSync(new URL(`${name}/policy.yaml`, GOLDENS), "utf8"),
      rules: new URL(`${name}/gate.nft`, GOLDENS),
    }));
}

/** The policies that the documents show. */
export function readExamples(): { readonly name: string; readonly policy: string }[] {
  return readdirSync(EXAMPLES)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ name, policy: readFileSync(new URL(name, EXAMPLES), "utf8") }));
}
