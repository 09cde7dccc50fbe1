/** A host that cannot hold a gate is told so at once, with what is needed, and nothing is tried. */
import { describe, expect, test } from "vitest";
import {
  applyPolicy,
  banSource,
  isAboutHost,
  readStatus,
  removeGate,
} from "../../src/gate/index.ts";
import type { Problem, Result } from "../../src/problem/problem.ts";
import { address } from "../scenarios/arbitrary.ts";
import { type Answers, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";

const POLICY = policyOf("doors: { ssh: { protects: tcp/22 } }");
const NO_NFT = fails("spawn nft ENOENT", 127);

const OBSTACLES: readonly [name: string, Answers, found: string, needed: string][] = [
  ["not Linux", { kernel: undefined }, "this is not Linux", "run it on a Linux host"],
  [
    "an old kernel",
    { kernel: "5.9.16-1\n" },
    "the kernel is Linux 5.9.16-1",
    "Linux 5.10 or newer is needed",
  ],
  [
    "a very old kernel",
    { kernel: "4.19.0\n" },
    "the kernel is Linux 4.19.0",
    "Linux 5.10 or newer is needed",
  ],
  [
    "no privilege",
    { capabilities: "0000000000000000" },
    "this user may not change firewall rules",
    "run it as root (it needs CAP_NET_ADMIN)",
  ],
  [
    "all privileges but the one",
    { capabilities: "000001ffffffefff" },
    "this user may not change firewall rules",
    "run it as root (it needs CAP_NET_ADMIN)",
  ],
  ["no nft", { nftVersion: NO_NFT }, "there is no nft command", "install nftables 1.0 or newer"],
  [
    "a kernel without nftables",
    { anyNftables: fails("Unable to initialize Netlink socket: Protocol not supported") },
    "nft refused: Unable to initialize Netlink socket: Protocol not supported",
    "nothing was changed; see `nft list ruleset`",
  ],
  [
    "an old nft",
    { nftVersion: prints("nftables v0.9.8 (E.D.S.)\n") },
    "nft is nftables v0.9.8 (E.D.S.)",
    "nftables 1.0 or newer is needed",
  ],
  [
    "an nft that says nothing",
    { nftVersion: prints("") },
    "nft is ",
    "nftables 1.0 or newer is needed",
  ],
];

function problemOf(result: Result<unknown>): Problem {
  if (result.ok) throw new Error("problemOf: there is none");
  const [problem, ...more] = result.problems;
  if (problem === undefined || more.length > 0) throw new Error("problemOf: not one alone");
  return problem;
}

describe.each(OBSTACLES)("%s", (_, answers, found, needed) => {
  test.each([
    ["apply", (host: ReturnType<typeof fakeHost>) => applyPolicy(host, POLICY)],
    ["remove", removeGate],
    ["status", readStatus],
    [
      "ban",
      (host: ReturnType<typeof fakeHost>) => banSource(host, address("192.0.2.7"), undefined),
    ],
  ])("stops %s before it has begun", async (_command, run) => {
    const host = fakeHost(answers);
    const problem = problemOf(await run(host));
    expect([problem.what, problem.fix]).toEqual([found, needed]);
    expect(isAboutHost(problem)).toBe(true);
    expect(host.ran).toEqual([]);
  });
});

test.each([
  ["the oldest kernel that does", { kernel: "5.10.0-8-amd64\n" }],
  ["a kernel of two digits", { kernel: "10.2.1\n" }],
  ["the one capability", { capabilities: "0000000000001000" }],
  ["the oldest nft that does", { nftVersion: prints("nftables v1.0.0 (Fearless Fosdick #2)\n") }],
  ["nft 1.1", { nftVersion: prints("nftables v1.1.3 (Commodore Bullmoose #4)\n") }],
] satisfies [string, Answers][])("%s is enough", async (_, answers) => {
  expect((await applyPolicy(fakeHost(answers), POLICY)).ok).toBe(true);
});

test("of a user without privilege nothing is said of nft, which only root's PATH may show", async () => {
  const host = fakeHost({ capabilities: "0", nftVersion: NO_NFT });
  expect(problemOf(await readStatus(host)).code).toBe("host-no-privilege");
});

test("a program that is missing for a moment, as during its upgrade, is asked again", async () => {
  const host = fakeHost();
  let isThere = false;
  const upgraded = {
    ...host,
    run: (argv: readonly string[]) =>
      isThere || argv[1] !== "--version" ? host.run(argv) : Promise.resolve(NO_NFT),
  };
  expect(problemOf(await applyPolicy(upgraded, POLICY)).code).toBe("host-no-nft");
  isThere = true;
  expect((await applyPolicy(upgraded, POLICY)).ok).toBe(true);
});
