import { applyPolicy } from "../gate/index.ts";
import { renderDoor } from "../view/doors.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readPolicy } from "./reading.ts";

export const apply: Command = {
  name: "apply",
  summary: "put POLICY to work on this host; what still means the same is kept",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [],
  async run(given, world) {
    const policy = await readPolicy(world.host, given.arguments[0]);
    if (!policy.ok) return refuse(world, policy.problems);
    const applied = await applyPolicy(world.host, policy.value);
    if (!applied.ok) return refuse(world, applied.problems);
    const doors = policy.value.doors.map((door) => `${renderDoor(door)}\n`);
    world.stdout(`the gate is up\n${doors.join("")}`);
    return EXIT.ok;
  },
};
