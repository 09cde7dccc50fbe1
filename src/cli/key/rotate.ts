import { rotateKey } from "../../gate/index.ts";
import { type Command, refuse } from "../command.ts";
import { policyFileOf } from "../reading.ts";
import { readClientName, tellInKernel } from "./client.ts";

export const keyRotate: Command = {
  name: "key rotate",
  summary: "give a client a new key; the old one opens nothing any more, at once",
  arguments: [["<name>", "the client's name"]],
  options: [],
  async run({ arguments: [text = ""] }, world) {
    const name = readClientName(text);
    if (!name.ok) return refuse(world, name.problems);
    const file = policyFileOf(world.host, undefined);
    const rotated = await rotateKey(world.host, file, name.value);
    if (!rotated.ok) return refuse(world, rotated.problems);
    world.stdout(
      `${name.value} has a new key: \`postern key show ${name.value}\` is what it needs\n`,
    );
    return tellInKernel(world, rotated.value);
  },
};
