/** A gate that was kept as nft lists it comes back as it was. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { printListedAnew } from "../../src/backend/nftables/index.ts";
import { nftables } from "../../src/gate/nftables/index.ts";
import type { Host as GateHost } from "../../src/host/index.ts";
import { validPolicy } from "../policy/arbitrary.ts";
import { readExamples, readGoldens } from "../setup/goldens.ts";
import { sure } from "../setup/sure.ts";
import { loadGate } from "./gate.ts";
import { liveHost } from "./live-host.ts";
import { makeNetwork, type Network } from "./network.ts";

/** More of them: RANDOM_POLICIES=300. */
const RANDOM = Number(process.env["RANDOM_POLICIES"] ?? 10);

let network: Network;
let host: GateHost;
beforeAll(async () => {
  network = await makeNetwork();
  host = liveHost(network.server);
});
afterAll(() => network.remove());

/** Also the members: a gate to which nobody has come yet has those that are its own alone. */
async function listing(): Promise<readonly string[]> {
  const { stdout } = await network.server.run(["nft", "--stateless", "list", "ruleset"]);
  return stdout
    .replace(/^table inet postern \{\n|\n\}\n$/g, "")
    .replace("\n}\ntable ip6 postern {\n", "\n\n")
    .split("\n\n")
    .toSorted();
}

async function load(policyText: string): Promise<readonly string[]> {
  await network.server.run(["nft", "flush", "ruleset"]);
  await loadGate(network.server, policyText);
  return listing();
}

/** In the place of the other one, of none, and once more of itself. */
async function expectToComeBack(policyText: string, other: string): Promise<void> {
  const before = await load(policyText);
  const kept = sure(await nftables.takeSnapshot(host));
  if (kept === null) throw new Error("expectToComeBack: there is no gate to keep");
  sure(await nftables.tryRestore(host, kept));
  await load(other);
  for (const _ of ["in the place of the other", "of itself"]) {
    sure(await nftables.restore(host, kept, []));
    expect(await listing()).toEqual(before);
  }
  await network.server.run(["nft", "flush", "ruleset"]);
  sure(await nftables.restore(host, kept, []));
  expect(await listing()).toEqual(before);
}

const KNOWN = [...readGoldens().map(({ name, policy }) => ({ name, policy })), ...readExamples()];

test.each(KNOWN)("$name", async ({ name, policy }) => {
  const at = KNOWN.findIndex((one) => one.name === name);
  const other = KNOWN[(at + 1) % KNOWN.length]?.policy ?? "";
  await expectToComeBack(policy, other);
});

test("a gate comes back where the names of protocols cannot be read any more", async () => {
  const everything = KNOWN.find(({ name }) => name === "everything.yaml")?.policy ?? "";
  await load(everything);
  const kept = sure(await nftables.takeSnapshot(host));
  const nameless = ["unshare", "--mount", "sh", "-c"];
  await network.server.run(
    [...nameless, "mount --bind /dev/null /etc/protocols && nft --check --file -"],
    { stdin: printListedAnew(kept?.texts["rules"] ?? "") },
  );
});

test(`${RANDOM} that nobody would write`, async () => {
  const texts = fc
    .sample(validPolicy, { numRuns: RANDOM + 1, seed: 3 })
    .map((policy) => JSON.stringify(policy));
  for (const [n, text] of texts.slice(1).entries()) {
    await expectToComeBack(text, texts[n] ?? "");
  }
}, 600_000);
