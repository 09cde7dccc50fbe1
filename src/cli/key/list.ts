import { readKeys } from "../../gate/index.ts";
import { renderClients, reportClients } from "../../view/keys.ts";
import { type Command, refuse } from "../command.ts";
import { warn } from "./client.ts";

export const keyList: Command = {
  name: "key list",
  summary: "show which clients have keys, and for which doors",
  arguments: [],
  options: [["--json", "for scripts: the same facts as one JSON object"]],
  async run({ options }, world) {
    const keys = await readKeys(world.host);
    if (!keys.ok) return refuse(world, keys.problems);
    const { clients, problems } = keys.value;
    world.stdout(
      options["json"] === true
        ? `${JSON.stringify(reportClients(clients), null, 2)}\n`
        : renderClients(clients),
    );
    return warn(world, problems);
  },
};
