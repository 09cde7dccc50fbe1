/** What is kept, armed and asked of the host around the loading of a policy. */
import { describe, expect, test } from "vitest";
import { printNftables } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { applyPolicy, removeGate, rollback } from "../../src/gate/index.ts";
import {
  type Answers,
  type FakeHost,
  fails,
  fakeHost,
  LIST_TERSE,
  LOAD,
  prints,
} from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const POLICY = policyOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }",
);
const PROGRAM = compilePolicy(POLICY);
const LISTING = listingOf(PROGRAM);
const RULES = printNftables(PROGRAM);
const FOLDER = "/run/postern/net-4026531840";
const LIST_RULES = [
  ...["nft", "--stateless", "--terse", "--numeric-protocol"],
  ...["list", "ruleset", "inet"],
];
const LIST_FRAGMENTS = [...LIST_RULES.slice(0, 5), "table", "ip6", "postern"];
const NO_FRAGMENTS = "table ip6 postern\ndelete table ip6 postern\n";
const GONE = `table inet postern\ndelete table inet postern\n${NO_FRAGMENTS}`;

function hostWith(answers: Answers = {}): FakeHost {
  const links = { "/proc/self/ns/net": "net:[4026531840]" };
  return fakeHost({ links, rules: "table inet postern {\n}\n", ...answers });
}

function keptOn({ written }: FakeHost, name: string): unknown {
  const text = written.get(`${FOLDER}/${name}`);
  return text === undefined ? undefined : JSON.parse(text);
}

describe("apply", () => {
  test("keeps the gate of before, for this network namespace", async () => {
    const host = hostWith({ tables: [LISTING] });
    expect(await applyPolicy(host, POLICY)).toEqual({
      ok: true,
      value: { heldBy: "nftables", pending: undefined, changed: false, warnings: [] },
    });
    expect(keptOn(host, "before.json")).toEqual({
      gate: {
        backend: "nftables",
        texts: { rules: "table inet postern {\n}\n", listing: LISTING },
      },
    });
    expect(host.ran.map(({ argv }) => argv)).toContainEqual(LIST_RULES);
    expect(host.loaded()).toEqual([RULES]);
  });

  test("keeps that there was none before", async () => {
    const host = hostWith({ tables: [undefined, LISTING] });
    await applyPolicy(host, POLICY);
    expect(keptOn(host, "before.json")).toEqual({ gate: null });
  });

  test("keeps the file that the policy was read from", async () => {
    const host = hostWith({ tables: [LISTING] });
    await applyPolicy(host, POLICY, { written: { file: "/etc/p.yaml", text: "doors:\n" } });
    const { fingerprint } = PROGRAM;
    expect(keptOn(host, "policies.json")).toEqual([
      { fingerprint, file: "/etc/p.yaml", text: "doors:\n" },
    ]);
  });

  test("keeps what it likes where it is told to", async () => {
    const host = hostWith({ tables: [LISTING], environment: { POSTERN_RUN_DIR: "/srv/run" } });
    await applyPolicy(host, POLICY);
    expect(host.written.has("/srv/run/net-4026531840/before.json")).toBe(true);
  });

  test("is refused while somebody else is at it, who is named", async () => {
    const host = hostWith({
      isLocked: true,
      files: {
        [`${FOLDER}/holder.json`]: JSON.stringify({
          ...{ user: "ada", pid: 4242, from: "192.0.2.7", doing: "remove" },
        }),
      },
    });
    expect(await applyPolicy(host, POLICY)).toMatchObject({
      problems: [
        {
          code: "gate-busy",
          what: "ada from 192.0.2.7 (postern remove, process 4242) is changing the gate",
        },
      ],
    });
    expect(host.loaded()).toEqual([]);
  });

  test("tells no tales where the note about who is at it is nonsense", async () => {
    const files = { [`${FOLDER}/holder.json`]: '{"user": 7}' };
    expect(await applyPolicy(hostWith({ isLocked: true, files }), POLICY)).toMatchObject({
      problems: [{ what: "somebody else is changing the gate" }],
    });
  });

  test("goes on where nothing can be kept, and says so", async () => {
    const host = hostWith({ tables: [LISTING], full: /./ });
    expect(await applyPolicy(host, POLICY)).toMatchObject({
      ok: true,
      value: { warnings: [{ code: "cannot-go-back", severity: "warning" }] },
    });
    expect(host.loaded()).toEqual([RULES]);
  });

  test("that nft refuses leaves what was kept as it was", async () => {
    const host = hostWith({ tables: [LISTING], loads: [fails("Error: no")] });
    host.written.set(`${FOLDER}/before.json`, '{"gate": null}');
    expect((await applyPolicy(host, POLICY)).ok).toBe(false);
    expect(keptOn(host, "before.json")).toEqual({ gate: null });
  });

  test("that nft refuses keeps nothing where nothing was kept", async () => {
    const host = hostWith({ tables: [LISTING], loads: [fails("Error: no")] });
    expect((await applyPolicy(host, POLICY)).ok).toBe(false);
    expect(keptOn(host, "before.json")).toBeUndefined();
  });

  test("is refused where others could write rules for us to load", async () => {
    const untrusted = { code: "folder-untrusted", severity: "error", what: "", fix: "" } as const;
    const host = hostWith({ tables: [LISTING], untrusted });
    expect(await applyPolicy(host, POLICY)).toEqual({ ok: false, problems: [untrusted] });
    host.written.set(`${FOLDER}/before.json`, '{"gate": null}');
    expect(await rollback(host)).toEqual({ ok: false, problems: [untrusted] });
    expect(host.loaded()).toEqual([]);
  });
});

describe("apply until it is confirmed", () => {
  /** A host on which the one that brings the gate of before back says that it is there. */
  function watched(answers: Answers = {}): FakeHost {
    const host = hostWith({ tables: [LISTING], ...answers });
    const sayWatched = () => {
      const pending = keptOn(host, "pending.json");
      if (pending !== undefined)
        host.written.set(`${FOLDER}/watched.json`, JSON.stringify(pending));
    };
    return {
      ...host,
      pause: () => {
        sayWatched();
        return Promise.resolve();
      },
    };
  }
  const confirmSeconds = 60;
  const UPTIME = { "/proc/uptime": "1000.50 900.00\n" };

  test("starts the one that brings the gate of before back, and loads when that is there", async () => {
    const host = watched({ files: UPTIME });
    const applied = await applyPolicy(host, POLICY, { confirmSeconds });
    const pending = keptOn(host, "pending.json") as { id: string };
    expect(applied).toEqual({
      ok: true,
      value: { heldBy: "nftables", pending: pending.id, changed: false, warnings: [] },
    });
    expect(pending).toMatchObject({
      until: 1060.5,
      loadedAt: 1000.5,
      gate: { texts: { listing: LISTING } },
    });
    expect(host.apart).toEqual([["postern", "undo-unless-confirmed", pending.id]]);
    expect(host.loaded()).toEqual([RULES]);
  });

  test("loads nothing when that does not start", async () => {
    const host = hostWith({ tables: [LISTING] });
    expect(await applyPolicy(host, POLICY, { confirmSeconds })).toMatchObject({
      problems: [{ code: "no-way-back" }],
    });
    expect(host.loaded()).toEqual([]);
    expect(keptOn(host, "pending.json")).toBeUndefined();
  });

  test("loads nothing when nothing can be kept", async () => {
    const host = watched({ full: /./ });
    expect(await applyPolicy(host, POLICY, { confirmSeconds })).toMatchObject({
      problems: [{ code: "no-way-back" }],
    });
    expect([host.loaded(), host.apart]).toEqual([[], []]);
  });

  test("loads nothing when nft would not take the gate of before again", async () => {
    const host = watched({ check: fails("Error: syntax error") });
    expect(await applyPolicy(host, POLICY, { confirmSeconds })).toMatchObject({
      problems: [{ code: "no-way-back" }],
    });
    expect([host.loaded(), host.apart]).toEqual([[], []]);
  });

  test("ends the wait at once when nft does not take the new one", async () => {
    const host = watched({ loads: [fails("Error: no")] });
    expect((await applyPolicy(host, POLICY, { confirmSeconds })).ok).toBe(false);
    expect(keptOn(host, "pending.json")).toBeUndefined();
    expect(keptOn(host, "ended.json")).toMatchObject({ how: "not loaded" });
  });

  test("is not kept from it by one that was killed before it had loaded anything", async () => {
    const host = hostWith({ tables: [LISTING] });
    host.written.set(
      `${FOLDER}/pending.json`,
      JSON.stringify({
        ...{ id: "a", gate: null, until: 9, loadedAt: 0 },
        who: { user: "ada", pid: 1, from: "", doing: "apply" },
      }),
    );
    expect((await applyPolicy(host, POLICY)).ok).toBe(true);
  });

  test("goes back at once where the time was over before the gate was loaded", async () => {
    const host = watched({ files: UPTIME });
    const run: FakeHost["run"] = (argv, options) => {
      if (argv.join(" ") === LOAD.join(" ")) {
        const { id } = keptOn(host, "pending.json") as { id: string };
        host.written.delete(`${FOLDER}/pending.json`);
        host.written.set(`${FOLDER}/ended.json`, JSON.stringify({ id, how: "undone" }));
      }
      return host.run(argv, options);
    };
    expect(await applyPolicy({ ...host, run }, POLICY, { confirmSeconds })).toMatchObject({
      problems: [{ code: "too-slow" }],
    });
    expect(host.loaded().at(-1)).toContain("table inet postern {\n}\n");
  });

  test("is refused while another one waits, and says whose", async () => {
    const host = watched({ files: UPTIME });
    await applyPolicy(host, POLICY, { confirmSeconds });
    expect(await applyPolicy(host, POLICY)).toMatchObject({
      problems: [
        {
          code: "unconfirmed",
          what: expect.stringMatching(
            /^the gate of .* \(postern apply, process \d+\) waits for its confirmation for 60 s more$/,
          ),
        },
      ],
    });
    expect(host.loaded()).toEqual([RULES]);
  });

  test.each([
    ["by systemd where that runs the host", "net:[1]", prints(""), true],
    ["apart where systemd has another network namespace", "net:[2]", prints(""), false],
    ["apart where systemd does not start it", "net:[1]", fails("Failed"), false],
  ])("is undone %s", async (_, itsNamespace, systemdRun, bySystemd) => {
    const host = watched({
      files: { ...UPTIME, "/proc/1/comm": "systemd\n" },
      links: { "/proc/self/ns/net": "net:[1]", "/proc/1/ns/net": itsNamespace },
      environment: { POSTERN_RUN_DIR: "/run/postern/net-4026531840/..", PATH: "/usr/bin" },
      systemdRun,
    });
    await applyPolicy(host, POLICY, { confirmSeconds });
    const asked = host.ran
      .filter(({ argv }) => argv[0] === "systemd-run")
      .map(({ argv }) => argv.slice(0, -1));
    const argv = [
      ...["systemd-run", "--quiet", "--collect", "--service-type=exec"],
      "--property=Restart=on-failure",
      ...["--setenv=POSTERN_RUN_DIR=/run/postern/net-4026531840/..", "--setenv=PATH=/usr/bin"],
      ...["--", "postern", "undo-unless-confirmed"],
    ];
    if (itsNamespace === "net:[1]") expect(asked).toEqual([argv]);
    else expect(asked).toEqual([]);
    expect(host.apart).toHaveLength(bySystemd ? 0 : 1);
  });
});

describe("a table of our name that somebody else made", () => {
  const theirs = JSON.stringify({
    nftables: [{ chain: { family: "inet", table: "postern", name: "input" } }],
  });

  test.each([
    ["apply", (host: FakeHost) => applyPolicy(host, POLICY)],
    ["remove", removeGate],
  ])("is left alone by %s", async (_, run) => {
    const host = hostWith({ tables: [theirs] });
    expect(await run(host)).toMatchObject({
      problems: [
        {
          code: "host-not-ours",
          what: "there is a table inet postern that Postern did not make",
          fix: "give it another name, or take it away with `nft delete table inet postern`",
        },
      ],
    });
    expect(host.loaded()).toEqual([]);
  });
});

describe("remove", () => {
  test("takes the whole table away, and keeps it for a rollback", async () => {
    const host = hostWith({ tables: [LISTING] });
    expect(await removeGate(host)).toEqual({ ok: true, value: { found: "removed", warnings: [] } });
    expect(host.ran).toEqual([
      { argv: LIST_TERSE, stdin: "" },
      { argv: LIST_RULES, stdin: "" },
      { argv: LIST_FRAGMENTS, stdin: "" },
      { argv: LIST_TERSE, stdin: "" },
      { argv: LOAD, stdin: GONE },
    ]);
    expect(keptOn(host, "before.json")).toMatchObject({ gate: { texts: { listing: LISTING } } });
  });

  test("that nft refuses leaves the wait for a confirmation as it is", async () => {
    const host = hostWith({ tables: [LISTING], loads: [fails("Error: busy")] });
    const who = { user: "ada", pid: 1, from: "", doing: "apply" };
    const pending = { id: "a", who, gate: null, until: 9, loadedAt: 1 };
    host.written.set(`${FOLDER}/pending.json`, JSON.stringify(pending));
    host.written.set(`${FOLDER}/watched.json`, '{"id": "a"}');
    expect((await removeGate(host)).ok).toBe(false);
    expect(keptOn(host, "pending.json")).toEqual(pending);
  });

  test("of no gate changes nothing", async () => {
    const host = hostWith();
    expect(await removeGate(host)).toEqual({
      ok: true,
      value: { found: "there was none", warnings: [] },
    });
    expect(host.loaded()).toEqual([]);
  });

  test("that nft refuses is told", async () => {
    const host = hostWith({ tables: [LISTING], loads: [fails("Error: Device or resource busy")] });
    expect(await removeGate(host)).toMatchObject({
      problems: [{ what: "nft refused: Device or resource busy" }],
    });
  });
});

describe("rollback", () => {
  const gate = {
    backend: "nftables",
    texts: { rules: "table inet postern {\n}\n", listing: LISTING },
  };

  test("puts the gate of before in the place of what stands, once", async () => {
    const host = hostWith({ tables: [LISTING] });
    host.written.set(`${FOLDER}/before.json`, JSON.stringify({ gate }));
    expect(await rollback(host)).toEqual({
      ok: true,
      value: { to: "the gate of before", warnings: [] },
    });
    expect(host.loaded()).toEqual([
      `table inet postern\nflush table inet postern\n${NO_FRAGMENTS}${gate.texts.rules}`,
    ]);
    expect(await rollback(host)).toMatchObject({ problems: [{ code: "nothing-before" }] });
  });

  test("takes the gate away where there was none before", async () => {
    const host = hostWith({ tables: [LISTING] });
    host.written.set(`${FOLDER}/before.json`, '{"gate": null}');
    expect(await rollback(host)).toEqual({ ok: true, value: { to: "no gate", warnings: [] } });
    expect(host.loaded()).toEqual([GONE]);
  });

  test("begins anew where the gate has been changed under its hands", async () => {
    const loads = [fails("Error: No such file or directory"), prints("")];
    const host = hostWith({ tables: [LISTING], loads });
    host.written.set(`${FOLDER}/before.json`, JSON.stringify({ gate }));
    expect((await rollback(host)).ok).toBe(true);
    expect(host.loaded()[1]).toBe(`${GONE}${gate.texts.rules}`);
  });

  test.each([
    ...["", "{", "null", '{"gate": 7}', '{"gate": {"rules": "x"}}'],
    '{"gate": {"rules": "x", "listing": "{}"}}',
    '{"gate": {"backend": "pf", "rules": "x", "listing": "{}"}}',
  ])("does not load what is not what it has kept: %j", async (text) => {
    const host = hostWith({ tables: [LISTING] });
    host.written.set(`${FOLDER}/before.json`, text);
    expect(await rollback(host)).toMatchObject({ problems: [{ code: "nothing-before" }] });
    expect(host.loaded()).toEqual([]);
  });
});
