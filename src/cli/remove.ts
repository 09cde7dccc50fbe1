import { removeGate } from "../gate/index.ts";
import { type Command, EXIT, refuse, warn } from "./command.ts";

export const remove: Command = {
  name: "remove",
  summary: "take the gate away; every service can be reached as if there had been none",
  arguments: [],
  options: [],
  async run(_given, world) {
    const removed = await removeGate(world.host);
    if (!removed.ok) return refuse(world, removed.problems);
    const found = removed.value.found === "removed";
    world.stdout(found ? "the gate is gone\n" : "there was no gate on this host\n");
    warn(world, removed.value.warnings);
    return EXIT.ok;
  },
};
