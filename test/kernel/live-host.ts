/** The host of a network namespace as the code under test knows a host. */
import { type Host as GateHost, system } from "../../src/host/index.ts";
import type { Host } from "./host.ts";

export function liveHost({ run }: Host): GateHost {
  return {
    ...system,
    run: (argv, options) => run(argv, { ...options, mayFail: true }),
    start: () => {
      throw new Error("liveHost: nothing is started");
    },
    // What /proc shows depends on the namespace.
    readKernelFile: async (path) => {
      const { status, stdout } = await run(["cat", path], { mayFail: true });
      return status === 0 ? stdout : undefined;
    },
  };
}
