import { setTimeout as pause } from "node:timers/promises";

/**
 * Looks until the condition holds, again and again; throws, naming it, when it never does. A look
 * that takes long, such as at what a program prints, is taken less often, so that waiting leaves
 * most of the machine to what is waited for.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutSeconds = 30,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutSeconds * 1000;
  while (true) {
    const looked = performance.now();
    if (await holds()) return;
    const now = performance.now();
    if (now > giveUpAt) throw new Error(`waited ${timeoutSeconds} s for ${what}`);
    await pause(Math.min(200, 10 + 4 * (now - looked)));
  }
}
