import { banSource, unbanSource } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { ok } from "../problem/problem.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readAddress, readSeconds } from "./reading.ts";

const ADDRESS = ["<address>", "an IPv4 or IPv6 address"] as const;

export const ban: Command = {
  name: "ban",
  summary:
    "shut every door to ADDRESS, whatever it knocks, and end its grants; connections that exist go on",
  arguments: [ADDRESS],
  options: [["--for <time>", "how long, as in a policy (default: until unban)"]],
  async run({ arguments: [addressText = ""], options }, world) {
    const address = readAddress(addressText);
    const time = options["for"];
    const seconds = time === undefined ? ok(undefined) : readSeconds(String(time));
    if (!address.ok) return refuse(world, address.problems);
    if (!seconds.ok) return refuse(world, seconds.problems);
    const banned = await banSource(world.host, address.value, seconds.value);
    if (!banned.ok) return refuse(world, banned.problems);
    const until =
      seconds.value === undefined ? "until unban" : `for ${printSeconds(seconds.value)}`;
    world.stdout(`${printAddress(address.value)} is banned ${until}\n`);
    return EXIT.ok;
  },
};

export const unban: Command = {
  name: "unban",
  summary: "lift every ban of ADDRESS",
  arguments: [ADDRESS],
  options: [],
  async run({ arguments: [addressText = ""] }, world) {
    const address = readAddress(addressText);
    if (!address.ok) return refuse(world, address.problems);
    const lifted = await unbanSource(world.host, address.value);
    if (!lifted.ok) return refuse(world, lifted.problems);
    const was = lifted.value === "lifted" ? "is banned no more" : "was not banned";
    world.stdout(`${printAddress(address.value)} ${was}\n`);
    return EXIT.ok;
  },
};
