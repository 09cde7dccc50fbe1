/** What somebody does next who has just made a policy. The one place that shows steps. */
import type { Door } from "../policy/policy.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { escapeControl } from "../problem/escape.ts";
import { renderDoor } from "./doors.ts";
import { listRecipes, recipesOf, type Tool } from "./recipes.ts";
import { shellWord } from "./shell.ts";

export interface Created {
  readonly file: string;
  /** Whether commands find it unnamed. */
  readonly isDefault: boolean;
  readonly door: Door;
  /** By which clients know this host, where that is known. */
  readonly address: string | undefined;
}

/** Tools of which a line fits a screen, more or less. */
const SHORT: readonly Tool[] = ["knock", "nc", "nmap", "bash", "ping"];

export function renderCreated({ file, isDefault, door, address }: Created): string {
  const path = escapeControl(file);
  const named = isDefault ? "" : ` ${shellWord(path)}`;
  const { name, openForSeconds, sequence } = door;
  const recipes = sequence === undefined ? [] : recipesOf(sequence, address ?? "HOST");
  const shown = recipes.filter(({ tool }) => SHORT.includes(tool));
  return `\
wrote ${path}, for its owner's eyes alone
${renderDoor(door)}

Next, on this host:
  postern check${named}
      what is wrong with it, if anything
  postern apply${named} --confirm 60s
      loads it; rolled back after a minute unless you confirm over a new connection

From elsewhere, knock with any of these, then connect within ${printSeconds(openForSeconds)}:
${listRecipes(shown)
  .map((line) => `  ${line}`)
  .join("\n")}

${hint(address)}These lines open ${name}: keep them as you keep a password.
With Postern there, it is \`postern knock\`: \`postern profile export ${name}${named}\` is what it needs.
`;
}

function hint(address: string | undefined): string {
  return address === undefined
    ? "HOST is this host as it is known elsewhere.\n"
    : `If this host is not known as ${address} elsewhere, put in its name.\n`;
}
