import { readExplanation } from "../gate/index.ts";
import { renderExplanation } from "../view/explain.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { policyFileOf, readAddress } from "./reading.ts";

export const explain: Command = {
  name: "explain",
  summary: "say what the gate would do with ADDRESS now, and why; shows the steps",
  arguments: [
    ["<address>", "an IPv4 or IPv6 address"],
    ["[door]", "the door's name (default: every door)"],
  ],
  options: [["--json", "for scripts: the same facts as one JSON object"]],
  async run({ arguments: [addressText = "", door], options }, world) {
    const address = readAddress(addressText);
    if (!address.ok) return refuse(world, address.problems);
    const file = policyFileOf(world.host, undefined);
    const read = await readExplanation(world.host, file, address.value, door);
    if (!read.ok) return refuse(world, read.problems);
    world.stdout(
      options["json"] === true
        ? `${JSON.stringify(read.value, null, 2)}\n`
        : renderExplanation(read.value, { colour: world.colour.stdout }),
    );
    return EXIT.ok;
  },
};
