/** The host of a network namespace as the code under test knows a host. */
import { parseListing, staleIn } from "../../src/backend/nftables/index.ts";
import { applyPolicy, readStatus } from "../../src/gate/index.ts";
import { type Host as GateHost, system } from "../../src/host/index.ts";
import { policyOf, programOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import type { Host } from "./host.ts";

export function liveHost({ run, namespace, runFolder }: Host): GateHost {
  const there = (argv: readonly string[]) => ["ip", "netns", "exec", namespace, ...argv];
  return {
    ...system,
    run: (argv, options) => run(argv, { ...options, mayFail: true }),
    start: (argv) => system.start(there(argv)),
    startApart: (argv) => system.startApart(there(argv)),
    environment: (name) => (name === "POSTERN_RUN_DIR" ? runFolder : system.environment(name)),
    readLink: async (path) => {
      const { stdout } = await run(["readlink", path], { mayFail: true });
      return stdout.trim();
    },
    // What /proc shows depends on the namespace.
    readKernelFile: async (path) => {
      const { status, stdout } = await run(["cat", path], { mayFail: true });
      return status === 0 ? stdout : undefined;
    },
  };
}

export async function applyTo(host: GateHost, policyText: string): Promise<void> {
  sure(await applyPolicy(host, policyOf(policyText)));
}

/** How many members each set of sources has; those with none are left out. */
export async function membersOn(host: GateHost): Promise<Record<string, number>> {
  const { sets } = sure(await readStatus(host));
  const held = sets.filter(
    ({ name, members }) => members > 0 && !/^(flows|closing|syns)/.test(name),
  );
  return Object.fromEntries(held.map(({ name, members }) => [name, members]));
}

/** What the table of the gate has that the policy does not ask for. */
export async function staleOn({ run }: Host, policyText: string): Promise<string[]> {
  const { stdout } = await run(["nft", "--json", "list", "table", "inet", "postern"]);
  return staleIn(parseListing(stdout), programOf(policyText));
}
