import { defineConfig } from "vitest/config";
import { kernelObstacle } from "./test/setup/obstacle.ts";

const obstacle = kernelObstacle();

/**
 * Tests that lead commands on hosts of their own, and wait for what comes of it however late it
 * is: two files at a time.
 */
const UNHURRIED = [
  ...["check", "check-host", "command", "confirm", "explain", "from-iptables", "full-disk"],
  ...["golden", "hand", "init", "iptables", "iptables-limits", "kills", "knock", "recipes"],
  ...["rough-ways", "script", "snapshot", "ssh", "ssh-ends", "ssh-transfers"],
].map((name) => `test/kernel/${name}.test.ts`);

const inKernel = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  globalSetup: ["./test/setup/say-obstacle.ts"],
  // A name that no test has, so that each is counted as skipped.
  ...(obstacle === undefined ? {} : { testNamePattern: /(?!)/ }),
};

export default defineConfig({
  test: {
    reporters: ["default", "./test/setup/tally.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/kernel/**"],
          testTimeout: 90_000,
        },
      },
      {
        test: {
          ...inKernel,
          name: "kernel",
          include: ["test/kernel/**/*.test.ts"],
          exclude: UNHURRIED,
          // Stories take real time: side by side on two processors they would be late.
          fileParallelism: false,
        },
      },
      {
        test: { ...inKernel, name: "hosts", include: UNHURRIED, maxWorkers: 2 },
      },
    ],
  },
});
