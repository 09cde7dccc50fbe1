import { revokeKey } from "../../gate/index.ts";
import { type Command, refuse } from "../command.ts";
import { policyFileOf } from "../reading.ts";
import { readClientName, tellInKernel } from "./client.ts";

export const keyRevoke: Command = {
  name: "key revoke",
  summary: "take a client's key away; its tokens leave the kernel at once",
  arguments: [["<name>", "the client's name"]],
  options: [],
  async run({ arguments: [text = ""] }, world) {
    const name = readClientName(text);
    if (!name.ok) return refuse(world, name.problems);
    const file = policyFileOf(world.host, undefined);
    const revoked = await revokeKey(world.host, file, name.value);
    if (!revoked.ok) return refuse(world, revoked.problems);
    world.stdout(`${name.value} has no key any more\n`);
    return tellInKernel(world, revoked.value);
  },
};
