/** How those are let in who have made signed knocks: together, and one fault is no other's. */
import { expect, test } from "vitest";
import { parseListing } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { signed } from "../../src/gate/nftables/signed.ts";
import type { RunOptions } from "../../src/host/host.ts";
import { printAddress } from "../../src/policy/address.ts";
import { address } from "../scenarios/arbitrary.ts";
import { fails, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const { sets } = parseListing(
  listingOf(
    compilePolicy(policyOf("doors: { ssh: { protects: tcp/22, signed: { carriers: [ping] } } }")),
  ),
);
const GRANTS = sets.filter(({ name }) => name === "ssh_grants4");

const admissionOf = (n: number) => ({
  seen: "signed_seen",
  knock: { value: `${n}`.padStart(32, "0"), seconds: 60, about: "ana" },
  grants: GRANTS,
  source: address(`192.0.2.${n}`),
  openSeconds: 10,
});

/** A host whose nft takes what none of the sources is in, and who was in each of its transactions. */
function hostRefusing(refused: Readonly<Record<string, string>>) {
  const transactions: string[][] = [];
  const run = (_: readonly string[], { stdin = "" }: RunOptions = {}) => {
    const text = `${stdin}`;
    const sources = [1, 2, 3].map((n) => printAddress(address(`192.0.2.${n}`)));
    const inIt = sources.filter(
      (source) => text.includes(`${source} `) || text.includes(`${source},`),
    );
    transactions.push(inIt);
    const fault = inIt.map((source) => refused[source]).find((one) => one !== undefined);
    return Promise.resolve(fault === undefined ? prints("") : fails(fault));
  };
  return { host: { ...fakeHost(), run }, transactions };
}

test("all in one transaction", async () => {
  const { host, transactions } = hostRefusing({});
  const results = await signed.admit(host, [1, 2, 3].map(admissionOf));
  expect(results).toEqual([1, 2, 3].map(() => ({ ok: true, value: "admitted" })));
  expect(transactions).toEqual([["192.0.2.1", "192.0.2.2", "192.0.2.3"]]);
});

test("where one was seen before and another is refused, the others are in all the same", async () => {
  const { host, transactions } = hostRefusing({
    "192.0.2.1": "Error: Could not process rule: File exists\n",
    "192.0.2.3": "Error: Could not process rule: Too many open files in system\n",
  });
  const results = await signed.admit(host, [1, 2, 3].map(admissionOf));
  expect(results).toMatchObject([
    { ok: true, value: "seen before" },
    { ok: true, value: "admitted" },
    { ok: false, problems: [{ code: "host-nft-refused" }] },
  ]);
  expect(transactions.slice(1)).toEqual([["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"]]);
});

test("one alone is tried once", async () => {
  const { host, transactions } = hostRefusing({
    "192.0.2.2": "Error: Could not process rule: File exists\n",
  });
  expect(await signed.admit(host, [admissionOf(2)])).toEqual([{ ok: true, value: "seen before" }]);
  expect(transactions).toEqual([["192.0.2.2"]]);
});
