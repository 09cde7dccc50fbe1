import { expect, test } from "vitest";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { sure } from "../setup/sure.ts";

const TEXT = `trusted:
  - 10.0.0.0/24
  - 2001:db8::/32
doors:
  ssh:
    protects: [tcp/22, udp/22]
    sequence: { steps: [51001, udp/54040], watch: 51000-55000 }
  web:
    protects: tcp/80
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
  expect(places.trusted.map(written)).toEqual(["2: 10.0.0.0/24", "3: 2001:db8::/32"]);
  const [ssh, web] = places.doors;
  expect(ssh && written(ssh.name)).toBe("5: ssh");
  expect(ssh?.protects.map(written)).toEqual(["6: tcp/22", "6: udp/22"]);
  expect(ssh?.steps.map(written)).toEqual(["7: 51001", "7: udp/54040"]);
  expect(ssh?.watch && written(ssh.watch)).toBe("7: watch");
  expect(web?.protects.map(written)).toEqual(["9: tcp/80"]);
  expect([web?.steps, web?.watch]).toEqual([[], undefined]);
});
