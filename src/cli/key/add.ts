import { addKey } from "../../gate/index.ts";
import type { DoorName } from "../../policy/policy.ts";
import { parseDoorName } from "../../policy/value/name.ts";
import { part } from "../../policy/value/written.ts";
import { ok, type Result } from "../../problem/problem.ts";
import { type Command, refuse } from "../command.ts";
import { placeOf, policyFileOf } from "../reading.ts";
import { readClientName, tellInKernel } from "./client.ts";

export const keyAdd: Command = {
  name: "key add",
  summary: "make a key for a client, with which it opens doors by one-time tokens",
  arguments: [["<name>", "the client's name, such as ana-phone"]],
  options: [["--doors <names>", "only these doors, as ssh,web (default: all that take tokens)"]],
  async run({ arguments: [text = ""], options }, world) {
    const name = readClientName(text);
    const doors = readDoors(options["doors"]);
    if (!name.ok) return refuse(world, name.problems);
    if (!doors.ok) return refuse(world, doors.problems);
    const file = policyFileOf(world.host, undefined);
    const added = await addKey(world.host, file, name.value, doors.value);
    if (!added.ok) return refuse(world, added.problems);
    world.stdout(
      `made a key for ${name.value}: \`postern key show ${name.value}\` is what it needs\n`,
    );
    return tellInKernel(world, added.value);
  },
};

function readDoors(text: string | boolean | undefined): Result<readonly DoorName[] | undefined> {
  if (typeof text !== "string") return ok(undefined);
  const written = { text, place: placeOf(text) };
  const doors: DoorName[] = [];
  let start = 0;
  for (const name of text.split(",")) {
    const door = parseDoorName(part(written, start, start + name.length));
    if (!door.ok) return door;
    doors.push(door.value);
    start += name.length + 1;
  }
  return ok([...new Set(doors)]);
}
