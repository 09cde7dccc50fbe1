import { basename } from "node:path";
import { noProfile, readProfiles } from "../client/index.ts";
import { renderSshConfig } from "../view/ssh-config.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readHostName } from "./target.ts";

export const sshConfig: Command = {
  name: "ssh-config",
  summary: "print the lines of ~/.ssh/config that let `ssh HOST` knock by itself",
  arguments: [["<host>", "a host of your profiles"]],
  options: [],
  async run({ arguments: [text = ""] }, world) {
    const host = readHostName(text);
    if (!host.ok) return refuse(world, host.problems);
    const profiles = await readProfiles(world.host);
    if (!profiles.ok) return refuse(world, profiles.problems);
    if (!profiles.value.has(host.value)) {
      return refuse(world, [noProfile(host.value, profiles.value)]);
    }
    const { self } = world.host;
    const program = self.at(-1) ?? "";
    // Installed, it finds node by itself.
    const isCommand = basename(program) === "postern";
    const access = { host: host.value, self: isCommand ? [program] : self };
    world.stdout(renderSshConfig(access));
    return EXIT.ok;
  },
};
