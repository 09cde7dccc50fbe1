import { type Choice, chooseDoor, doorAt, knock, portsOf, readProfiles } from "../client/index.ts";
import type { Port } from "../policy/policy.ts";
import { parsePort } from "../policy/value/port.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { renderShut } from "../view/knock.ts";
import { type Command, EXIT, refuse, type World } from "./command.ts";
import { KNOCK_OPTIONS, readHow } from "./knock.ts";
import { placeOf } from "./reading.ts";
import { readTarget, type Target } from "./target.ts";

export const connect: Command = {
  name: "connect",
  summary: "knock, connect, and pass stdin and stdout through (for ssh's ProxyCommand)",
  arguments: [
    ["<target>", "HOST or HOST:DOOR; a host of your profiles"],
    ["[port]", "TCP port (default: the first that the door protects)"],
  ],
  options: KNOCK_OPTIONS,
  async run({ arguments: [targetText = "", portText], options }, world) {
    const target = readTarget(targetText);
    if (!target.ok) return refuse(world, target.problems);
    const aim = await readAim(world, target.value, portText);
    if (!aim.ok) return refuse(world, aim.problems);
    const { host } = target.value;
    // What is typed here is for the other side.
    const how = await readHow({ host, choice: aim.value }, { options }, world, { mayAsk: false });
    if (!how.ok) return refuse(world, how.problems);
    const { door, port } = aim.value;
    const errand = {
      ...how.value,
      host,
      door,
      tryPorts: [port],
      isHurried: false,
      everyAddress: false,
    };
    const outcome = await knock(world.host, errand);
    if (outcome.connection === undefined) {
      const service = { protocol: "tcp", ports: { first: port, last: port } } as const;
      const tried = { ...door, protects: [service] };
      world.stderr(`postern: ${renderShut({ host, door: tried, outcome })}`);
      return EXIT.shut;
    }
    await outcome.connection.passThrough();
    return EXIT.ok;
  },
};

interface Aim extends Choice {
  readonly port: Port;
}

/** The door and the port at which to go in. A port that no door protects needs no knock. */
async function readAim(
  { host: system }: World,
  { host, door: name }: Target,
  portText: string | undefined,
): Promise<Result<Aim>> {
  const profiles = await readProfiles(system);
  if (!profiles.ok) return profiles;
  const written = portText === undefined ? undefined : { text: portText, place: placeOf(portText) };
  const port = written === undefined ? ok(undefined) : parsePort(written);
  if (!port.ok) return port;
  const choice =
    name === undefined && port.value !== undefined
      ? doorAt(profiles.value, host, port.value)
      : chooseDoor(profiles.value, host, name);
  if (!choice.ok) return choice;
  const { door } = choice.value;
  const [first] = portsOf(door);
  const aim = port.value ?? first;
  if (aim !== undefined) return ok({ ...choice.value, port: aim });
  return fail({
    code: "no-tcp",
    severity: "error",
    what: `the door ${door.name} protects no TCP port, and there is nothing to connect to`,
    fix: "knock with `postern knock`, and start the client of the service",
  });
}
