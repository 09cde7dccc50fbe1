import { type ClientDoor, clientDoorOf } from "../../client/index.ts";
import type { Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { readPolicyDoor } from "../reading.ts";

/**
 * What clients need to know of the sequence of a door of a policy file; without a path of that of
 * this host. Its tokens are of no use without a key.
 */
export async function readClientDoor(
  host: Host,
  name: string,
  path: string | undefined,
): Promise<Result<ClientDoor>> {
  const door = await readPolicyDoor(host, name, path);
  if (!door.ok) return door;
  const forClients = clientDoorOf(door.value);
  if (forClients?.sequence !== undefined) {
    return ok({ ...forClients, token: undefined, signed: undefined });
  }
  if (forClients !== undefined) return fail(opensOtherwise(forClients));
  return fail({
    code: "nothing-to-knock",
    severity: "error",
    what: `the door ${name} has no sequence, and there is nothing to knock`,
    fix: "give it a `sequence` in the policy, or open it with `postern open`",
  });
}

/** Where a sequence is asked for. */
export function opensOtherwise({ name, token }: Pick<ClientDoor, "name" | "token">): Problem {
  const [ways, command] =
    token === undefined ? ["signed knocks", "agent key"] : ["tokens", "key show NAME"];
  return {
    code: "nothing-to-knock",
    severity: "error",
    what: `the door ${name} has no sequence: it opens with ${ways}`,
    fix: `\`postern ${command}\` on its host prints what a client needs for those`,
  };
}
