import { removeHost } from "../../client/index.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readHostName } from "../target.ts";

export const profileRemove: Command = {
  name: "profile remove",
  summary: "forget HOST and its doors",
  arguments: [["<host>", "as `postern profile list` shows it"]],
  options: [],
  async run({ arguments: [text = ""] }, world) {
    const host = readHostName(text);
    if (!host.ok) return refuse(world, host.problems);
    const removed = await removeHost(world.host, host.value);
    if (!removed.ok) return refuse(world, removed.problems);
    world.stdout(`the profile of ${host.value} is gone\n`);
    return EXIT.ok;
  },
};
