/** What the pages for people tell them to type, taken from the pages themselves. */
import { readFileSync } from "node:fs";

/** The blocks of a language below a heading, down to the next one of its rank or a higher. */
export function blocksOf(file: string, heading: string, language: string): readonly string[] {
  const page = `\n${readFileSync(file, "utf8")}`;
  const begin = page.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`blocksOf: ${file} has no heading ${heading}`);
  const rank = heading.indexOf(" ");
  const [section = ""] = page
    .slice(begin + heading.length + 2)
    .split(new RegExp(`^#{1,${rank}} `, "m"));
  const fences = section.matchAll(
    new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, "gm"),
  );
  return [...fences].map(([, indent = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** The lines of all blocks of shell below a heading, without what is a comment to people. */
export function linesOf(file: string, heading: string): readonly string[] {
  return blocksOf(file, heading, "sh")
    .flatMap((block) => block.split("\n"))
    .map((line) => line.replace(/ +#.*$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
}
