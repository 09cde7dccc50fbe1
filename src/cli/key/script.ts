import { printKeyScript, scriptDoors } from "../../view/key-script.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { checkDoors, HOLDER_ARGUMENTS, HOST_OPTION, readHolder, tellOf } from "./holder.ts";

export const keyScript: Command = {
  name: "key script",
  summary: "print a shell script that knocks for a client where Postern is not",
  arguments: HOLDER_ARGUMENTS,
  options: [HOST_OPTION],
  async run(given, world) {
    const holder = await readHolder(given, world);
    if (!holder.ok) return refuse(world, holder.problems);
    const doors = scriptDoors(holder.value);
    const fix = "add ping, udp/PORT, dns/PORT or http/PORT to the `carriers` of a door";
    const checked = checkDoors(holder.value, doors, { of: "a script", fix });
    if (!checked.ok) return refuse(world, checked.problems);
    world.stdout(printKeyScript(holder.value));
    tellOf(world, holder.value, doors);
    return EXIT.ok;
  },
};
