/** The pages for people: found from the README, with links that lead somewhere and commands that exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";

const NAMES = readdirSync("docs").filter((name) => name.endsWith(".md"));
const PAGES = ["README.md", ...NAMES.map((name) => `docs/${name}`)];
const textOf = (page: string) => readFileSync(page, "utf8");

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(NAMES)("%s is found from the README", (name) => {
  expect(textOf("README.md")).toContain(`(docs/${name}`);
});

test.each(PAGES)("every link of %s leads somewhere", (page) => {
  const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const broken = links.flatMap(([link, path = "", anchor]) => {
    const target = path === "" ? page : join(dirname(page), path);
    const isThere =
      existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor));
    return isThere ? [] : [link];
  });
  expect(broken).toEqual([]);
});

test.each(PAGES)("%s names no command that does not exist", (page) => {
  const known = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
  // `postern token v1` and its like are no commands, but what is hashed.
  const named = [...textOf(page).matchAll(/`(?:sudo )?postern ([a-z-]+)\b(?! v1)/g)];
  expect(named.map(([, name = ""]) => name).filter((name) => !known.has(name))).toEqual([]);
});
