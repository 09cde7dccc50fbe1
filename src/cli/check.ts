import { checkGate, type GateCheck } from "../gate/index.ts";
import type { Host } from "../host/index.ts";
import { parsePlacedPolicy } from "../policy/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Problem } from "../problem/problem.ts";
import { printCheck, renderCheck, reportOf } from "../view/check.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { policyFileOf, readBackend } from "./reading.ts";

export const check: Command = {
  name: "check",
  summary: "find what is wrong with POLICY, and what scanners could do to it; changes nothing",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [
    ["--json", "for scripts: the same facts as one JSON object"],
    ["--backend <name>", "as if the policy said so: nftables, iptables or auto"],
  ],
  async run(given, world) {
    const backend = readBackend(given.options["backend"]);
    if (!backend.ok) return refuse(world, backend.problems);
    const report = reportOf(await checkFile(world.host, given.arguments[0], backend.value));
    world.stdout(
      given.options["json"] === true
        ? printCheck(report)
        : renderCheck(report, { colour: world.colour.stdout }),
    );
    return report.ok ? EXIT.ok : EXIT.refused;
  },
};

/** What keeps the policy from being read is what is wrong with it. */
async function checkFile(
  host: Host,
  path: string | undefined,
  backend: Policy["backend"] | undefined,
): Promise<GateCheck> {
  const file = policyFileOf(host, path);
  const text = await host.readText(file, path === undefined ? "file" : "any");
  const placed = text.ok ? parsePlacedPolicy(text.value, file) : text;
  if (!placed.ok) return unread(placed.problems);
  return checkGate(host, placed.value, { backend });
}

function unread(problems: readonly Problem[]): GateCheck {
  return { doors: [], problems, notLookedAt: [] };
}
