import { refillGate } from "../gate/index.ts";
import { renderRefilled } from "../view/keys.ts";
import { type Command, refuse } from "./command.ts";
import { warn } from "./key/client.ts";
import { policyFileOf } from "./reading.ts";

export const refill: Command = {
  name: "refill",
  summary: "top up the tokens in the kernel, and say who has knocked; run by a timer",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [],
  async run({ arguments: [path] }, world) {
    const refilled = await refillGate(world.host, policyFileOf(world.host, path));
    if (!refilled.ok) return refuse(world, refilled.problems);
    world.stdout(renderRefilled(refilled.value));
    return warn(world, refilled.value.problems);
  },
};
