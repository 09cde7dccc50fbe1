import { rollback as rollBack } from "../gate/index.ts";
import { type Command, EXIT, refuse, warn } from "./command.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "go back to the gate of before, one step; also to none",
  arguments: [],
  options: [],
  async run(_given, world) {
    const wentBack = await rollBack(world.host);
    if (!wentBack.ok) return refuse(world, wentBack.problems);
    world.stdout(
      wentBack.value.to === "no gate"
        ? "there is no gate any more, as before\n"
        : "the gate of before is back\n",
    );
    warn(world, wentBack.value.warnings);
    return EXIT.ok;
  },
};
