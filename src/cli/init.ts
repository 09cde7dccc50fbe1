import { randomInt } from "node:crypto";
import { checkGate, DEFAULT_HOME } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { ok, type Result } from "../problem/problem.ts";
import { renderProblems } from "../problem/render.ts";
import { renderCreated } from "../view/created.ts";
import { type Command, EXIT, type Exit, type Given, refuse, type World } from "./command.ts";
import { type Choices, OPTIONS, readChoices, withDefaults } from "./init/choices.ts";
import { type Draft, draftPolicy } from "./init/draft.ts";
import { type Facts, readFacts } from "./init/facts.ts";
import { askFor } from "./init/questions.ts";
import { findUnwritable } from "./init/unwritable.ts";
import { policyFileOf } from "./reading.ts";

export const init: Command = {
  name: "init",
  summary: "write a first POLICY: a few questions, and steps drawn at random",
  arguments: [["[policy]", "file to write (default: /etc/postern/policy.yaml)"]],
  options: OPTIONS,
  async run(given, world) {
    const { host } = world;
    const file = policyFileOf(host, given.arguments[0]);
    if (given.options["yes"] !== true && world.asker === undefined) return isNoTerminal(world);
    const obstacle = await findUnwritable(host, file);
    if (obstacle !== undefined) return refuse(world, [obstacle]);
    const facts = await readFacts(host);
    const choices = await choose(given, facts, world);
    if (choices === undefined) return isBrokenOff(world);
    if (!choices.ok) return refuse(world, choices.problems);
    const draft = await draftPolicy(choices.value, facts, {
      file,
      chance: (below) => randomInt(below),
      check: async (placed) => (await checkGate(host, placed)).problems,
    });
    if (!draft.ok) return refuse(world, draft.problems);
    const written = await host.writeNew(file, draft.value.text);
    if (!written.ok) return refuse(world, written.problems);
    tell(world, draft.value, file, facts);
    return EXIT.ok;
  },
};

/** Undefined: broken off. */
async function choose(
  { options }: Given,
  facts: Facts,
  world: World,
): Promise<Result<Choices> | undefined> {
  const chosen = readChoices(options, facts);
  if (!chosen.ok) return chosen;
  if (options["yes"] === true || world.asker === undefined) {
    return withDefaults(chosen.value, facts);
  }
  const answers = await askFor(chosen.value, facts, await world.asker());
  if (answers === undefined) return undefined;
  // Between the questions and what came of them.
  world.stderr("\n");
  return ok(answers);
}

function isNoTerminal(world: World): Exit {
  world.stderr(
    "postern: init asks questions, and there is no terminal to ask at; --yes takes the defaults\n" +
      "see `postern init --help`\n",
  );
  return EXIT.usage;
}

function isBrokenOff(world: World): Exit {
  world.stderr("postern: broken off; nothing was written\n");
  return EXIT.refused;
}

function tell(world: World, { placed, problems }: Draft, file: string, facts: Facts): void {
  const [door] = placed.policy.doors;
  if (door === undefined) throw new Error("tell: a policy without a door");
  const address = facts.address && printAddress(facts.address);
  const isDefault = file === `${DEFAULT_HOME}/policy.yaml`;
  world.stdout(renderCreated({ file, isDefault, door, address }));
  if (problems.length > 0) {
    world.stderr(`${renderProblems(problems, { colour: world.colour.stderr })}\n`);
  }
}
