import { printExport } from "../../client/index.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readClientDoor } from "./door.ts";

export const profileExport: Command = {
  name: "profile export",
  summary: "print what a client needs to knock at DOOR of this host, and no more",
  arguments: [
    ["<door>", "the door's name"],
    ["[policy]", "policy file (default: /etc/postern/policy.yaml)"],
  ],
  options: [],
  async run({ arguments: [name = "", file] }, world) {
    const door = await readClientDoor(world.host, name, file);
    if (!door.ok) return refuse(world, door.problems);
    world.stdout(printExport(door.value));
    return EXIT.ok;
  },
};
