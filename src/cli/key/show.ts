import { readClient } from "../../gate/index.ts";
import type { Door } from "../../policy/policy.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { type ClientKey, printEnrolment } from "../../token/index.ts";
import { renderQr } from "../../view/keys.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readPlacedPolicy } from "../reading.ts";
import { readClientName } from "./client.ts";

export const keyShow: Command = {
  name: "key show",
  summary: "print what a client needs to open its doors, as one line and as a QR code",
  arguments: [
    ["<name>", "the client's name"],
    ["[policy]", "policy file (default: /etc/postern/policy.yaml)"],
  ],
  options: [["--no-qr", "the line alone"]],
  async run({ arguments: [text = "", file], options }, world) {
    const name = readClientName(text);
    if (!name.ok) return refuse(world, name.problems);
    const client = await readClient(world.host, name.value);
    if (!client.ok) return refuse(world, client.problems);
    const placed = await readPlacedPolicy(world.host, file);
    if (!placed.ok) return refuse(world, placed.problems);
    const doors = doorsFor(client.value.key, placed.value.policy.doors);
    if (!doors.ok) return refuse(world, doors.problems);
    const enrolment = printEnrolment(name.value, client.value.key.secret, doors.value);
    world.stdout(`${enrolment}\n`);
    if (options["qr"] !== false) world.stderr(`\n${renderQr(enrolment)}\n`);
    world.stderr(
      `Whoever has this can open ${doors.value.map((door) => door.name).join(", ")}. There: postern profile add HOST --from FILE\n`,
    );
    return EXIT.ok;
  },
};

/** Of the doors of a policy those that a key opens; none is a problem. */
export function doorsFor(key: ClientKey, all: readonly Door[]): Result<readonly Door[]> {
  const doors = all.filter(
    ({ name, token }) => token !== undefined && (key.doors?.includes(name) ?? true),
  );
  if (doors.length > 0) return ok(doors);
  return fail({
    code: "nothing-to-open",
    severity: "error",
    what:
      key.doors === undefined
        ? "no door of the policy opens with tokens"
        : `none of ${key.doors.join(", ")} is a door of the policy that opens with tokens`,
    fix: "write `token:` and its `carriers` into a door of the policy, and apply it",
  });
}
