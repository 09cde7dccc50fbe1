import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { canBeInUrl, pageDoors, printKeyPage } from "../../view/key-page.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { checkDoors, HOLDER_ARGUMENTS, HOST_OPTION, readHolder, tellOf } from "./holder.ts";

export const keyPage: Command = {
  name: "key page",
  summary: "print a web page that knocks for a client, for a phone to keep",
  arguments: HOLDER_ARGUMENTS,
  options: [HOST_OPTION],
  async run(given, world) {
    const holder = await readHolder(given, world);
    if (!holder.ok) return refuse(world, holder.problems);
    const doors = pageDoors(holder.value);
    const fix = "add http/PORT to the `carriers` of a door, with a port that browsers connect to";
    const checked = checkDoors(holder.value, doors, { of: "a web page", fix });
    const fits = checkHost(holder.value.host);
    const problems = [checked, fits].flatMap((one) => (one.ok ? [] : one.problems));
    if (problems.length > 0) return refuse(world, problems);
    world.stdout(printKeyPage(holder.value));
    tellOf(world, holder.value, doors);
    return EXIT.ok;
  },
};

function checkHost(host: HostName): Result<undefined> {
  if (canBeInUrl(host)) return ok(undefined);
  return fail({
    code: "not-for-urls",
    severity: "error",
    what: `no URL can have the host ${host}`,
    fix: "name the host otherwise with --host: by a name, or an address without a zone",
  });
}
