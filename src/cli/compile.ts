import { backendsFor } from "../gate/index.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readPolicy } from "./reading.ts";

export const compile: Command = {
  name: "compile",
  summary: "print the rules for POLICY; changes nothing and needs no privileges",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [],
  async run(given, world) {
    const policy = await readPolicy(world.host, given.arguments[0]);
    if (!policy.ok) return refuse(world, policy.problems);
    const [backend] = backendsFor(policy.value);
    world.stdout(backend.print(backend.compile(policy.value)));
    return EXIT.ok;
  },
};
