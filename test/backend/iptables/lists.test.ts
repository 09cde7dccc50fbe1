/** Which lists a program has: one for each time that somebody may be in a set. */
import { describe, expect, test } from "vitest";
import { listsOf } from "../../../src/backend/iptables/index.ts";
import { programOf } from "../../setup/policy.ts";

const POLICY = `
ban: { after: 3, within: 1m, for: 2h }
doors:
  ssh:
    protects: [tcp/22, udp/22]
    open-for: 7s
    session-idle: 90s
    sequence: { steps: [51001, 54040], within: 9s }
`;
const PROGRAM = programOf(POLICY, "sources");

/** By the set, without the digits that stand for what it means. */
function namesOf(...args: Parameters<typeof listsOf>): string[] {
  return listsOf(...args).map(({ name }) => name.replace(/-[0-9a-f]{8}$/, ""));
}

describe("a program has", () => {
  test("a list for each time that its rules or a hand may let somebody in for", () => {
    const ipv4 = namesOf(PROGRAM).filter((name) => /4-|4_-|_4-/.test(name));
    expect(ipv4).toEqual([
      "postern-ssh_grants4-7s",
      "postern-ssh_grants4-3600s",
      "postern-ssh_sessions4-90s",
      "postern-ssh_begun4-120s",
      "postern-ssh_let_through4-432000s",
      "postern-ssh_stage1_4-9s",
      "postern-banned4-always",
      "postern-auto_banned4-7200s",
      "postern-wrong4-60s",
      "postern-wrong4-window",
    ]);
    expect(namesOf(PROGRAM)).toHaveLength(2 * ipv4.length);
  });

  test("those besides in which somebody still is, for any time", () => {
    const [grants] = listsOf(PROGRAM);
    const name = (grants?.name ?? "").replace("-7s-", "-1234s-");
    const lasting = [{ name, seconds: 1234 }];
    expect(namesOf(PROGRAM, lasting)).toContain("postern-ssh_grants4-1234s");
    expect(namesOf(PROGRAM, lasting)).toHaveLength(namesOf(PROGRAM).length + 1);
  });

  test("none that meant something else, and none twice", () => {
    const [grants] = listsOf(PROGRAM);
    const name = grants?.name ?? "";
    const lasting = [
      { name, seconds: 7 },
      { name, seconds: 8 },
      { name: name.replace(/[0-9a-f]{8}$/, "00000000"), seconds: 7 },
      { name: "postern-of-others", seconds: undefined },
    ];
    expect(namesOf(PROGRAM, lasting)).toEqual(namesOf(PROGRAM));
  });
});

test("whose set means something else is in a list of another name", () => {
  const other = programOf(POLICY.replace("51001", "51002"), "sources");
  const names = new Set(listsOf(other).map(({ name }) => name));
  const lost = listsOf(PROGRAM).filter(({ name }) => !names.has(name));
  expect(lost.map(({ set }) => set.name)).toEqual(["ssh_stage1_4", "ssh_stage1_6"]);
});

test("how long one stays is said by another list, so that nobody stays longer or shorter", () => {
  const other = programOf(POLICY.replace("7s", "8s"), "sources");
  expect(namesOf(other)).toContain("postern-ssh_grants4-8s");
  expect(namesOf(other)).not.toContain("postern-ssh_grants4-7s");
});
