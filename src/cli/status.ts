import { readStatus } from "../gate/index.ts";
import { renderStatus } from "../view/status.ts";
import { type Command, EXIT, refuse } from "./command.ts";

export const status: Command = {
  name: "status",
  summary: "show the doors, who is open, part way and banned, and how full the sets are",
  arguments: [],
  options: [["--json", "for scripts: the same facts as one JSON object"]],
  async run(given, world) {
    const read = await readStatus(world.host);
    if (!read.ok) return refuse(world, read.problems);
    const forScripts = given.options["json"] === true;
    world.stdout(
      forScripts
        ? `${JSON.stringify(read.value, null, 2)}\n`
        : renderStatus(read.value, { colour: world.colour.stdout }),
    );
    return EXIT.ok;
  },
};
