/** What the carriers of knocks need, and how a host without it is told. */
import { describe, expect, test } from "vitest";
import { checkCarrierNeeds, isBeyondHost } from "../../src/gate/check/carriers.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { type Answers, fails, fakeHost, prints } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";
import { listener, told } from "./around.ts";

function policy(carriers: string, more = ""): string {
  return `doors:\n  ssh:\n    protects: tcp/22\n    token: { carriers: [${carriers}] }\n${more}`;
}

describe("a server", () => {
  const SSHD = listener("tcp", "0.0.0.0", 22);
  const missing = (carrier: string, port: number) =>
    `warning carrier-without-server: nothing listens on tcp/${port}, so no token comes to door ssh by ${carrier}; let a web server listen there, or leave out that carrier; the others need none`;

  test("is needed by http and tls, and by none of the others", () => {
    const all = policy("ping, udp/62201, dns/53, http/80, tls/443");
    expect(told(all, { listeners: [SSHD] })).toEqual([
      missing("http/80", 80),
      missing("tls/443", 443),
    ]);
    const web = [80, 443].map((port) => listener("tcp", "::", port));
    expect(told(all, { listeners: [SSHD, ...web] })).toEqual([]);
  });

  test("has to be one for TCP, and for others than this host itself", () => {
    const wrong = [listener("udp", "0.0.0.0", 80), listener("tcp", "127.0.0.1", 80)];
    expect(told(policy("http/80"), { listeners: [SSHD, ...wrong] })).toEqual([
      missing("http/80", 80),
    ]);
  });

  test("may be in a container", () => {
    const published = [{ protocol: "tcp", ports: { first: 80, last: 80 } } as const];
    expect(told(policy("http/80"), { listeners: [SSHD], published })).toEqual([]);
  });

  test("is not looked for on another host, nor where nobody can tell", () => {
    const elsewhere = policy("http/80", "    destinations: [203.0.113.7]\n");
    const forwards = { ipv4: true, ipv6: true };
    expect(told(elsewhere, { listeners: [SSHD], forwards })).toEqual([]);
    expect(told(policy("http/80"), { listeners: undefined })).toEqual([]);
  });
});

describe("the kernel and nft", () => {
  const OLD_NFT = prints("nftables v1.0.0 (Fearless Fosdick)\n");
  const NOBODY = { capabilities: "0000000000000000" };
  const needs = async (carriers: string, answers: Answers) => {
    const placed = sure(parsePlacedPolicy(policy(carriers), "policy.yaml"));
    const problems = await checkCarrierNeeds(fakeHost(answers), placed);
    expect(problems.filter((one) => !isBeyondHost(one))).toEqual([]);
    return problems.map(({ severity, place, what, fix }) => {
      const { text = "", column = 1, length = 0 } = place ?? {};
      return `${severity} ${text.slice(column - 1, column - 1 + length)}: ${what}; ${fix}`;
    });
  };

  test("are asked with a table that is not kept, for each kind of packet once", async () => {
    const host = fakeHost();
    const placed = sure(parsePlacedPolicy(policy("ping, dns/53, http/80, tls/443"), "p"));
    expect(await checkCarrierNeeds(host, placed)).toEqual([]);
    expect(host.ran.map(({ argv }) => argv.join(" "))).toEqual([
      "nft --check -f -",
      "nft --check -f -",
    ]);
    expect(host.ran.map(({ stdin }) => /typeof (.*?);/.exec(stdin)?.[1])).toEqual([
      "@th,64,128",
      "@ih,0,128",
    ]);
  });

  test("are asked for signed knocks with what these need, once for all carriers", async () => {
    const host = fakeHost();
    const text =
      "doors: { ssh: { protects: tcp/22, token: { carriers: [ping] }, signed: { carriers: [ping, udp/53] } } }";
    expect(await checkCarrierNeeds(host, sure(parsePlacedPolicy(text, "p")))).toEqual([]);
    expect(host.ran.map(({ stdin }) => /typeof (.*?);/.exec(stdin)?.[1])).toEqual([
      "@th,64,128",
      "@th,64,64",
    ]);
    const [, probe] = host.ran;
    expect(probe?.stdin).toContain("log group 62201");
    expect(probe?.stdin).not.toContain("limit rate");
  });

  test("that are too old for signed knocks are told at each of their carriers", async () => {
    const text = "doors:\n  ssh:\n    protects: tcp/22\n    signed: { carriers: [ping, udp/53] }\n";
    const old = { kernel: "5.4.0", check: fails("Error: syntax error") };
    const problems = await checkCarrierNeeds(fakeHost(old), sure(parsePlacedPolicy(text, "p")));
    expect(problems.map(({ what, fix }) => `${what}; ${fix}`)).toEqual(
      ["ping", "udp/53"].map(
        (carrier) =>
          `signed knocks of door ssh cannot come by ${carrier} here: this host has Linux 5.4.0 and nft 1.0.6; bring a kernel with nfnetlink_log and nft 1.0.1 or newer, or leave out that carrier`,
      ),
    );
    expect(problems.map(({ place }) => place?.column)).toEqual([26, 32]);
    const byVersion = { nftVersion: OLD_NFT, ...NOBODY };
    const told = await checkCarrierNeeds(fakeHost(byVersion), sure(parsePlacedPolicy(text, "p")));
    expect(told).toHaveLength(2);
  });

  test("are not asked for a policy without tokens", async () => {
    const host = fakeHost();
    const text = "doors: { ssh: { protects: tcp/22 } }";
    expect(await checkCarrierNeeds(host, sure(parsePlacedPolicy(text, "p")))).toEqual([]);
    expect(host.ran).toEqual([]);
  });

  test("that refuse are told with what they are, at each carrier", async () => {
    const said = await needs("ping, http/80", {
      kernel: "5.10.0-28-amd64\n",
      check: fails("Error: syntax error"),
    });
    expect(said).toEqual([
      "error ping: tokens of door ssh cannot come by ping here: this host has Linux 5.10.0-28-amd64 and nft 1.0.6; bring nft 1.0.1 or newer, or leave out that carrier",
      "error http/80: tokens of door ssh cannot come by http/80 here: this host has Linux 5.10.0-28-amd64 and nft 1.0.6; bring Linux 5.16 and nft 1.0.1 or newer, or leave out that carrier",
    ]);
  });

  test.each<[string, Answers, carriers: string[]]>([
    ["a kernel of today", { kernel: "6.1.0-31-amd64" }, []],
    ["the first kernel that will do", { kernel: "5.16.0" }, []],
    ["one before it", { kernel: "5.15.0-91-generic" }, ["http/80"]],
    ["an nft that is too old", { nftVersion: OLD_NFT }, ["ping", "http/80"]],
    ["the first that will do", { nftVersion: prints("nftables v1.0.1 (Fearless)\n") }, []],
    ["one with two numbers", { nftVersion: prints("nftables v1.1 (Commodore)\n") }, []],
    [
      "an old one with two numbers",
      { nftVersion: prints("nftables v0.9 (X)\n") },
      ["ping", "http/80"],
    ],
    ["no nft to be found", { nftVersion: fails("ENOENT", 127) }, []],
  ])("who may not ask goes by the versions: %s", async (_, answers, carriers) => {
    const said = await needs("ping, http/80", { ...NOBODY, ...answers });
    expect(said.map((line) => line.split(":")[0])).toEqual(carriers.map((one) => `error ${one}`));
  });
});
