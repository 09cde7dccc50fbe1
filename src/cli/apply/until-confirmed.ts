/** Counts down at a terminal until a gate is confirmed or rolled back. */
import { awaitEnd } from "../../gate/index.ts";
import { FOR_GOOD } from "../../view/applied.ts";
import { EXIT, type Exit, type World } from "../command.ts";

/** `pending` tells which wait. Nothing but the looking on depends on it. */
export async function untilConfirmed(world: World, pending: string): Promise<Exit> {
  const end = await countDown(world, pending);
  if (end === "confirmed") {
    world.stdout(`${FOR_GOOD}\n`);
    return EXIT.ok;
  }
  world.stderr(`postern: ${end === undefined ? STILL : ENDS[end]}\n`);
  return EXIT.refused;
}

/** How the wait ended; undefined after Ctrl-C, when nobody looks any longer. */
async function countDown({ host, asker, stderr }: World, pending: string) {
  let isInterrupted = false;
  const stop = () => {
    isInterrupted = true;
  };
  host.interruption().then(stop, stop);
  // Where stderr is a file, nobody would see the seconds go.
  const show = asker === undefined ? () => undefined : stderr;
  const end = await awaitEnd(host, pending, (left) => {
    show(`\r${left} s left `);
    return !isInterrupted;
  });
  show(`\r${" ".repeat(20)}\r`);
  return end;
}

const STILL =
  "the time runs on: `postern status` says how long, and `postern confirm` keeps the gate";

const ENDS = {
  undone: "not confirmed: the previous gate has been restored",
  "rolled back": "somebody has rolled back to the previous gate",
  removed: "somebody has removed the gate",
  "not loaded": "the gate was not loaded",
} as const;
