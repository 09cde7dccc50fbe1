/** The table of all commands. */
import { apply } from "./apply.ts";
import { ban, unban } from "./ban.ts";
import { check } from "./check.ts";
import { CLIENT_COMMANDS } from "./client-commands.ts";
import { close } from "./close.ts";
import type { Command } from "./command.ts";
import { compile } from "./compile.ts";
import { confirm } from "./confirm.ts";
import { demo } from "./demo.ts";
import { explain } from "./explain.ts";
import { init } from "./init.ts";
import { open } from "./open.ts";
import { profileRecipe } from "./profile/recipe.ts";
import { remove } from "./remove.ts";
import { rollback } from "./rollback.ts";
import { status } from "./status.ts";
import { trace } from "./trace.ts";
import { undo } from "./undo.ts";

export const COMMANDS: readonly Command[] = [
  ...[init, check, compile, apply, confirm, rollback, remove, status, open, close, ban, unban],
  ...[explain, trace],
  ...CLIENT_COMMANDS,
  ...[profileRecipe, demo, undo],
];
