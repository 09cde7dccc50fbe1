import { confirmGate } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { FOR_GOOD } from "../view/applied.ts";
import { recipesOf } from "../view/recipes.ts";
import { type Command, EXIT, refuse, warn } from "./command.ts";

export const confirm: Command = {
  name: "confirm",
  summary: "keep the gate that `apply --confirm` put up; over a connection that it would let in",
  arguments: [],
  options: [["--anyway", "over any connection, if you are sure that you can get in"]],
  async run({ options }, world) {
    const confirmed = await confirmGate(world.host, {
      anyway: options["anyway"] === true,
      howToKnock: (door, address) => {
        const sequence = door?.sequence;
        const [recipe] = sequence === undefined ? [] : recipesOf(sequence, printAddress(address));
        if (recipe !== undefined) return `knock first, such as by \`${recipe.line}\``;
        const ways = [
          ...(door?.token === undefined ? [] : ["with a token"]),
          ...(door?.signed === undefined ? [] : ["with your SSH key"]),
        ];
        const first = ways.length === 0 ? "" : `knock first ${ways.join(" or ")}, or `;
        return `${first}let yourself in with \`postern open\``;
      },
    });
    if (!confirmed.ok) return refuse(world, confirmed.problems);
    world.stdout(`${FOR_GOOD}\n`);
    warn(world, confirmed.value.warnings);
    return EXIT.ok;
  },
};
