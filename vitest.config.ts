import { defineConfig } from "vitest/config";
import { kernelObstacle } from "./test/setup/obstacle.ts";

const obstacle = kernelObstacle();

/**
 * Tests on which it is the clock of real packets that judges, or that send as many as the machine
 * can: side by side on two processors they would be late.
 */
const HURRIED = [
  ...[
    "capacity",
    "harness",
    "log",
    "odd-packets",
    "reload",
    "scenarios",
    "single-use",
    "stories",
    "tokens",
  ],
].map((name) => `test/kernel/${name}.test.ts`);

const inKernel = {
  isolate: false,
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
          // Most of them take less time than loading what they test: it is loaded once a worker.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...inKernel,
          name: "kernel",
          include: HURRIED,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...inKernel,
          name: "hosts",
          include: ["test/kernel/**/*.test.ts"],
          exclude: HURRIED,
          // Commands on hosts of their own, of which much is waiting: for a door to shut, for no
          // answer, for what comes of a command however late it is.
          maxWorkers: 3,
        },
      },
    ],
  },
});
