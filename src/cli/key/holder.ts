/** What the commands share that print something to knock with, for somebody who has a key. */
import { readClient } from "../../gate/index.ts";
import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { Holder, TokenDoor } from "../../view/key/holder.ts";
import type { Given, World } from "../command.ts";
import { readPlacedPolicy } from "../reading.ts";
import { readHostName } from "../target.ts";
import { readClientName } from "./client.ts";
import { doorsFor } from "./show.ts";

export const HOLDER_ARGUMENTS = [
  ["<name>", "the client's name"],
  ["[policy]", "policy file (default: /etc/postern/policy.yaml)"],
] as const;

export const HOST_OPTION = [
  "--host <name>",
  "what this host is called where it will be knocked at; must be given",
] as const;

export async function readHolder(
  { arguments: [text = "", file], options }: Given,
  world: World,
): Promise<Result<Holder>> {
  const name = readClientName(text);
  const host = readHost(options["host"]);
  if (!name.ok) return name;
  if (!host.ok) return host;
  const client = await readClient(world.host, name.value);
  if (!client.ok) return client;
  const placed = await readPlacedPolicy(world.host, file);
  if (!placed.ok) return placed;
  const { key } = client.value;
  const doors = doorsFor(key, placed.value.policy.doors);
  if (!doors.ok) return doors;
  return ok({ client: name.value, key: key.secret, host: host.value, doors: doors.value });
}

function readHost(text: string | boolean | undefined): Result<HostName> {
  if (typeof text === "string") return readHostName(text);
  return fail({
    code: "no-host",
    severity: "error",
    what: "nothing says at which host to knock",
    fix: "add --host NAME, with its name or address where it will be knocked at",
  });
}

/** Some doors can be opened so; none is a problem. */
export function checkDoors(
  { doors }: Holder,
  able: readonly TokenDoor[],
  { of, fix }: { readonly of: string; readonly fix: string },
): Result<undefined> {
  if (able.length > 0) return ok(undefined);
  const names = doors.map(({ name }) => name).join(", ");
  return fail({
    code: "nothing-to-open",
    severity: "error",
    what: `${of} can send none of the carriers of ${names}`,
    fix,
  });
}

/** Whom to give it to, and what it leaves out. */
export function tellOf(world: World, { doors }: Holder, able: readonly TokenDoor[]): void {
  const names = able.map(({ name }) => name);
  const left = doors.flatMap(({ name }) => (names.includes(name) ? [] : [name]));
  if (left.length > 0) world.stderr(`postern: left out, as it cannot: ${left.join(", ")}\n`);
  world.stderr(
    `postern: whoever has this can open ${names.join(", ")}: keep it from others, and give each device a key of its own\n`,
  );
}
