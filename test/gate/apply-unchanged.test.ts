/** A gate whose rules are those of the previous one has nothing to confirm. */
import { expect, test } from "vitest";
import { compilePolicy } from "../../src/compile/index.ts";
import { applyPolicy } from "../../src/gate/index.ts";
import { type Answers, type FakeHost, fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const POLICY = policyOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }",
);
const FOLDER = "/run/postern/net-4026531840";
const CONFIRM = { confirmSeconds: 60, onlyIfChanged: true };

/** A host on which the one that restores the previous gate says that it is running. */
function watched(answers: Answers = {}): FakeHost {
  const host = fakeHost({
    links: { "/proc/self/ns/net": "net:[4026531840]" },
    tables: [listingOf(compilePolicy(POLICY))],
    files: { "/proc/uptime": "1000.50 900.00\n" },
    ...answers,
  });
  const pause = () => {
    const pending = host.written.get(`${FOLDER}/pending.json`);
    if (pending !== undefined) host.written.set(`${FOLDER}/watched.json`, pending);
    return Promise.resolve();
  };
  return { ...host, pause };
}

function keptOn({ written }: FakeHost, name: string): unknown {
  const text = written.get(`${FOLDER}/${name}`);
  return text === undefined ? undefined : JSON.parse(text);
}

test("the wait ends at once where the rules are the same, and `rollback` goes where it went", async () => {
  const host = watched();
  host.written.set(`${FOLDER}/before.json`, '{"gate": null}');
  const applied = await applyPolicy(host, POLICY, CONFIRM);
  expect(applied).toMatchObject({ value: { pending: undefined, changed: false } });
  expect([keptOn(host, "pending.json"), keptOn(host, "before.json")]).toEqual([
    undefined,
    { gate: null },
  ]);
});

test("the gate waits where a rule is another, also where the policy is the same", async () => {
  const rulesInTurn = ["table inet postern {\n\tchain x {\n\t}\n}\n", "table inet postern {\n}\n"];
  const host = watched({ rulesInTurn });
  const applied = await applyPolicy(host, POLICY, CONFIRM);
  const { id } = keptOn(host, "pending.json") as { id: string };
  expect(applied).toMatchObject({ value: { pending: id, changed: true } });
});
