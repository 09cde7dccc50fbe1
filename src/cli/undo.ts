import { UNDO_COMMAND, undoUnlessConfirmed } from "../gate/index.ts";
import { type Command, EXIT } from "./command.ts";

/** Started by `apply --confirm` and left alone: it outlives the terminal and the session. */
export const undo: Command = {
  name: UNDO_COMMAND,
  isHidden: true,
  summary: "wait for a confirmation, and without one bring the gate of before back",
  arguments: [["<id>", "which gate waits"]],
  options: [],
  async run({ arguments: [id = ""] }, world) {
    await undoUnlessConfirmed(world.host, id);
    return EXIT.ok;
  },
};
