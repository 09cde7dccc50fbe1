import { addDoors, type ClientDoor, clientDoorsOf } from "../../client/index.ts";
import type { Host } from "../../host/index.ts";
import { parsePolicy } from "../../policy/parse.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { renderAdded } from "../../view/profiles.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readHostName } from "../target.ts";

export const profileAdd: Command = {
  name: "profile add",
  summary: "keep the doors of HOST, so that `postern knock HOST` knows them",
  arguments: [["<host>", "its name or address, as you will call it"]],
  options: [
    ["--from <file>", "what `postern profile export` printed there, or a policy; - is stdin"],
    ["--door <name>", "of a policy with several doors only this one"],
  ],
  async run({ arguments: [hostText = ""], options }, world) {
    const host = readHostName(hostText);
    if (!host.ok) return refuse(world, host.problems);
    const { from, door } = options;
    if (typeof from !== "string") return refuse(world, [noSource(hostText)]);
    const doors = await readDoors(world.host, from, typeof door === "string" ? door : undefined);
    if (!doors.ok) return refuse(world, doors.problems);
    const added = await addDoors(world.host, host.value, doors.value);
    if (!added.ok) return refuse(world, added.problems);
    world.stdout(renderAdded({ host: host.value, doors: doors.value, ...added.value }));
    return EXIT.ok;
  },
};

/** Steps are never taken from the command line, where everybody on the host can read them. */
function noSource(host: string): Problem {
  return {
    code: "no-source",
    severity: "error",
    what: "nothing says where the doors are to come from",
    fix: `on that host \`postern profile export DOOR > FILE\`, and here \`postern profile add ${host} --from FILE\``,
  };
}

async function readDoors(
  host: Host,
  from: string,
  name: string | undefined,
): Promise<Result<readonly ClientDoor[]>> {
  const text = from === "-" ? await host.readInput() : await host.readText(from);
  if (!text.ok) return text;
  const policy = parsePolicy(text.value, from === "-" ? "stdin" : from);
  if (!policy.ok) return policy;
  const doors = clientDoorsOf(policy.value);
  const wanted = name === undefined ? doors : doors.filter((door) => door.name === name);
  if (wanted.length > 0) return ok(wanted);
  const names = doors.map((door) => door.name);
  return fail({
    code: "nothing-to-knock",
    severity: "error",
    what:
      name === undefined
        ? "no door of it has a sequence, and there is nothing to knock"
        : `it has no door ${JSON.stringify(name)} with a sequence`,
    fix: names.length === 0 ? "name a policy whose doors open to a knock" : `name one of ${names}`,
  });
}
