/** What a command is, and what all commands share. */
import { isAboutHost } from "../gate/obstacle.ts";
import type { Host } from "../host/index.ts";
import { escapeControl } from "../problem/escape.ts";
import type { Problem } from "../problem/problem.ts";
import { renderProblems } from "../problem/render.ts";
import type { Asker } from "./asker.ts";

export const EXIT = {
  ok: 0,
  /** The policy or the request was refused, with problems printed. */
  refused: 1,
  usage: 2,
  /** The host cannot: no nft, no privilege, kernel too old. */
  host: 3,
  /** The knock did not open the door. */
  shut: 4,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Everything that a command may touch. */
export interface World {
  readonly host: Host;
  /** Results. */
  stdout(text: string): void;
  /** Everything else. */
  stderr(text: string): void;
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether somebody types at it: stdin is a terminal. */
  readonly isTyped?: boolean;
  /** Gets ready to ask whoever started the command; undefined where nobody could answer. */
  readonly asker?: (() => Promise<Asker>) | undefined;
}

export interface Command {
  /** One word; two where several commands share the first. */
  readonly name: string;
  /** Started by Postern itself, and shown to nobody. */
  readonly isHidden?: true;
  readonly summary: string;
  /** As commander writes them: `<must>` or `[may]`. */
  readonly arguments: readonly (readonly [name: string, about: string])[];
  readonly options: readonly (readonly [flags: string, about: string])[];
  run(given: Given, world: World): Promise<Exit>;
}

/** What the user typed. */
export interface Given {
  readonly arguments: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** Says what stands in the way. */
export function refuse(world: World, problems: readonly Problem[]): Exit {
  if (problems.every(isAboutHost)) {
    const lines = problems.map(({ what, fix }) => `postern: ${escapeControl(`${what}; ${fix}`)}\n`);
    world.stderr(lines.join(""));
    return EXIT.host;
  }
  world.stderr(`${renderProblems(problems, { colour: world.colour.stderr })}\n`);
  return EXIT.refused;
}

/** Says what is not as it should be, though what was asked for is done. */
export function warn(world: World, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  world.stderr(`${renderProblems(problems, { colour: world.colour.stderr })}\n\n`);
}
