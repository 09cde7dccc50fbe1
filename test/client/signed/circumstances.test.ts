/** What a signed knock says of address and time, and what of it others decide. */
import { beforeEach, describe, expect, test } from "vitest";
import { policyOf } from "../../setup/policy.ts";
import { somebody, V4, V6, withSigned } from "./scene.ts";

const { home, knockAt } = somebody();

describe("the address", () => {
  let key: string;
  beforeEach(() => {
    key = home().make("id_ed25519", "-t", "ed25519");
  });
  const behind = { behind: "192.168.1.7" };

  test("is named where nothing can put another in its place", async () => {
    const policy = withSigned("udp/2", ", bound: true");
    const knocked = await knockAt([key], { policy });
    expect(knocked.first?.signed?.boundTo).toBe("192.0.2.10");
    expect(knocked.outcome.isOpen).toBe(true);
  });

  test("is not named from a private network, and the knock opens all the same", async () => {
    const knocked = await knockAt([key], { sites: [behind] });
    expect(knocked.first).toMatchObject({ state: "open", signed: { boundTo: null } });
  });

  test("that is not known is told where the door asks for one, and nothing is sent", async () => {
    const policy = withSigned("udp/2", ", bound: true");
    const knocked = await knockAt([key], { policy, sites: [behind] });
    expect(knocked.told).toEqual([expect.stringContaining("name it with --bind ADDRESS")]);
    expect([knocked.network.sent, home().signatures]).toEqual([[], 0]);
    const named = await knockAt([key], { policy, sites: [behind], bind: "192.0.2.10" });
    expect(named.outcome.isOpen).toBe(true);
  });

  test("that is wrong keeps the door shut", async () => {
    const knocked = await knockAt([key], { bind: "198.51.100.1" });
    expect(knocked.outcome.isOpen).toBe(false);
    expect(new Set(knocked.verdicts)).toEqual(new Set(["address"]));
  });

  test("is named by none who says so", async () => {
    const knocked = await knockAt([key], { bind: "none" });
    expect(knocked.first?.signed?.boundTo).toBeNull();
  });

  test("of two families has a knock of its own for each", async () => {
    const sites = [{ address: V6 }, { address: V4 }];
    const { outcome } = await knockAt([key], { sites });
    expect(outcome.addresses.map(({ state, signed }) => [state, signed?.boundTo])).toEqual([
      ["open", "2001:db8::10"],
      ["open", "192.0.2.10"],
    ]);
    expect(home().signatures).toBe(2);
  });
});

describe("time", () => {
  let key: string;
  beforeEach(() => {
    key = home().make("id_ed25519", "-t", "ed25519");
  });

  test("that it takes to sign is not time of the knock's", async () => {
    const knocked = await knockAt([key], { signingTakes: [19_000] });
    expect([knocked.outcome.isOpen, home().signatures, knocked.told]).toEqual([true, 1, []]);
  });

  test("a knock that took long to sign is signed anew, once", async () => {
    const knocked = await knockAt([key], { signingTakes: [70_000, 1000] });
    expect([knocked.outcome.isOpen, home().signatures]).toEqual([true, 2]);
    expect(knocked.verdicts).toEqual(["opens for ana"]);
    expect(knocked.told).toEqual([expect.stringContaining("it took 70 s to sign")]);
  });

  test("who is always slow is asked twice and no more", async () => {
    const knocked = await knockAt([key], { signingTakes: [70_000] });
    expect([knocked.outcome.isOpen, home().signatures]).toEqual([false, 2]);
    expect(new Set(knocked.verdicts)).toEqual(new Set(["time"]));
  });

  test("who had to be asked is not asked for another address, once one is open", async () => {
    const sites = [{ address: V6 }, { address: V4 }];
    const knocked = await knockAt([key], { sites, signingTakes: [5000] });
    expect(knocked.outcome.addresses.map(({ state }) => state)).toEqual(["open", "unsent"]);
    expect(home().signatures).toBe(1);
    // Where the first does not open, they are.
    const other = await knockAt([key], {
      sites: [{ address: V6, service: "silent" }, { address: V4 }],
      signingTakes: [5000],
    });
    expect(other.outcome.addresses.map(({ state }) => state)).toContain("open");
  });

  test.each([
    [50, true],
    [-50, true],
    [70, false],
    [-70, false],
  ])("clocks that differ by %d s: open is %s", async (clockAhead, isOpen) => {
    const { outcome } = await knockAt([key], { sites: [{ clockAhead }] });
    expect(outcome.isOpen).toBe(isOpen);
  });
});

describe("where it cannot be seen whether it opens", () => {
  const policy = policyOf(
    "doors: { vpn: { protects: udp/500, signed: { carriers: [ping, udp/62201] } } }",
  );

  test("the first key signs, over the first carrier, twice", async () => {
    const key = home().make("id_ed25519", "-t", "ed25519");
    const knocked = await knockAt([key], { policy });
    expect(knocked.first).toMatchObject({ state: "untried", by: "signed:ping" });
    expect([knocked.verdicts, knocked.told]).toEqual([["opens for ana", "seen"], []]);
  });

  test("and which that is is told, if there are more", async () => {
    home().make("id_ecdsa", "-t", "ecdsa");
    home().make("id_ed25519", "-t", "ed25519");
    const { told } = await knockAt([], { policy });
    expect(told).toEqual([expect.stringMatching(/^signed with .*id_ecdsa alone, since/)]);
    expect(home().signatures).toBe(1);
  });
});

describe("the settings of ssh", () => {
  test("name keys, and say that no others of the agent are meant", async () => {
    const wanted = home().make("work", "-t", "ed25519");
    home().make("other", "-t", "ed25519");
    await home().hold("other", "work");
    home().settings(`Host gate.*
  IdentityFile ${home().path("wo")}rk
  IdentitiesOnly yes
`);
    const knocked = await knockAt([wanted]);
    expect([knocked.verdicts, home().signatures]).toEqual([["opens for ana"], 1]);
  });

  test("may say that no agent is to be asked, or that nobody is", async () => {
    home().make("id_ed25519", "-t", "ed25519", "-N", "sesame");
    const key = home().make("held", "-t", "ed25519");
    await home().hold("held");
    home().settings("IdentityAgent none\n");
    const kernel = { "/proc/self/stat": "1 (node) S 7 1 1 34816 1" };
    const { outcome, told } = await knockAt([key], { kernel, isBatch: true });
    expect([outcome.isOpen, told]).toEqual([false, [expect.stringContaining("has a passphrase")]]);
    home().settings("IdentityAgent none\nBatchMode yes\n");
    expect((await knockAt([key], { kernel })).told).toEqual([
      expect.stringContaining("nobody can be asked for it here"),
    ]);
  });
});
