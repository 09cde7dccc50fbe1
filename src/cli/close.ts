import { closeDoor } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { ok } from "../problem/problem.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readAddress } from "./reading.ts";

export const close: Command = {
  name: "close",
  summary: "end the grant of ADDRESS at DOOR, or every grant; connections that exist go on",
  arguments: [
    ["<door>", "the door's name"],
    ["[address]", "an IPv4 or IPv6 address (default: everybody)"],
  ],
  options: [],
  async run({ arguments: [door = "", addressText] }, world) {
    const address = addressText === undefined ? ok(undefined) : readAddress(addressText);
    if (!address.ok) return refuse(world, address.problems);
    const closed = await closeDoor(world.host, door, address.value);
    if (!closed.ok) return refuse(world, closed.problems);
    const whom = address.value === undefined ? "everybody" : printAddress(address.value);
    world.stdout(`${door} is shut to ${whom}\n`);
    return EXIT.ok;
  },
};
