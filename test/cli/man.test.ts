/** The manual page names what the command line has. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { VERSION } from "../../src/cli/program.ts";

const page = readFileSync("packaging/man/postern.8", "utf8").replaceAll("\\-", "-");
/** The page without its marks. */
const text = page.replaceAll(/^\.\S+ ?/gm, "");

test("the manual is of this version", () => {
  expect(page).toContain(`"postern ${VERSION}"`);
});

test.each(
  COMMANDS.filter(({ isHidden }) => !isHidden).map(({ name, options }) => ({ name, options })),
)("it shows how to call $name and says what it does", ({ name, options }) => {
  expect(page).toMatch(new RegExp(`^\\.B postern ${name}$`, "m"));
  expect(page).toMatch(new RegExp(`^\\.TP\\n\\.B ${name}\\n`, "m"));
  for (const [flags] of options) expect(text).toContain(flags.split(/,? /)[0]);
});

test("it has every exit status", () => {
  for (const status of Object.values(EXIT)) expect(page).toContain(`.TP\n.B ${status}\n`);
});
