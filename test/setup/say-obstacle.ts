import { kernelObstacle } from "./obstacle.ts";

/** Run by vitest once, before the kernel tests. */
export function setup(): void {
  const obstacle = kernelObstacle();
  if (obstacle !== undefined) {
    process.stderr.write(`\nEVERY KERNEL TEST IS SKIPPED: ${obstacle}\n\n`);
  }
}
