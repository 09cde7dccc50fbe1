/** What everybody is told of a gate who knocks with an SSH key, and knocks with one, as they are typed. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Asker } from "../../src/cli/asker.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { ok } from "../../src/problem/problem.ts";
import {
  fingerprintOf,
  makeSealingKey,
  printSealingPublicKey,
  printSignedEnrolment,
} from "../../src/signed/index.ts";
import { FakeNetwork, type Site } from "../client/fake-network.ts";
import { type HomeOptions, livingAlone } from "../client/signed/keys.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { somebody } from "./init-scene.ts";
import { ADDRESS, knockerIn } from "./knock-scene.ts";
import { postern, type Ran } from "./run.ts";

const SEALING_KEY = makeSealingKey();
const KEY_TEXT = printSealingPublicKey(SEALING_KEY.publicKey);
const POLICY_TEXT = `doors:
  ssh: { protects: tcp/22, signed: { carriers: [ping, udp/62201] } }
  both: { protects: tcp/443, sequence: { steps: [tcp/21001] }, signed: { carriers: [udp/62202], bound: true } }
`;
const POLICY = policyOf(POLICY_TEXT);
const ENROLMENT = printSignedEnrolment(SEALING_KEY.publicKey, POLICY.doors) ?? "";
const HOSTS = "/home/ann/.config/postern/hosts.yaml";

function hostWith(files: Readonly<Record<string, string>>) {
  return fakeHost({ environment: { HOME: "/home/ann" }, files, input: ENROLMENT });
}

describe("what a gate tells of itself", () => {
  test("is one line, without a secret, of the doors that open so", () => {
    expect(ENROLMENT).toBe(
      `{sealing-key: "${KEY_TEXT}", doors: {ssh: {protects: [tcp/22], open-for: 10s, signed: {carriers: [ping, udp/62201]}}, both: {protects: [tcp/443], open-for: 10s, signed: {carriers: [udp/62202], bound: true}}}}`,
    );
    const other = policyOf("doors: { ssh: { protects: tcp/22, sequence: { steps: [1] } } }");
    expect(printSignedEnrolment(SEALING_KEY.publicKey, other.doors)).toBeUndefined();
  });

  test("is added to a profile, and told by the fingerprint of its key", async () => {
    const host = hostWith({});
    const { exit, stdout } = await postern("profile add gate --from -", host);
    expect([exit, stdout]).toEqual([
      0,
      `wrote ${HOSTS}, for your eyes alone
gate, with the sealing key ${SEALING_KEY.fingerprint}
  ssh  tcp/22  a signed knock by ping udp/62201, open for 10s
  both  tcp/443  a signed knock by udp/62202, open for 10s

  postern knock gate:ssh
  postern ssh-config gate
      prints what lets \`ssh gate\` knock by itself
`,
    ]);
    expect(host.written.get(HOSTS)).toContain(`    sealing-key: "${KEY_TEXT}"\n    doors:\n`);
    const report = await postern("profile list --json", host);
    expect(JSON.parse(report.stdout)).toMatchObject({
      hosts: [
        {
          ...{ sealingKey: SEALING_KEY.fingerprint, identity: null },
          doors: [{ signed: ["ping", "udp/62201"] }, { signed: ["udp/62202"] }],
        },
      ],
    });
  });

  test("leaves a door its steps, and says that another sealing key is replaced", async () => {
    const other = makeSealingKey();
    const known = `hosts:
  gate:
    sealing-key: ${printSealingPublicKey(other.publicKey)}
    identity: ~/.ssh/work  # mine
    doors: { both: { protects: tcp/443, sequence: { steps: [tcp/21001] } } }
`;
    const host = hostWith({ [HOSTS]: known });
    const { stdout } = await postern("profile add gate --from -", host);
    expect(stdout).toContain(
      `gate, with the sealing key ${SEALING_KEY.fingerprint} (in the place of ${other.fingerprint})\n`,
    );
    expect(stdout).toContain(
      "  both  tcp/443  1 step, or a signed knock by udp/62202, open for 10s (in the place of what was there; its sequence stays)\n",
    );
    expect(host.written.get(HOSTS)).toContain("identity: ~/.ssh/work # mine");
    const steps = {
      ...host,
      readInput: () =>
        Promise.resolve(ok("doors: { both: { protects: tcp/443, sequence: { steps: [1] } } }")),
    };
    expect((await postern("profile add gate --from -", steps)).stdout).toContain(
      "  both  tcp/443  1 step, or a signed knock by udp/62202, open for 10s (in the place of what was there; its signed knock stays)\n",
    );
  });

  test("comes from a policy without a key where a door has no steps, and steps are enough elsewhere", async () => {
    const host = hostWith({ p: POLICY_TEXT });
    const { stdout } = await postern("profile add gate --from p", host);
    expect(stdout).toContain("\ngate\n  ssh  tcp/22  a signed knock by ping udp/62201,");
    expect(stdout).toContain("  both  tcp/443  1 step, open for 10s\n");
  });

  test.each(["profile export ssh p", "profile recipe ssh p"])(
    "is what `%s` names instead of steps",
    async (line) => {
      const { exit, stderr } = await postern(line, hostWith({ p: POLICY_TEXT }));
      expect([exit, stderr]).toEqual([1, expect.stringContaining("`postern agent key`")]);
    },
  );

  test.each([
    [`sealing-key: ${KEY_TEXT.slice(1)}`, "not the public half of a sealing key"],
    [`sealing-key: ${"A".repeat(43)}`, "it is a number that no key has"],
    ["identity: id_ed25519", "cannot be the path of a key"],
    ["bind: anywhere", "is not an address that a knock can be bound to"],
  ])("with `%s` is refused", async (line, what) => {
    const file = `hosts:\n  gate:\n    ${line}\n    doors: { ssh: { protects: tcp/22, signed: { carriers: [ping] } } }\n`;
    const { exit, stderr } = await postern("profile list", hostWith({ [HOSTS]: file }));
    expect([exit, stderr]).toEqual([1, expect.stringContaining(what)]);
    expect(stderr).toContain("hosts.yaml:3:");
  });
});

const { home, type } = atTheKeyboard();

interface Typed extends Ran {
  readonly network: FakeNetwork;
  readonly hosts: string;
}

/** Somebody who types, with keys of their own, before a gate of that policy that takes all of them. */
function atTheKeyboard() {
  const one = livingAlone();
  let key = "";
  beforeEach(() => {
    key = one().make("id_ed25519", "-t", "ed25519");
  });
  const typeLine = async (
    line: string,
    site: Partial<Site> = {},
    {
      profile = ENROLMENT,
      asker,
      ...options
    }: HomeOptions & { profile?: string; asker?: Asker } = {},
  ): Promise<Typed> => {
    const signers = { sealingKey: SEALING_KEY, allowed: `ana ${key}` };
    const network = new FakeNetwork({ address: ADDRESS, policy: POLICY, signers, ...site });
    const file = `${one().folder}/.config/postern/hosts.yaml`;
    const fake = fakeHost({ files: { [file]: `hosts: { gate: ${profile} }` } });
    const { monotonic, now, pause, network: packets } = knockerIn(network);
    const host = { ...fake, monotonic, now, pause, network: packets };
    const written = { stdout: "", stderr: "" };
    const running = runCommandLine(line.split(" "), {
      host: one().on(host, network.clock, options),
      stdout: (text) => {
        written.stdout += text;
      },
      stderr: (text) => {
        written.stderr += text;
      },
      colour: { stdout: false, stderr: false },
      asker: asker && (() => Promise.resolve(asker)),
    });
    const exit = await network.clock.run(running);
    return { exit, ...written, network, hosts: fake.written.get(file) ?? "" };
  };
  return { home: one, type: typeLine };
}

describe("a signed knock", () => {
  test("needs no --via where the door opens so alone, and is told with its carrier", async () => {
    const { exit, stdout, stderr } = await type("knock gate:ssh");
    expect([exit, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^ssh of gate is open for 10s: 203\.0\.113\.5 by signed:ping \(\d+ ms\)\n$/,
      ),
      "",
    ]);
  });

  test("is told to scripts with whose key it is, and to what it is bound", async () => {
    const { stdout } = await type("knock gate:ssh --json");
    const signed = { identity: home().path("id_ed25519"), boundTo: "192.0.2.10" };
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ open: true, by: "signed:ping", addresses: [{ signed }] },
    });
  });

  test("that is bound to no address says so, unless that is wanted", async () => {
    const site = { behind: "10.0.0.7" };
    expect((await type("knock gate:ssh", site)).stderr).toBe(
      `  the knock at ${ADDRESS} is not bound to an address of yours: others may be put in its place on the way
  (NAT). --bind ADDRESS names the one that is seen there, --bind none says nothing of it
`,
    );
    expect((await type("knock gate:ssh --bind none", site)).stderr).toBe("");
    const bound = await type("knock gate:both --via signed --bind 192.0.2.10", site);
    expect([bound.exit, bound.stderr]).toEqual([0, ""]);
  });

  test("may be by one carrier, and with one key", async () => {
    expect((await type("knock gate:ssh --via signed:udp")).stdout).toContain("by signed:udp/62201");
    home().make("work", "-t", "ed25519");
    const { exit, stderr } = await type(`knock gate:ssh -i ${home().path("work")}`);
    expect(exit).toBe(4);
    expect(stderr).toContain("your public key has to be in `allowed_signers` there");
  });

  test("takes key and address from the profile, where the line says nothing of them", async () => {
    home().make("work", "-t", "ed25519");
    const profile = ENROLMENT.replace("doors:", "identity: ~/.ssh/work, bind: none, doors:");
    expect((await type("knock gate:ssh", {}, { profile })).exit).toBe(4);
    const line = `knock gate:ssh --identity ${home().path("id_ed25519")} --json`;
    const { stdout } = await type(line, {}, { profile });
    expect(JSON.parse(stdout)).toMatchObject({
      open: true,
      addresses: [{ signed: { boundTo: null } }],
    });
  });

  test.each([
    [
      "ssh --via ping",
      "the door ssh takes no tokens by ping",
      "signed or signed:ping or signed:udp",
    ],
    ["ssh --via sequence", "has no sequence, but signed knocks by ping, udp/62201", "signed"],
    [
      "both --via signed:ping",
      "the door both takes no signed knocks by ping",
      "with signed, or leave it out",
    ],
    ["ssh --bind here", '"here" is not an address that a knock can be bound to', "none, or auto"],
  ])("%s is refused, and the ways that there are are named", async (line, what, ways) => {
    const { exit, stderr, network } = await type(`knock gate:${line}`);
    expect([exit, network.sent]).toEqual([1, []]);
    expect(stderr).toContain(what);
    expect(stderr).toContain(ways);
  });

  test("with nothing to sign with is refused, and nothing is sent", async () => {
    home().forget("id_ed25519");
    const { exit, stderr, network } = await type("knock gate:ssh");
    expect([exit, network.sent]).toEqual([1, []]);
    expect(stderr).toContain("there is no SSH key to sign the knock with");
  });

  test("shows what it sends with -v, and by which key", async () => {
    const { stderr } = await type("knock gate:ssh -v");
    const sent = `  ${ADDRESS}  signed:ping with ${home().path("id_ed25519")}  sent\n`;
    expect(stderr).toContain(sent);
  });

  test("where ssh-keygen is missing says what to install", async () => {
    const run = home().on.bind(home());
    home().on = (host, clock, options) => {
      const there = run(host, clock, options);
      return {
        ...there,
        run: (argv, more) => there.run(argv[0] === "ssh-keygen" ? ["/no/ssh-keygen"] : argv, more),
      };
    };
    const { exit, stderr } = await type("knock gate:ssh");
    expect(exit).toBe(4);
    expect(stderr).toContain("ssh-keygen cannot be started, which signs knocks (spawn");
    expect(stderr).toMatch(
      /\npostern: nothing was sent to ssh of gate: nothing could be signed \(\d+ ms\)\n$/,
    );
  });

  test("is connected with, as ssh does it", async () => {
    const { exit, network, stderr } = await type("connect gate:ssh 22");
    expect([exit, network.passed, stderr]).toEqual([0, [`${ADDRESS} tcp/22`], ""]);
  });

  test("for which ssh is being asked does nothing, or both would ask for ever", async () => {
    const { exit, network, stdout } = await type(
      "knock gate:ssh",
      {},
      {
        environment: { POSTERN_ASKS_SSH: "1" },
      },
    );
    expect([exit, network.sent, stdout]).toEqual([0, [], ""]);
    home().settings('Match exec "test $POSTERN_ASKS_SSH = 1"\n  IdentityFile /no/key\n');
    const asked = await type("knock gate:ssh");
    expect(asked.stderr).toContain("no key could be read from /no/key");
  });
});

describe("without the key of the gate", () => {
  const profile = ENROLMENT.replace(/sealing-key: "[^"]*", /, "");

  test("it is asked for, shown by its fingerprint, and kept when it is trusted", async () => {
    const asker = somebody({ "sealing key": KEY_TEXT, Trust: true });
    const { exit, hosts } = await type("knock gate:ssh", {}, { profile, asker });
    expect(exit).toBe(0);
    expect(asker.asked).toEqual([
      "The sealing key of gate?",
      `Its fingerprint is ${fingerprintOf(SEALING_KEY.publicKey)}. Trust it, and keep it?`,
    ]);
    expect(hosts).toContain(`sealing-key: "${KEY_TEXT}"`);
  });

  test.each([
    ["it is not trusted", { "sealing key": KEY_TEXT }, 99],
    ["the question is broken off", {}, 0],
  ])("nothing is sent nor kept when %s", async (_, answers, patience) => {
    const asker = somebody(answers, patience);
    const { exit, hosts, network } = await type("knock gate:ssh", {}, { profile, asker });
    expect([exit, hosts, network.sent]).toEqual([1, "", []]);
  });

  test.each([
    ["knock gate:ssh --batch", somebody({ "sealing key": KEY_TEXT, Trust: true })],
    ["connect gate:ssh", somebody({ "sealing key": KEY_TEXT, Trust: true })],
    ["knock gate:ssh", undefined],
  ])("nobody is asked by `%s`, and the remedy is told", async (line, asker) => {
    const options = asker === undefined ? {} : { asker };
    const { exit, stderr, network } = await type(line, {}, { profile, ...options });
    expect([exit, network.sent, asker?.asked ?? []]).toEqual([1, [], []]);
    expect(stderr).toContain("the profile of gate has no sealing key");
    expect(stderr).toContain(
      "`postern agent key` prints a line for `postern profile add gate --from FILE`",
    );
  });

  test("a door that has steps, too, is opened by them, and that is told", async () => {
    const steps = profile.replace("both: {", "both: {sequence: {steps: [tcp/21001]}, ");
    const { exit, stdout, stderr } = await type("knock gate:both", {}, { profile: steps });
    expect([exit, stdout]).toEqual([0, expect.not.stringContaining("signed")]);
    expect(stderr).toContain("postern: signed knocks are left out: the profile of gate has no");
  });
});
