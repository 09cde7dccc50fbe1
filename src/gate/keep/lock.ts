/**
 * One change to the gate at a time. The lock is the kernel's, on a file, held by a program that
 * ends with the one that started it: whatever kills that one, nothing stays locked.
 */
import type { Host, Running } from "../../host/index.ts";
import { fail, type Problem, type Result } from "../../problem/problem.ts";
import type { Keep } from "./keep.ts";
import { isWho, printWho, whoAmI } from "./who.ts";

const HOLDER = "holder.json";
const HELD = "held";
/** What `flock --nonblock` ends with where somebody else holds it. */
const CONFLICT = 1;

/**
 * Does `work` while nobody else changes the gate. Where the lock cannot be made, as on a full
 * disk, it is done all the same: an administrator must be able to shut a door.
 */
export async function whileLocked<T>(
  host: Host,
  keep: Keep,
  doing: string,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const checked = await keep.check();
  if (!checked.ok) return checked;
  await host.writeNew(keep.lock, "");
  const holder = host.start(["flock", "--nonblock", keep.lock, "cat"]);
  holder.write(`${HELD}\n`);
  if ((await firstLine(holder)) !== HELD && (await holder.ended) === CONFLICT) {
    return fail(await busy(keep));
  }
  await keep.write(HOLDER, await whoAmI(host, doing));
  try {
    return await work();
  } finally {
    await keep.forget(HOLDER);
    holder.closeInput();
    await holder.ended;
  }
}

async function firstLine({ lines }: Running): Promise<string | undefined> {
  for await (const line of lines) return line;
  return undefined;
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
