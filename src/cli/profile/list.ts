import { readProfiles } from "../../client/index.ts";
import { renderProfiles, reportProfiles } from "../../view/profiles.ts";
import { type Command, EXIT, refuse } from "../command.ts";

export const profileList: Command = {
  name: "profile list",
  summary: "show the hosts and doors that you can knock at; steps are not shown",
  arguments: [],
  options: [["--json", "for scripts: the same facts as one JSON object"]],
  async run({ options }, world) {
    const profiles = await readProfiles(world.host);
    if (!profiles.ok) return refuse(world, profiles.problems);
    world.stdout(
      options["json"] === true
        ? `${JSON.stringify(reportProfiles(profiles.value), null, 2)}\n`
        : renderProfiles(profiles.value),
    );
    return EXIT.ok;
  },
};
