import { addProfile, type Profile, parseProfile } from "../../client/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { renderAdded } from "../../view/profiles.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { readHostName } from "../target.ts";

export const profileAdd: Command = {
  name: "profile add",
  summary: "keep the doors of HOST, so that `postern knock HOST` knows them",
  arguments: [["<host>", "its name or address, as you will call it"]],
  options: [
    [
      "--from <file>",
      "what `postern profile export`, `key show` or `agent key` printed there, or a policy; - is stdin",
    ],
    ["--door <name>", "of several doors only this one"],
  ],
  async run({ arguments: [hostText = ""], options }, world) {
    const host = readHostName(hostText);
    if (!host.ok) return refuse(world, host.problems);
    const { from, door } = options;
    if (typeof from !== "string") return refuse(world, [noSource(hostText)]);
    const profile = await readProfile(
      world.host,
      from,
      typeof door === "string" ? door : undefined,
    );
    if (!profile.ok) return refuse(world, profile.problems);
    const kept = await addProfile(world.host, host.value, profile.value);
    if (!kept.ok) return refuse(world, kept.problems);
    world.stdout(renderAdded({ host: host.value, added: profile.value, ...kept.value }));
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

async function readProfile(
  host: Host,
  from: string,
  name: string | undefined,
): Promise<Result<Profile>> {
  const text = from === "-" ? await host.readInput() : await host.readText(from, "any");
  if (!text.ok) return text;
  const profile = parseProfile(text.value, from === "-" ? "stdin" : from);
  if (!profile.ok) return profile;
  const { doors } = profile.value;
  const wanted = name === undefined ? doors : doors.filter((door) => door.name === name);
  if (wanted.length > 0) return ok({ ...profile.value, doors: wanted });
  const names = doors.map((door) => door.name);
  return fail({
    code: "nothing-to-knock",
    severity: "error",
    what:
      name === undefined
        ? "no door of it has a sequence, and there is nothing to knock"
        : `it has no door ${JSON.stringify(name)} that opens to a knock`,
    fix:
      names.length === 0
        ? "name a policy whose doors open to a knock; for tokens what `postern key show NAME` printed there, for signed knocks what `postern agent key` did"
        : `name one of ${names.join(", ")}`,
  });
}
