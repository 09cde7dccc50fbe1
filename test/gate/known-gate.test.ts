/** What of a gate is read again and again, for the case that something takes it away. */
import { expect, test } from "vitest";
import { compilePolicy } from "../../src/compile/index.ts";
import { readKnownGate } from "../../src/gate/index.ts";
import { fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import { element, listingOf } from "./listings.ts";

const PROGRAM = compilePolicy(
  policyOf(
    "doors: { ssh: { protects: tcp/22, token: { carriers: [udp/62210] }, signed: { carriers: [ping] } } }",
  ),
);
const BEFORE = {
  gate: { backend: "nftables", texts: {} },
  handle: undefined,
  ...{ sets: [], readAt: 0 },
} as const;

test("of a gate with tokens, where each set is a program to run, only what can be put back is read", async () => {
  const fake = fakeHost({ tables: [listingOf(PROGRAM)] });
  const members = { ssh_grants4: [element("192.0.2.7", 60)] };
  const read: string[] = [];
  const host = {
    ...fake,
    run: (argv: readonly string[], options = {}) => {
      if (!argv.join(" ").startsWith("nft --json list set ")) return fake.run(argv, options);
      const name = argv.at(-1) ?? "";
      read.push(name);
      const sets = PROGRAM.sets.filter((set) => set.name === name);
      return Promise.resolve(prints(listingOf({ ...PROGRAM, sets }, members)));
    },
  };
  const known = sure(await readKnownGate(host, BEFORE));
  expect(new Set(read)).toEqual(
    new Set(["banned4", "banned6", "signed_seen", "ssh_grants4", "ssh_grants6"]),
  );
  const grants = known?.sets.find(({ name }) => name === "ssh_grants4");
  expect(grants?.members).toHaveLength(1);
});
