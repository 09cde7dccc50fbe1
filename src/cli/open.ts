import { openDoor } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readAddress, readSeconds } from "./reading.ts";

const DEFAULT_TIME = "1h";

export const open: Command = {
  name: "open",
  summary: "let ADDRESS in at DOOR without a knock",
  arguments: [
    ["<door>", "the door's name"],
    ["<address>", "an IPv4 or IPv6 address"],
  ],
  options: [["--for <time>", `how long, as in a policy (default: ${DEFAULT_TIME})`]],
  async run({ arguments: [door = "", addressText = ""], options }, world) {
    const address = readAddress(addressText);
    const seconds = readSeconds(String(options["for"] ?? DEFAULT_TIME));
    if (!address.ok) return refuse(world, address.problems);
    if (!seconds.ok) return refuse(world, seconds.problems);
    const opened = await openDoor(world.host, door, address.value, seconds.value);
    if (!opened.ok) return refuse(world, opened.problems);
    const whom = printAddress(address.value);
    world.stdout(`${door} is open to ${whom} for ${printSeconds(seconds.value)}\n`);
    if (opened.value === "banned") {
      world.stderr(
        `postern: ${whom} is banned, and a ban outranks this: \`postern unban ${whom}\` lifts it\n`,
      );
    }
    return EXIT.ok;
  },
};
