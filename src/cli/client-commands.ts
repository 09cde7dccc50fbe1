/** The commands of those who knock. They load nothing of what it takes to hold a gate. */
import type { Command } from "./command.ts";
import { connect } from "./connect.ts";
import { knock } from "./knock.ts";
import { probe } from "./probe.ts";
import { profileAdd } from "./profile/add.ts";
import { profileExport } from "./profile/export.ts";
import { profileList } from "./profile/list.ts";
import { profileRemove } from "./profile/remove.ts";
import { sshConfig } from "./ssh-config.ts";

export const CLIENT_COMMANDS: readonly Command[] = [
  ...[knock, connect, probe, profileAdd, profileExport, profileList, profileRemove, sshConfig],
];
