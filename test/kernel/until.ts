import { setTimeout as pause } from "node:timers/promises";

/** Looks every 10 ms until the condition holds; throws, naming it, when it never does. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutSeconds = 30,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutSeconds * 1000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${timeoutSeconds} s for ${what}`);
    await pause(10);
  }
}
