/** Which gate is kept for the next boot. */
import { describe, expect, test } from "vitest";
import { printScript } from "../../src/backend/iptables/index.ts";
import { printNftables } from "../../src/backend/nftables/index.ts";
import {
  applyPolicy,
  confirmGate,
  readStatus,
  removeGate,
  rollback,
} from "../../src/gate/index.ts";
import { ok, type Problem } from "../../src/problem/problem.ts";
import { type Answers, type FakeHost, fails, fakeHost } from "../setup/fake-host.ts";
import { policyOf, programOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const FOLDER = "/var/lib/postern";
const SSH = "doors: { ssh: { protects: tcp/22 } }";
const WEB = "doors: { web: { protects: tcp/80 } }";
const OF_BOOT = { "/proc/self/ns/net": "net:[7]", "/proc/1/ns/net": "net:[7]" };
const UPTIME = { "/proc/uptime": "1000.00 1\n" };
const WRITABLE: Problem = {
  code: "folder-untrusted",
  severity: "error",
  what: "it is open",
  fix: "shut it",
};

/** The gate of a policy as nft lists it, with the rule that says which policy. */
function standing(text: string): string {
  const program = programOf(text);
  const { nftables } = JSON.parse(listingOf(program)) as { nftables: unknown[] };
  const comment = `policy=${program.fingerprint}`;
  const rule = { family: "inet", table: "postern", chain: "made_of", comment };
  return JSON.stringify({ nftables: [...nftables, { rule }] });
}

/** A host whose network is that of process 1, and in which the gate of SSH stands. */
function bootedHost(answers: Answers = {}): FakeHost {
  return fakeHost({ links: OF_BOOT, tables: [standing(SSH)], files: UPTIME, ...answers });
}

function apply(host: FakeHost, text = SSH, confirmSeconds?: number) {
  return applyPolicy(host, policyOf(text), {
    written: { file: "/etc/postern/policy.yaml", text },
    confirmSeconds,
  });
}

function filesOf({ written }: FakeHost): Record<string, string> {
  const files = [...written].filter(([path]) => path.startsWith(`${FOLDER}/`));
  return Object.fromEntries(files.map(([path, text]) => [path.slice(FOLDER.length + 1), text]));
}

test("a gate that is put up for good is kept as compile prints it", async () => {
  const host = bootedHost();
  expect(await apply(host)).toMatchObject(ok({ warnings: [] }));
  expect(filesOf(host)).toEqual({ "gate.nft": printNftables(programOf(SSH)) });
});

test("one that was kept is there beside it, for the case that the new one cannot be loaded", async () => {
  const host = bootedHost();
  host.written.set(`${FOLDER}/gate.nft`, "the last one");
  host.written.set(`${FOLDER}/before.nft`, "the one before that");
  await apply(host);
  expect(filesOf(host)).toEqual({
    "gate.nft": printNftables(programOf(SSH)),
    "before.nft": "the last one",
  });
});

test("to apply the same again does not push out the one of before", async () => {
  const host = bootedHost();
  host.written.set(`${FOLDER}/gate.nft`, "the last one");
  await apply(host);
  await apply(host);
  expect(filesOf(host)["before.nft"]).toBe("the last one");
});

test("of two backends only one gate is kept to be loaded", async () => {
  const host = bootedHost();
  host.written.set(`${FOLDER}/gate.sh`, "one of iptables");
  await apply(host);
  expect(new Set(Object.keys(filesOf(host)))).toEqual(new Set(["before.sh", "gate.nft"]));
});

describe("what is kept stays as it was", () => {
  const withOne = (answers: Answers = {}) => {
    const host = bootedHost(answers);
    host.written.set(`${FOLDER}/gate.nft`, "the last one");
    return host;
  };

  test("while a gate waits for its confirmation, until it has come", async () => {
    const host = withOne({ systemdRun: fails("") });
    const waits = { ...host, pause: () => sayWatched(host) };
    expect(await apply(waits, SSH, 60)).toMatchObject({ ok: true });
    expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
    expect(await confirmGate(host, { anyway: true, howToKnock: () => "" })).toEqual(
      ok({ warnings: [] }),
    );
    expect(filesOf(host)).toMatchObject({ "before.nft": "the last one" });
  });

  test("when the gate is not loaded", async () => {
    const host = withOne({ loads: [fails("no such thing")] });
    expect(await apply(host)).toMatchObject({ ok: false });
    expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
  });

  test("in a network that is not that of process 1", async () => {
    const host = withOne({ links: { ...OF_BOOT, "/proc/self/ns/net": "net:[8]" } });
    await apply(host);
    await removeGate(host);
    expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
  });

  test("when the disk is full, which is told, and the gate is up", async () => {
    const host = withOne({ full: /var\/lib/ });
    expect(await apply(host)).toMatchObject(
      ok({ warnings: [{ code: "not-kept-for-boot", severity: "warning" }] }),
    );
    expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
  });

  test("in a folder that others can write to, which is told", async () => {
    const host = withOne();
    const open = {
      ...host,
      checkFolder: (path: string) =>
        host
          .checkFolder(path)
          .then((fine) => (path === FOLDER ? { ok: false as const, problems: [WRITABLE] } : fine)),
    };
    expect(await apply(open)).toMatchObject(ok({ warnings: [{ code: "not-kept-for-boot" }] }));
    expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
  });
});

test("remove leaves nothing to load, and rollback brings the file back with the gate", async () => {
  const host = bootedHost();
  await apply(host);
  const kept = filesOf(host);
  await apply(host, WEB);
  await removeGate(host);
  expect(filesOf(host)).toEqual({});
  expect(await rollback(host)).toMatchObject(ok({ to: "the gate of before", warnings: [] }));
  expect(filesOf(host)).toEqual(kept);
});

test("of a gate whose policy nobody knows the rules are kept as the kernel has them", async () => {
  const host = bootedHost({
    rules: "table inet postern {\n\tchain gate {\n\t}\n}\n",
  });
  await applyPolicy(host, policyOf(SSH));
  expect(filesOf(host)["gate.nft"]).toMatch(
    /^#!\/usr\/sbin\/nft -f\n# A gate made by Postern[\s\S]*\ntable inet postern\nflush table inet postern\ntable ip6 postern\ndelete table ip6 postern\ntable inet postern \{\n\tchain gate/,
  );
});

test("back to no gate, none is kept either", async () => {
  const host = bootedHost();
  await apply(host);
  const path = "/run/postern/net-7/before.json";
  host.written.set(path, JSON.stringify({ gate: null }));
  expect(await rollback(host)).toMatchObject(ok({ to: "no gate", warnings: [] }));
  expect(filesOf(host)).toEqual({});
});

test("a gate that something takes away at once does not take the kept one with it", async () => {
  const gate = standing(SSH);
  const host = bootedHost({ tables: [gate, gate, gate, undefined] });
  host.written.set(`${FOLDER}/gate.nft`, "the last one");
  expect(await apply(host)).toMatchObject(ok({ warnings: [{ code: "not-kept-for-boot" }] }));
  expect(filesOf(host)).toEqual({ "gate.nft": "the last one" });
});

test("POSTERN_STATE_DIR names another folder, for any network", async () => {
  const host = bootedHost({ links: {}, environment: { POSTERN_STATE_DIR: "/srv/gates" } });
  await apply(host);
  expect(host.written.has("/srv/gates/gate.nft")).toBe(true);
});

describe("the status says what the next boot brings", () => {
  const atBoot = async (answers: Answers, files: Readonly<Record<string, string>> = {}) => {
    const host = bootedHost(answers);
    for (const [name, text] of Object.entries(files)) host.written.set(`${FOLDER}/${name}`, text);
    const status = await readStatus(host);
    return status.ok ? status.value.atBoot : status;
  };
  const OURS = printNftables(programOf(SSH));
  const OTHERS = printNftables(programOf(WEB));
  const enabled = { unitState: "enabled" };

  test("the gate that stands, another, or none", async () => {
    expect(await atBoot(enabled, { "gate.nft": OURS })).toEqual({ isEnabled: true, kept: "this" });
    expect(await atBoot(enabled, { "gate.nft": OTHERS, "before.nft": OURS })).toEqual({
      isEnabled: true,
      kept: "another",
    });
    expect(await atBoot(enabled)).toEqual({ isEnabled: true, kept: "none" });
  });

  test("one of iptables, whose file says as much", async () => {
    const script = printScript(programOf(WEB, "sources"));
    expect(await atBoot(enabled, { "gate.sh": script })).toMatchObject({ kept: "another" });
    expect(await atBoot(enabled, { "gate.sh": printScript(programOf(SSH, "sources")) })).toEqual({
      isEnabled: true,
      kept: "this",
    });
  });

  test("the one of before, where there is no other", async () => {
    expect(await atBoot(enabled, { "before.nft": OURS })).toMatchObject({ kept: "this" });
  });

  test("of rules that do not say what they were made of, that they are others", async () => {
    expect(await atBoot(enabled, { "gate.nft": "table inet postern {}\n" })).toMatchObject({
      kept: "another",
    });
  });

  test.each(["disabled", "masked", "enabled-runtime"])(
    "that a service that is %s brings none",
    async (unitState) => {
      expect(await atBoot({ unitState })).toMatchObject({ isEnabled: false });
    },
  );

  test.each<[string, Answers]>([
    ["without systemd", {}],
    ["where it is not installed", { unitState: "not-found" }],
    [
      "in a network of its own",
      { ...enabled, links: { ...OF_BOOT, "/proc/self/ns/net": "net:[8]" } },
    ],
    ["with a folder of its own", { ...enabled, environment: { POSTERN_STATE_DIR: "/srv/gates" } }],
  ])("nothing, %s", async (_, answers) => {
    expect(await atBoot(answers, { "gate.nft": OURS })).toBe(null);
  });
});

/** What the process does that would bring the gate of before back. */
async function sayWatched({ written }: FakeHost): Promise<void> {
  const { id } = JSON.parse(written.get("/run/postern/net-7/pending.json") ?? "{}") as {
    id: string;
  };
  written.set("/run/postern/net-7/watched.json", JSON.stringify({ id }));
  await Promise.resolve();
}
