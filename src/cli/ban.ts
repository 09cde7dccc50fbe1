import { banSource, unbanSource } from "../gate/index.ts";
import { type Prefix, printAddress, printPrefix, widthOf } from "../policy/address.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { ok } from "../problem/problem.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readSeconds, readSource } from "./reading.ts";

const ADDRESS = ["<address>", "an IPv4 or IPv6 address"] as const;

export const ban: Command = {
  name: "ban",
  summary:
    "shut every door to ADDRESS (for IPv6, its /64), whatever it knocks, and end its grants; connections that exist go on",
  arguments: [ADDRESS],
  options: [
    ["--for <time>", "how long, as in a policy (default: until unban)"],
    ["--anyway", "also the address of your own SSH session"],
  ],
  async run({ arguments: [addressText = ""], options }, world) {
    const address = readSource(addressText);
    const time = options["for"];
    const seconds = time === undefined ? ok(undefined) : readSeconds(String(time));
    if (!address.ok) return refuse(world, address.problems);
    if (!seconds.ok) return refuse(world, seconds.problems);
    const banned = await banSource(world.host, address.value, seconds.value, {
      anyway: options["anyway"] === true,
    });
    if (!banned.ok) return refuse(world, banned.problems);
    const until =
      seconds.value === undefined ? "until unban" : `for ${printSeconds(seconds.value)}`;
    world.stdout(`${printSource(banned.value)} is banned ${until}\n`);
    return EXIT.ok;
  },
};

export const unban: Command = {
  name: "unban",
  summary: "lift every ban that covers ADDRESS",
  arguments: [["<address>", "an IPv4 or IPv6 address, or a network"]],
  options: [],
  async run({ arguments: [addressText = ""] }, world) {
    const address = readSource(addressText);
    if (!address.ok) return refuse(world, address.problems);
    const lifted = await unbanSource(world.host, address.value);
    if (!lifted.ok) return refuse(world, lifted.problems);
    const was = lifted.value === "lifted" ? "is banned no more" : "was not banned";
    world.stdout(`${printSource(address.value)} ${was}\n`);
    return EXIT.ok;
  },
};

function printSource(prefix: Prefix): string {
  const isAddress = prefix.length === widthOf(prefix.first.family);
  return isAddress ? printAddress(prefix.first) : printPrefix(prefix);
}
