/** What the commands about keys share. */
import type { InKernel, revokeKey } from "../../gate/index.ts";
import type { ClientName } from "../../policy/policy.ts";
import { parseClientName } from "../../policy/value/name.ts";
import type { Problem, Result } from "../../problem/problem.ts";
import { renderProblems } from "../../problem/render.ts";
import { renderInKernel } from "../../view/keys.ts";
import { type Command, EXIT, type Exit, refuse, type World } from "../command.ts";
import { placeOf, policyFileOf } from "../reading.ts";

export function readClientName(text: string): Result<ClientName> {
  return parseClientName({ text, place: placeOf(text) });
}

/** A command that changes the key of one client. */
export function changeOfKey(
  { name, summary }: Pick<Command, "name" | "summary">,
  change: typeof revokeKey,
  told: (client: ClientName) => string,
): Command {
  return {
    name,
    summary,
    arguments: [["<name>", "the client's name"]],
    options: [],
    async run({ arguments: [text = ""] }, world) {
      const client = readClientName(text);
      if (!client.ok) return refuse(world, client.problems);
      const file = policyFileOf(world.host, undefined);
      const changed = await change(world.host, file, client.value);
      if (!changed.ok) return refuse(world, changed.problems);
      world.stdout(`${told(client.value)}\n`);
      return tellInKernel(world, changed.value);
    },
  };
}

/** Says what became of a change in the kernel, which is made whether or not that follows. */
export function tellInKernel(world: World, inKernel: InKernel): Exit {
  world.stdout(renderInKernel(inKernel));
  if (inKernel === undefined) return EXIT.ok;
  if (!inKernel.ok) return refuse(world, inKernel.problems);
  return warn(world, inKernel.value.problems);
}

/** Errors among them are the exit status. */
export function warn(world: World, problems: readonly Problem[]): Exit {
  if (problems.length === 0) return EXIT.ok;
  world.stderr(`${renderProblems(problems, { colour: world.colour.stderr })}\n`);
  return problems.some(({ severity }) => severity === "error") ? EXIT.refused : EXIT.ok;
}
