/** Who is connected when a gate comes back that has not seen that connection begin. */
import { describe, expect, test } from "vitest";
import { compilePolicy } from "../../src/compile/index.ts";
import { rollback } from "../../src/gate/index.ts";
import { type Answers, type FakeHost, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const TEXT = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }";
const PROGRAM = compilePolicy(policyOf(TEXT));
const { fingerprint } = PROGRAM;
const { nftables } = JSON.parse(listingOf(PROGRAM)) as { readonly nftables: readonly unknown[] };
const MADE_OF = { chain: "made_of", comment: `policy=${fingerprint}` };
const listing = JSON.stringify({
  nftables: [...nftables, { rule: { family: "inet", table: "postern", ...MADE_OF } }],
});
const conntrack =
  "tcp 6 431999 ESTABLISHED src=192.0.2.7 dst=192.0.2.1 sport=4 dport=22 src=192.0.2.1\n";
const ADOPTED = "add element inet postern ssh_flows4 {\n    192.0.2.7 . 4 . 192.0.2.1 . 22 timeout";

function hostAfter(answers: Answers = {}): FakeHost {
  const host = fakeHost({ tables: [listing], conntrack, ...answers });
  const keep = (name: string, value: unknown) =>
    host.written.set(`/run/postern/net-0/${name}`, JSON.stringify(value));
  keep("before.json", {
    gate: { backend: "nftables", texts: { rules: "table inet postern {\n}\n", listing } },
  });
  keep("policies.json", [{ fingerprint, file: "p.yaml", text: TEXT }]);
  return host;
}

describe("with connections that are younger than the gate of before, a rollback", () => {
  test("lets them go on", async () => {
    const host = hostAfter();
    expect((await rollback(host)).ok).toBe(true);
    expect(host.loaded()).toEqual([expect.stringContaining(ADOPTED)]);
  });

  test("goes back all the same where there is no room for them", async () => {
    const host = hostAfter({ loads: [fails("Error: Too many open files in system"), prints("")] });
    expect((await rollback(host)).ok).toBe(true);
    expect(host.loaded().at(-1)).not.toContain("flows4");
  });
});
