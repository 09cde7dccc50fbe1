/** A kernel that has nftables, but not all of it, as nft tells of it. */
import { expect, test } from "vitest";
import { checkGate } from "../../src/gate/check.ts";
import { applyPolicy } from "../../src/gate/index.ts";
import { nftables } from "../../src/gate/nftables/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { type Answers, fails, fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";

const REFUSED = fails(
  "/dev/stdin:6:17-33: Error: Could not process rule: No such file or directory\n",
);

/** A host whose kernel knows no such rule. */
function without(...words: readonly string[]): Answers {
  return { parts: (rules) => (words.some((word) => rules.includes(word)) ? REFUSED : undefined) };
}

test.each([
  [["socket wildcard"], "socket (nft_socket, CONFIG_NFT_SOCKET)"],
  [["fib daddr"], "fib (nft_fib_inet, CONFIG_NFT_FIB_INET)"],
  [
    ["socket wildcard", "fib daddr"],
    "socket (nft_socket, CONFIG_NFT_SOCKET) and fib (nft_fib_inet, CONFIG_NFT_FIB_INET)",
  ],
])("without %j is named with its module", async (words, named) => {
  const found = await nftables.findObstacle(fakeHost(without(...words)));
  expect(found).toMatchObject({
    code: "host-nftables-incomplete",
    what: `this kernel or its nft lacks a part of nftables that a gate needs: ${named}`,
  });
  expect(found?.fix).toContain("`backend: iptables`");
});

test("a kernel that has all is asked once for each process", async () => {
  let asked = 0;
  const host = fakeHost({
    parts: () => {
      asked += 1;
      return undefined;
    },
  });
  expect(await nftables.findObstacle(host)).toBeUndefined();
  expect(await nftables.findObstacle(host)).toBeUndefined();
  expect(asked).toBe(1);
});

test("apply says so, changes nothing, and check says it before", async () => {
  const text =
    "backend: nftables\ndoors: { ssh: { protects: tcp/22, sequence: { steps: [21001, udp/24040] } } }\n";
  const host = fakeHost(without("socket wildcard"));
  const applied = await applyPolicy(host, policyOf(text));
  expect(applied).toMatchObject({
    ok: false,
    problems: [{ code: "host-nftables-incomplete", severity: "error" }],
  });
  expect(host.loaded()).toEqual([]);
  const { problems } = await checkGate(host, sure(parsePlacedPolicy(text, "policy.yaml")));
  expect(problems.filter(({ code }) => code.startsWith("host-"))).toEqual(
    applied.ok ? [] : applied.problems,
  );
});

test("what the kernel lacks besides is told with a remedy when nft refuses it", async () => {
  const said =
    '/dev/stdin:9:1-2: Error: Could not process rule: No such file or directory\n    log prefix "x"\n';
  const host = fakeHost({ loads: [fails(said)] });
  const applied = await applyPolicy(host, policyOf("doors: { ssh: { protects: tcp/22 } }"));
  expect(applied).toMatchObject({ ok: false, problems: [{ code: "host-nft-refused" }] });
  expect(applied.ok ? "" : applied.problems[0]?.fix).toContain(
    "the kernel has no part for this rule",
  );
});
