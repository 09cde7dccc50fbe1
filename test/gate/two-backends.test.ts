/** Two backends on one host: which one is asked, and that there is never more than one gate. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Backend } from "../../src/gate/backend.ts";
import { BACKENDS } from "../../src/gate/backends.ts";
import {
  applyPolicy,
  banSource,
  closeDoor,
  openDoor,
  pickBackend,
  readLiveGate,
  readStatus,
  removeGate,
  rollback,
  traceSource,
  unbanSource,
} from "../../src/gate/index.ts";
import { iptables as realIptables } from "../../src/gate/iptables/index.ts";
import { ok } from "../../src/problem/problem.ts";
import { address } from "../scenarios/arbitrary.ts";
import { type FakeHost, fakeHost } from "../setup/fake-host.ts";
import { policyOf, programOf } from "../setup/policy.ts";
import { type FakeBackend, fakeBackend, gateOf, problem } from "./fake-backend.ts";

/** Other files get the real ones: modules are shared between them. */
const backends = BACKENDS as Backend[];
const real = [...BACKENDS];
afterAll(() => {
  backends.splice(0, backends.length, ...real);
});

const DOORS = "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }";
const POLICY = policyOf(DOORS);
const GATE = gateOf(programOf(DOORS));
const FOR_IPTABLES = policyOf(`backend: iptables\n${DOORS}`);
const FOR_NFTABLES = policyOf(`backend: nftables\n${DOORS}`);
const SOURCE = address("192.0.2.7");

let asked: string[];
let nftables: FakeBackend;
let iptables: FakeBackend;
let host: FakeHost;

beforeEach(() => {
  asked = [];
  nftables = fakeBackend("nftables", asked);
  iptables = fakeBackend("iptables", asked);
  backends.splice(0, backends.length, nftables, iptables);
  host = fakeHost();
});

function kept(): unknown {
  return JSON.parse(host.written.get("/run/postern/net-0/before.json") ?? "null");
}

describe("the backend for a policy", () => {
  const picked = async (policy = POLICY) => {
    const result = await pickBackend(host, policy);
    if (!result.ok) return result.problems.map(({ what }) => what);
    const { backend, why } = result.value;
    return [backend.name, why];
  };

  test("is the first where the host has all for it", async () => {
    expect(await picked()).toEqual(["nftables", "nftables"]);
  });

  test("is the next where the host lacks something for the first", async () => {
    nftables.lack = problem("there is no nft command");
    expect(await picked()).toEqual(["iptables", "iptables, because there is no nft command"]);
  });

  test("is the one that the policy asks for", async () => {
    expect(await picked(FOR_IPTABLES)).toEqual(["iptables", "iptables"]);
    expect(await picked(FOR_NFTABLES)).toEqual(["nftables", "nftables"]);
  });

  test("is no other one than that, whatever the host lacks", async () => {
    nftables.lack = problem("there is no nft command");
    expect(await picked(FOR_NFTABLES)).toEqual(["there is no nft command"]);
  });

  test("is none where the host lacks something for each: what the one to prefer lacks is told", async () => {
    nftables.lack = problem("there is no nft command");
    iptables.lack = problem("there is no xt_recent");
    expect(await picked()).toEqual(["there is no nft command"]);
  });

  test("is none where nobody may change rules, of which it is told once", async () => {
    host = fakeHost({ capabilities: "0" });
    expect(await picked()).toEqual(["this user may not change firewall rules"]);
  });
});

describe("apply, where a gate of another backend stands,", () => {
  beforeEach(() => {
    nftables.gate = GATE;
  });

  test("keeps that one, loads its own, and only then takes the other away", async () => {
    expect((await applyPolicy(host, FOR_IPTABLES)).ok).toBe(true);
    expect(asked).toEqual(["load iptables", "remove nftables"]);
    expect(kept()).toEqual({ gate: { backend: "nftables", texts: {} } });
    expect(await readStatus(host)).toMatchObject({ value: { backend: "iptables" } });
  });

  test("leaves that one where its own is not taken", async () => {
    iptables.refuses.add("load");
    expect((await applyPolicy(host, FOR_IPTABLES)).ok).toBe(false);
    expect([asked, kept()]).toEqual([[], null]);
  });

  test("takes its own away again where the other does not go", async () => {
    nftables.refuses.add("remove");
    expect(await applyPolicy(host, FOR_IPTABLES)).toMatchObject({
      problems: [{ what: "nftables does not remove" }],
    });
    expect(asked).toEqual(["load iptables", "remove iptables"]);
    expect([nftables.gate, kept()]).toEqual([GATE, null]);
  });

  test("goes back to it when it is asked to", async () => {
    await applyPolicy(host, FOR_IPTABLES);
    asked.length = 0;
    expect(await rollback(host)).toEqual({
      ok: true,
      value: { to: "the gate of before", warnings: [] },
    });
    expect(asked).toEqual(["restore nftables", "remove iptables"]);
  });
});

describe("apply", () => {
  test("loads nothing where nobody can say whether there is another gate", async () => {
    nftables.gate = GATE;
    iptables.refuses.add("read");
    expect((await applyPolicy(host, POLICY)).ok).toBe(false);
    expect(asked).toEqual([]);
  });

  test("asks nothing of a backend for which the host lacks something", async () => {
    iptables.lack = problem("there is no xt_recent");
    for (const verb of ["read", "load", "remove"] as const) iptables.refuses.add(verb);
    expect((await applyPolicy(host, POLICY)).ok).toBe(true);
    expect(asked).toEqual(["load nftables"]);
  });
});

describe("back to no gate", () => {
  test("takes away what stands, whosever it is", async () => {
    await applyPolicy(host, FOR_IPTABLES);
    expect(await rollback(host)).toEqual({ ok: true, value: { to: "no gate", warnings: [] } });
    expect(asked).toEqual(["load iptables", "remove iptables"]);
  });
});

describe("remove", () => {
  test("takes the gates of all backends away, and keeps the first", async () => {
    nftables.gate = GATE;
    iptables.gate = GATE;
    expect(await removeGate(host)).toEqual({ ok: true, value: { found: "removed", warnings: [] } });
    expect(asked).toEqual(["remove nftables", "remove iptables"]);
    expect(kept()).toMatchObject({ gate: { backend: "nftables" } });
  });

  test("takes away what it can where another one does not go, and says so", async () => {
    nftables.gate = GATE;
    iptables.gate = GATE;
    nftables.refuses.add("remove");
    expect(await removeGate(host)).toMatchObject({
      problems: [{ what: "nftables does not remove" }],
    });
    expect(asked).toEqual(["remove iptables"]);
  });
});

describe("with the gate of the second backend standing", () => {
  beforeEach(() => {
    iptables.gate = GATE;
  });

  test("that one is opened, closed, banned from and asked", async () => {
    iptables.gate = gateOf(programOf(DOORS), { ssh_grants4: [SOURCE] });
    await openDoor(host, "ssh", SOURCE, 60);
    await closeDoor(host, "ssh", SOURCE);
    await closeDoor(host, "ssh", undefined);
    await banSource(host, SOURCE, undefined);
    await unbanSource(host, SOURCE);
    expect(
      iptables.changes.map(({ kind, set, ...rest }) => [
        kind,
        set.name,
        "seconds" in rest ? rest.seconds : "",
      ]),
    ).toEqual([
      ["remember", "ssh_grants4", 60],
      ["forget", "ssh_grants4", ""],
      ["forget-all", "ssh_grants4", ""],
      ["forget-all", "ssh_grants6", ""],
      ["forget-all", "ssh_begun4", ""],
      ["forget-all", "ssh_begun6", ""],
      ["remember", "banned4", undefined],
      ["forget", "ssh_grants4", ""],
    ]);
    expect(nftables.changes).toEqual([]);
  });

  test("a gate that packets get past has no status, and bans all the same", async () => {
    iptables.gate = { ...GATE, gaps: [{ family: "ipv6", what: "not reached" }] };
    expect(await readStatus(host)).toMatchObject({
      problems: [
        {
          code: "gate-has-gap",
          what: "the gate does not filter IPv6: nothing leads to its chains from PREROUTING of the raw table",
        },
      ],
    });
    expect((await banSource(host, SOURCE, 60)).ok).toBe(true);
  });

  test.each([
    [89, null],
    [90, "`options xt_recent ip_list_tot=65535`"],
  ])("of lists that hold 100, one with %d has the advice %s", async (count, advice) => {
    const sources = Array.from({ length: count }, (_, n) => address(`192.0.2.${n}`));
    const { sets, ...rest } = gateOf(programOf(DOORS), { ssh_stage1_4: sources });
    const roomy = sets.map((set) => ({ ...set, capacity: 100 }));
    const files = { "/sys/module/xt_recent/initstate": "live\n" };
    host = fakeHost({ files });
    for (const adviseOnCapacity of [undefined, realIptables.adviseOnCapacity]) {
      backends[1] = {
        ...iptables,
        adviseOnCapacity,
        read: () => Promise.resolve(ok({ ...rest, sets: roomy })),
      };
      const status = await readStatus(host);
      const { toHoldMore } = status.ok ? status.value : { toHoldMore: "no status" };
      if (adviseOnCapacity === undefined || advice === null) expect(toHoldMore).toBeNull();
      else expect(toHoldMore).toContain(advice);
    }
  });

  test("its program is what that backend makes of the policy", async () => {
    const chains = [{ name: "of_iptables", note: "", rules: [] }];
    backends[1] = { ...iptables, compile: (policy) => ({ ...iptables.compile(policy), chains }) };
    host = fakeHost({ files: { "p.yaml": DOORS } });
    expect(await readLiveGate(host, "p.yaml")).toMatchObject({ value: { program: { chains } } });
  });

  test("a trace says that it follows others only, and what to ask instead", async () => {
    expect(await traceSource(host, SOURCE, 60, () => undefined)).toEqual({
      ok: false,
      problems: [
        {
          code: "host-no-trace",
          severity: "error",
          what: "a trace follows gates of nftables only, and this one is of iptables",
          fix: "ask `postern explain ADDRESS`, which tells about any packet",
        },
      ],
    });
    expect(host.ran).toEqual([]);
  });

  test("there is none where the host has no tools for that backend any more", async () => {
    iptables.lack = problem("there is no iptables command");
    expect(await readStatus(host)).toMatchObject({ problems: [{ code: "no-gate" }] });
  });
});
