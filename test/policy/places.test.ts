import { expect, test } from "vitest";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { sure } from "../setup/sure.ts";

const TEXT = `ban: { within: 1m, after: 5, for: 1h }
trusted:
  - 10.0.0.0/24
  - 2001:db8::/32
doors:
  ssh:
    protects: [tcp/22, udp/22]
    sequence: { steps: [51001, udp/54040], watch: 51000-55000 }
  web:
    protects: tcp/80
    single-use: true
    refuse: reset
`;

function written({
  line,
  text,
  column,
  length,
}: {
  line: number;
  text: string;
  column: number;
  length: number;
}) {
  return `${line}: ${text.slice(column - 1, column - 1 + length)}`;
}

test("the parts of a policy are found where they were written", () => {
  const { places } = sure(parsePlacedPolicy(TEXT, "policy.yaml"));
  expect(places.trusted.map(written)).toEqual(["3: 10.0.0.0/24", "4: 2001:db8::/32"]);
  expect(places.banAfter && written(places.banAfter)).toBe("1: after");
  const [ssh, web] = places.doors;
  expect(ssh && written(ssh.name)).toBe("6: ssh");
  expect(ssh?.protects.map(written)).toEqual(["7: tcp/22", "7: udp/22"]);
  expect(ssh?.steps.map(written)).toEqual(["8: 51001", "8: udp/54040"]);
  expect(ssh?.watch && written(ssh.watch)).toBe("8: watch");
  expect(web?.protects.map(written)).toEqual(["10: tcp/80"]);
  expect(web?.singleUse && written(web.singleUse)).toBe("11: single-use");
  expect(web?.refuse && written(web.refuse)).toBe("12: refuse");
  expect([web?.steps, web?.watch]).toEqual([[], undefined]);
  expect([ssh?.singleUse, ssh?.refuse]).toEqual([undefined, undefined]);
});
