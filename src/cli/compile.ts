import { backendsFor } from "../gate/index.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readBackend, readPlacedPolicy } from "./reading.ts";

export const compile: Command = {
  name: "compile",
  summary: "print the rules for POLICY; changes nothing and needs no privileges",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [["--backend <name>", "nftables or iptables, whatever the policy says"]],
  async run(given, world) {
    const placed = await readPlacedPolicy(world.host, given.arguments[0]);
    if (!placed.ok) return refuse(world, placed.problems);
    const { policy } = placed.value;
    const wanted = readBackend(given.options["backend"]);
    if (!wanted.ok) return refuse(world, wanted.problems);
    const [backend] = backendsFor({ ...policy, backend: wanted.value ?? policy.backend });
    const limits = backend.limitsOf(placed.value);
    if (limits.length > 0) return refuse(world, limits);
    // Of the policy as it is written: by that its rules are known again.
    world.stdout(backend.print(backend.compile(policy)));
    return EXIT.ok;
  },
};
