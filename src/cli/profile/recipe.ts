import type { ClientDoor } from "../../client/index.ts";
import { findOwnAddress } from "../../gate/own-address.ts";
import { findSession } from "../../gate/session.ts";
import type { Host } from "../../host/index.ts";
import { printAddress } from "../../policy/address.ts";
import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { listRecipes, type Recipe, recipesOf, TOOLS, type Tool } from "../../view/recipes.ts";
import { type Command, EXIT, type Given, refuse } from "../command.ts";
import { placeOf } from "../reading.ts";
import { findDoor, readHostName } from "../target.ts";
import { opensOtherwise, readClientDoor } from "./door.ts";

export const profileRecipe: Command = {
  name: "profile recipe",
  summary: "print lines that knock at DOOR without Postern, for many tools or for one",
  arguments: [
    ["<door>", "a door of this host, or HOST:DOOR of your profiles"],
    ["[policy]", "policy file (default: /etc/postern/policy.yaml)"],
  ],
  options: [
    ["--for <tool>", `only the line for one of ${TOOLS.join(", ")}`],
    ["--host <name>", "what the host is called where the line will be typed"],
  ],
  async run(given, world) {
    const tool = readTool(given.options["for"]);
    const aim = await readAim(world.host, given);
    if (!tool.ok || !aim.ok) {
      return refuse(world, [...(tool.ok ? [] : tool.problems), ...(aim.ok ? [] : aim.problems)]);
    }
    const { door, host, hint } = aim.value;
    if (door.sequence === undefined) return refuse(world, [opensOtherwise(door)]);
    const recipes = recipesOf(door.sequence, host);
    const wanted = recipes.find((recipe) => recipe.tool === tool.value);
    if (tool.value !== undefined && wanted === undefined) {
      return refuse(world, [noRecipe(tool.value, door, recipes)]);
    }
    const lines = wanted === undefined ? listRecipes(recipes) : [wanted.line];
    world.stdout(`${lines.join("\n")}\n`);
    if (hint !== undefined) world.stderr(`postern: ${hint}\n`);
    return EXIT.ok;
  },
};

/** What `--for` names; undefined stays undefined. */
function readTool(text: string | boolean | undefined): Result<Tool | undefined> {
  if (typeof text !== "string") return ok(undefined);
  const tool = TOOLS.find((one) => one === text);
  if (tool !== undefined) return ok(tool);
  return fail({
    code: "unknown-word",
    severity: "error",
    place: placeOf(text),
    what: `${JSON.stringify(text)} is no tool that there are recipes for`,
    fix: `write one of ${TOOLS.join(", ")}, or leave out --for`,
  });
}

interface Aim {
  readonly door: ClientDoor;
  /** As it stands in the line. */
  readonly host: string;
  /** What whoever reads the line may have to mend in it. */
  readonly hint?: string;
}

async function readAim(host: Host, { arguments: [door = "", file], options }: Given) {
  const { host: name } = options;
  const named = typeof name === "string" ? readHostName(name) : ok(undefined);
  if (!named.ok) return named;
  return door.includes(":")
    ? await readForeign(host, door, file, named.value)
    : await readOwn(host, door, file, named.value);
}

/** A door of the profiles. */
async function readForeign(
  host: Host,
  text: string,
  file: string | undefined,
  named: HostName | undefined,
): Promise<Result<Aim>> {
  if (file !== undefined) {
    return fail({
      code: "two-sources",
      severity: "error",
      place: placeOf(text),
      what: `${JSON.stringify(text)} is a door of your profiles, and not one of a policy file`,
      fix: "leave out the file, or the host",
    });
  }
  const found = await findDoor(host, text);
  if (!found.ok) return found;
  return ok({ door: found.value.choice.door, host: named ?? found.value.host });
}

/** A door of this host's policy, or of another that is at hand. */
async function readOwn(
  host: Host,
  name: string,
  file: string | undefined,
  named: HostName | undefined,
): Promise<Result<Aim>> {
  const door = await readClientDoor(host, name, file);
  if (!door.ok) return door;
  if (named !== undefined) return ok({ door: door.value, host: named });
  const address = await findOwnAddress(host, await findSession(host));
  if (address === undefined) {
    const hint = "HOST is this host as it is known elsewhere; --host NAME puts it in";
    return ok({ door: door.value, host: "HOST", hint });
  }
  const own = printAddress(address);
  const hint = `if this host is not known as ${own} elsewhere, name it with --host NAME`;
  return ok({ door: door.value, host: own, hint });
}

function noRecipe(tool: Tool, { name }: ClientDoor, recipes: readonly Recipe[]): Problem {
  return {
    code: "no-recipe",
    severity: "error",
    what:
      tool === "ping"
        ? `ping knows nothing of ports, and steps of the door ${name} are ports`
        : `every step of the door ${name} is a ping, and ${tool} sends none`,
    fix: `write --for with one of ${recipes.map((recipe) => recipe.tool).join(", ")}`,
  };
}
