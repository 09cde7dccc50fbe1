/** The table of all commands. */

import { agentKey } from "./agent/key.ts";
import { agent } from "./agent.ts";
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
import { keyAdd } from "./key/add.ts";
import { keyList } from "./key/list.ts";
import { keyPage } from "./key/page.ts";
import { keyRevoke } from "./key/revoke.ts";
import { keyRotate } from "./key/rotate.ts";
import { keyScript } from "./key/script.ts";
import { keyShow } from "./key/show.ts";
import { open } from "./open.ts";
import { profileRecipe } from "./profile/recipe.ts";
import { refill } from "./refill.ts";
import { remove } from "./remove.ts";
import { rollback } from "./rollback.ts";
import { status } from "./status.ts";
import { trace } from "./trace.ts";
import { undo } from "./undo.ts";

export const COMMANDS: readonly Command[] = [
  ...[init, check, compile, apply, confirm, rollback, remove, status, open, close, ban, unban],
  ...[explain, trace, agent, agentKey],
  ...[keyAdd, keyList, keyShow, keyScript, keyPage, keyRotate, keyRevoke, refill],
  ...CLIENT_COMMANDS,
  ...[profileRecipe, demo, undo],
];
