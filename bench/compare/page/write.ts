/** Writes docs/performance.md and its pictures. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RESULTS, type Results } from "../results.ts";
import { pagesOf } from "./page.ts";

export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS, "utf8")) as Results;
}

export function writePages(): void {
  for (const [path, text] of Object.entries(pagesOf(readResults()))) {
    const file = join("docs", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
