import { clientDoorOf, printExport } from "../../client/index.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readPolicyDoor } from "../reading.ts";

export const profileExport: Command = {
  name: "profile export",
  summary: "print what a client needs to knock at DOOR of this host, and no more",
  arguments: [
    ["<door>", "the door's name"],
    ["[policy]", "policy file (default: /etc/postern/policy.yaml)"],
  ],
  options: [],
  async run({ arguments: [name = "", file] }, world) {
    const door = await readPolicyDoor(world.host, name, file);
    if (!door.ok) return refuse(world, door.problems);
    const forClients = clientDoorOf(door.value);
    if (forClients === undefined) {
      return refuse(world, [
        {
          code: "nothing-to-knock",
          severity: "error",
          what: `the door ${door.value.name} has no sequence, and there is nothing to knock`,
          fix: "give it a `sequence` in the policy, or open it with `postern open`",
        },
      ]);
    }
    world.stdout(printExport(forClients));
    return EXIT.ok;
  },
};
