import {
  applyPolicy,
  checkGate,
  isBeyondHost,
  isRemote,
  type Picked,
  pickBackend,
} from "../gate/index.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import { ok, type Result } from "../problem/problem.ts";
import { printApplied, renderApplied } from "../view/applied.ts";
import { untilConfirmed } from "./apply/until-confirmed.ts";
import { type Command, EXIT, type Given, refuse, type World, warn } from "./command.ts";
import { readPlacedPolicy, readSeconds } from "./reading.ts";

const DEFAULT_SECONDS = 60;

export const apply: Command = {
  name: "apply",
  summary: "load POLICY on this host; over SSH roll back unless `postern confirm` runs in time",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [
    [
      "--confirm <time>",
      `roll back unless \`postern confirm\` runs within TIME (over SSH the default: ${DEFAULT_SECONDS}s)`,
    ],
    ["--no-confirm", "load for good, also over SSH"],
    ["--anyway", "also if `postern check` finds errors"],
    ["--json", "for scripts: what was loaded, as one JSON object; does not wait"],
  ],
  async run(given, world) {
    const policy = await readPlacedPolicy(world.host, given.arguments[0]);
    if (!policy.ok) return refuse(world, policy.problems);
    const overSsh = await isRemote(world.host);
    const wait = readWait(given, overSsh);
    if (!wait.ok) return refuse(world, wait.problems);
    const picked = await pickBackend(world.host, policy.value.policy);
    if (!picked.ok) return refuse(world, picked.problems);
    if (!(await passesCheck(given, world, policy.value, picked.value))) return EXIT.refused;
    const { written, policy: wanted } = policy.value;
    const applied = await applyPolicy(world.host, wanted, { written, ...wait.value });
    if (!applied.ok) return refuse(world, applied.problems);
    warn(world, applied.value.warnings);
    const { pending, changed, heldBy } = applied.value;
    const secondsLeft = pending === undefined ? null : (wait.value.confirmSeconds ?? null);
    const shown = { backend: picked.value.backend.name, heldBy, doors: wanted.doors };
    const view = { ...shown, changed, secondsLeft, overSsh };
    if (given.options["json"] === true) {
      world.stdout(printApplied(view));
      return EXIT.ok;
    }
    const { result, advice } = renderApplied(view);
    world.stdout(result);
    world.stderr(advice);
    return pending === undefined || world.isTyped !== true
      ? EXIT.ok
      : untilConfirmed(world, pending);
  },
};

/** Over the connection that a gate guards, a mistake would lock out the administrator who loads it. */
function readWait(
  { options }: Given,
  overSsh: boolean,
): Result<{ readonly confirmSeconds?: number; readonly onlyIfChanged?: boolean }> {
  const { confirm } = options;
  if (typeof confirm === "string") {
    const seconds = readSeconds(confirm);
    return seconds.ok ? ok({ confirmSeconds: seconds.value }) : seconds;
  }
  return ok(
    overSsh && confirm !== false ? { confirmSeconds: DEFAULT_SECONDS, onlyIfChanged: true } : {},
  );
}

async function passesCheck(
  { options }: Given,
  world: World,
  placed: PlacedPolicy,
  { backend }: Picked,
): Promise<boolean> {
  const { problems } = await checkGate(world.host, placed, { backend: backend.name });
  warn(world, problems);
  if (backend.limitsOf(placed).length > 0 || problems.some(isBeyondHost)) {
    world.stderr(`postern: nothing was changed; ${backend.name} cannot say all of the policy\n`);
    return false;
  }
  if (options["anyway"] === true) return true;
  if (problems.every(({ severity }) => severity === "warning")) return true;
  world.stderr("postern: nothing was changed; `postern apply --anyway` applies it all the same\n");
  return false;
}
