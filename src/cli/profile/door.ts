import { type ClientDoor, clientDoorOf } from "../../client/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import { readPolicyDoor } from "../reading.ts";

/** What clients need to know of a door of a policy file; without a path of that of this host. */
export async function readClientDoor(
  host: Host,
  name: string,
  path: string | undefined,
): Promise<Result<ClientDoor>> {
  const door = await readPolicyDoor(host, name, path);
  if (!door.ok) return door;
  const forClients = clientDoorOf(door.value);
  if (forClients !== undefined) return ok(forClients);
  return fail({
    code: "nothing-to-knock",
    severity: "error",
    what: `the door ${name} has no sequence, and there is nothing to knock`,
    fix: "give it a `sequence` in the policy, or open it with `postern open`",
  });
}
