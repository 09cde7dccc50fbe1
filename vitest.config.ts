import { defineConfig } from "vitest/config";
import { kernelObstacle } from "./test/setup/obstacle.ts";

const obstacle = kernelObstacle();

export default defineConfig({
  test: {
    reporters: ["default", "./test/setup/tally.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/kernel/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "kernel",
          include: ["test/kernel/**/*.test.ts"],
          // Stories take real time: side by side on two processors they would be late.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: ["./test/setup/say-obstacle.ts"],
          // A name that no test has, so that each is counted as skipped.
          ...(obstacle === undefined ? {} : { testNamePattern: /(?!)/ }),
        },
      },
    ],
  },
});
