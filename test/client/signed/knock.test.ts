/** With which keys a signed knock opens, over which carriers, and after what. */
import { rmSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { policyOf } from "../../setup/policy.ts";
import { watching } from "../knock/errand.ts";
import { somebody, V4, withSigned } from "./scene.ts";

const { home, knockAt } = somebody();

describe("a key", () => {
  test.each([
    ["ed25519", []],
    ["ecdsa", ["-b", "256"]],
    ["ecdsa", ["-b", "384"]],
    ["ecdsa", ["-b", "521"]],
    ["rsa", ["-b", "3072"]],
  ])("of %s %o in a file opens the door", async (type, options) => {
    const key = home().make(`id_${type}`, "-t", type, ...options);
    const knocked = await knockAt([key]);
    expect(knocked.first).toMatchObject({
      ...{ state: "open", by: "signed:ping" },
      signed: { identity: home().path(`id_${type}`), boundTo: "192.0.2.10" },
    });
    expect([knocked.verdicts, knocked.told]).toEqual([["opens for ana"], []]);
  });

  test("that the agent alone has opens it, and leaves no file behind", async () => {
    const key = home().make("work", "-t", "ed25519");
    await home().hold("work");
    home().forget("work");
    const knocked = await knockAt([key]);
    expect(knocked.first).toMatchObject({ state: "open", signed: { identity: "of work" } });
    expect(home().temporaryFiles()).toEqual([]);
  });

  test("with a passphrase, that the agent has, is not asked for", async () => {
    const key = home().make("id_ed25519", "-t", "ed25519", "-N", "sesame");
    await home().startAgent();
    // The agent gets it before it is locked away.
    const open = home().make("open", "-t", "ed25519");
    await home().hold("open");
    home().forget("open");
    const knocked = await knockAt([open, key]);
    expect(knocked.first).toMatchObject({ state: "open", signed: { identity: "of open" } });
    expect(knocked.told).toEqual([]);
  });

  test("with a passphrase is told of where nobody can type it, and nothing is sent", async () => {
    const key = home().make("id_ed25519", "-t", "ed25519", "-N", "sesame");
    const knocked = await knockAt([key]);
    const path = home().path("id_ed25519");
    expect(knocked.told).toEqual([
      `${path} has a passphrase, and nobody can be asked for it here; give it to the agent with \`ssh-add ${path}\`, or knock at a terminal`,
    ]);
    expect([knocked.outcome.isOpen, knocked.first?.state, knocked.network.sent]).toEqual([
      ...[false, "unsent", []],
    ]);
    expect(home().signatures).toBe(0);
  });

  test("that the gate does not know opens nothing", async () => {
    home().make("id_ed25519", "-t", "ed25519");
    const knocked = await knockAt([]);
    expect(knocked.first).toMatchObject({ state: "silent", by: undefined });
    expect(new Set(knocked.verdicts)).toEqual(new Set(["signer"]));
  });

  test("is named by --identity, by either half, and no other is tried", async () => {
    const wanted = home().make("work", "-t", "ecdsa");
    home().make("id_ed25519", "-t", "ed25519");
    await home().hold("id_ed25519", "work");
    for (const identity of [home().path("work"), home().path("work.pub"), "~/.ssh/work"]) {
      const knocked = await knockAt([wanted], { identity });
      expect(knocked.verdicts).toEqual(["opens for ana"]);
    }
    const { outcome } = await knockAt([wanted], { identity: home().path("id_ed25519") });
    expect(outcome.isOpen).toBe(false);
  });
});

describe("there is nothing to sign with", () => {
  test("and that is a problem, which says what was looked at", async () => {
    await expect(knockAt([])).rejects.toThrow(
      /^there is no SSH key to sign the knock with: no ssh-agent is there \(SSH_AUTH_SOCK\), and no key could be read from .*\/\.ssh\/id_rsa, .*; name a key with --identity FILE/,
    );
    await expect(knockAt([], { environment: { SSH_AUTH_SOCK: "/nowhere" } })).rejects.toThrow(
      "the ssh-agent at /nowhere gives none (Error connecting to agent",
    );
    await home().startAgent();
    await expect(knockAt([])).rejects.toThrow("gives none (The agent has no identities.)");
    await expect(knockAt([], { identity: "/no/key" })).rejects.toThrow("read from /no/key;");
  });

  test("as the only key is of a kind that signs no knocks", async () => {
    home().make("id_rsa", "-t", "rsa", "-b", "1024");
    const knocked = knockAt([]);
    await expect(knocked).rejects.toThrow("there is no SSH key to sign the knock with");
  });

  test("as only its public half is there, and no agent has the other", async () => {
    home().make("work", "-t", "ed25519");
    await expect(knockAt([], { identity: home().path("work.pub") })).resolves.toBeDefined();
    rmSync(home().path("work"));
    await expect(knockAt([], { identity: home().path("work.pub") })).rejects.toThrow(
      `of ${home().path("work.pub")} only the public half is there`,
    );
  });
});

describe("several keys", () => {
  test("are tried one after the other, each over every carrier, until one opens", async () => {
    const keys = ["id_rsa", "id_ecdsa", "id_ed25519"].map((name) =>
      home().make(name, "-t", name.slice(3)),
    );
    const knocked = await knockAt(keys.slice(2));
    const refused = Array.from({ length: 8 }, () => "signer");
    expect(knocked.verdicts).toEqual([...refused, "opens for ana"]);
    expect(knocked.first?.signed?.identity).toBe(home().path("id_ed25519"));
    expect(home().signatures).toBe(3);
  });

  test("that are more than six are not all tried", async () => {
    const names = Array.from({ length: 8 }, (_, n) => `key${n}`);
    const keys = names.map((name) => home().make(name, "-t", "ed25519"));
    await home().hold(...names);
    const policy = withSigned("ping");
    const knocked = await knockAt(keys.slice(6), { policy });
    expect([knocked.outcome.isOpen, home().signatures]).toEqual([false, 6]);
    expect((await knockAt(keys.slice(5), { policy })).outcome.isOpen).toBe(true);
  });

  test("of which one cannot be used are tried all the same", async () => {
    home().make("id_rsa", "-t", "rsa", "-b", "1024");
    home().make("id_ecdsa", "-t", "ecdsa", "-N", "sesame");
    home().make("old", "-t", "rsa", "-m", "PEM");
    rmSync(`${home().path("old")}.pub`);
    const names = ["id_rsa", "old", "id_ecdsa", "id_ed25519"];
    home().settings(names.map((name) => `IdentityFile ${home().path(name)}\n`).join(""));
    const key = home().make("id_ed25519", "-t", "ed25519");
    const knocked = await knockAt([key]);
    expect([knocked.outcome.isOpen, knocked.verdicts]).toEqual([true, ["opens for ana"]]);
    expect(knocked.told).toEqual([
      expect.stringMatching(/id_rsa is left out: an RSA key of 1024 bits is not between/),
      expect.stringMatching(/old is left out: its public half is not beside it; `ssh-keygen -y -f/),
      expect.stringMatching(/id_ecdsa has a passphrase, and nobody can be asked/),
    ]);
  });
});

describe("over its carriers", () => {
  beforeEach(() => {
    home().make("id_ed25519", "-t", "ed25519");
  });
  const key = () => home().make("id_ecdsa", "-t", "ecdsa");

  test("a knock that is lost on the first comes by the next, with the same signature", async () => {
    const isLost = (_: number, packet: string) => packet.startsWith("ping/");
    const knocked = await knockAt([key()], { sites: [{ isLost }], identity: "~/.ssh/id_ecdsa" });
    expect([knocked.first?.by, home().signatures]).toEqual(["signed:udp/62201", 1]);
  });

  test("each packet is another, though it says the same", async () => {
    const { network } = await knockAt([], { identity: "~/.ssh/id_ed25519" });
    const payloads = network.signedAt().payloads.map((bytes) => Buffer.from(bytes));
    expect(payloads.length).toBe(4);
    const ends = payloads.map((bytes) => bytes.subarray(8).toString("hex"));
    expect(new Set(ends).size).toBe(4);
  });

  test("one lost packet does not keep the door shut, nor a slow agent", async () => {
    const signer = key();
    for (const lost of [1, 2, 3, 4]) {
      const sites = [{ isLost: (n: number) => n === lost }];
      const { outcome } = await knockAt([signer], { sites, identity: "~/.ssh/id_ecdsa" });
      expect(outcome.isOpen).toBe(true);
    }
    for (const agentTakes of [0, 60, 300, 900]) {
      const sites = [{ agentTakes }];
      const { outcome } = await knockAt([signer], { sites, identity: "~/.ssh/id_ecdsa" });
      expect(outcome.isOpen).toBe(true);
    }
  });

  test.each([
    ["signed:ping", "signed:ping"],
    ["signed:udp", "signed:udp/62201"],
    ["signed", "signed:ping"],
  ] as const)("%s takes %s", async (via, by) => {
    const knocked = await knockAt([key()], { via, identity: "~/.ssh/id_ecdsa" });
    expect(knocked.first?.by).toBe(by);
  });

  test("who looks on sees them, and whose key it is", async () => {
    const { seen, watch } = watching();
    await knockAt([key()], { watch, identity: "~/.ssh/id_ecdsa", via: "signed:udp" });
    expect(seen[0]).toMatchObject({
      packet: `signed:udp/62201 with ${home().path("id_ecdsa")}`,
      address: V4,
    });
  });
});

describe("beside other ways", () => {
  const policy = policyOf(
    "doors: { ssh: { protects: tcp/22, sequence: { steps: [tcp/21001] }, token: { carriers: [udp/1] }, signed: { carriers: [udp/2] } } }",
  );
  const lost = (...packets: readonly string[]) => ({
    isLost: (_: number, packet: string) => packets.includes(packet),
  });

  test("nothing is signed where a token opens", async () => {
    home().make("id_ed25519", "-t", "ed25519");
    const knocked = await knockAt([], { policy });
    expect([knocked.first?.by, home().ran]).toEqual(["udp/1", []]);
  });

  test("a signed knock comes after tokens, and the sequence last", async () => {
    const key = home().make("id_ed25519", "-t", "ed25519");
    expect((await knockAt([key], { policy, sites: [lost("udp/1")] })).first?.by).toBe(
      "signed:udp/2",
    );
    const sites = [lost("udp/1", "udp/2")];
    expect((await knockAt([key], { policy, sites })).first?.by).toBe("sequence");
  });

  test("no key is no problem where there is another way, and is told", async () => {
    const knocked = await knockAt([], { policy, sites: [lost("udp/1")] });
    expect(knocked.first?.by).toBe("sequence");
    expect(knocked.told).toEqual([expect.stringMatching(/^there is no SSH key to sign/)]);
  });
});
