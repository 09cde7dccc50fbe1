/** One change to the gate at a time. */
import { type Host, lockPath } from "../../host/index.ts";
import { fail, type Problem, type Result } from "../../problem/problem.ts";
import type { Keep } from "./keep.ts";
import { isWho, printWho, whoAmI } from "./who.ts";

const HOLDER = "holder.json";

/**
 * Does `work` while nobody else changes the gate. Where the lock cannot be made, as on a full
 * disk, it is done all the same: an administrator must be able to shut a door.
 *
 * @param waitSeconds how long it may take others to be done.
 */
export async function whileLocked<T>(
  host: Host,
  keep: Keep,
  doing: string,
  work: () => Promise<Result<T>>,
  waitSeconds = 0,
): Promise<Result<T>> {
  const checked = await keep.check();
  if (!checked.ok) return checked;
  await host.writeNew(keep.lock, "");
  const lock = await lockPath(host, keep.lock, { waitSeconds });
  if (lock === undefined) return fail(await busy(keep));
  await keep.write(HOLDER, await whoAmI(host, doing));
  try {
    return await work();
  } finally {
    await keep.forget(HOLDER);
    await lock.release();
  }
}

async function busy(keep: Keep): Promise<Problem> {
  const who = await keep.read(HOLDER, isWho);
  return {
    code: "gate-busy",
    severity: "error",
    what: `${who === undefined ? "somebody else" : printWho(who)} is changing the gate`,
    fix: "try again when that is done",
  };
}
