/** The last words of init. */
import { expect, test } from "vitest";
import { renderCreated } from "../../src/view/created.ts";
import { policyOf } from "../setup/policy.ts";

const [door] = policyOf(
  "doors: { ssh: { protects: tcp/22, sequence: { steps: [5001, 4001] } } }\n",
).doors;
if (door === undefined) throw new Error("there is no door");
const created = { file: "/etc/postern/policy.yaml", isDefault: true, door, address: undefined };

test("they fit a screen but for the lines to be copied", () => {
  const lines = renderCreated({ ...created, address: "2001:db8::5" }).split("\n");
  const words = lines.filter((line) => !/^ {2}(knock|nc|nmap|bash) /.test(line));
  for (const line of words) expect(line.length).toBeLessThan(100);
  expect(lines.length - words.length).toBe(4);
});

test("HOST is explained where nobody can tell the host's address", () => {
  expect(renderCreated(created)).toContain("HOST is this host as it is known elsewhere.");
  expect(renderCreated({ ...created, address: "192.0.2.5" })).not.toContain("HOST");
});

test("a path is a word of shell, and cannot move the cursor", () => {
  const shown = (file: string) => renderCreated({ ...created, file, isDefault: false });
  expect(shown("/srv/it's mine.yaml")).toContain("  postern check '/srv/it'\\''s mine.yaml'\n");
  expect(shown("gate.yaml")).toContain("  postern apply gate.yaml --confirm 60s\n");
  expect(shown("\u001b[31m.yaml")).not.toContain("\u001b");
});
