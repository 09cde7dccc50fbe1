/** The host of a network namespace as the code under test knows a host. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { parseListing, staleIn } from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import { readAround } from "../../src/gate/around.ts";
import { applyPolicy, readStatus } from "../../src/gate/index.ts";
import { readBoundSockets } from "../../src/gate/sockets.ts";
import { type Host as GateHost, system } from "../../src/host/index.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";
import type { Host } from "./host.ts";
import { inNamespace } from "./namespace.ts";

export function liveHost({ run, namespace, runFolder }: Host): GateHost {
  const ownNamespace = `net:[${statSync(`/run/netns/${namespace}`).ino}]`;
  return {
    ...system,
    run: (argv, { stdin } = {}) =>
      isOfAnotherTest(argv, namespace)
        ? Promise.resolve(GONE)
        : run(argv, { ...(stdin === undefined ? {} : { stdin: `${stdin}` }), mayFail: true }),
    start: (argv) => inNamespace(namespace, () => system.start(argv)),
    startApart: (argv) => inNamespace(namespace, () => system.startApart(argv)),
    environment: (name) => (name === "POSTERN_RUN_DIR" ? runFolder : system.environment(name)),
    readLink: async (path) =>
      path === "/proc/self/ns/net" ? ownNamespace : await system.readLink(path),
    readKernelFile: async (path) => {
      // Of the network alone /proc shows each namespace its own.
      if (!/^\/proc\/(sys\/)?net\//.test(path)) return await system.readKernelFile(path);
      return inNamespace(namespace, () =>
        existsSync(path) ? readFileSync(path, "utf8") : undefined,
      );
    },
  };
}

const GONE = { status: 1, stdout: "", stderr: "" };

/** Hosts of tests that run meanwhile are no containers of this one, and go at any moment. */
function isOfAnotherTest([program, path = ""]: readonly string[], namespace: string): boolean {
  const network = namespace.replace(/[^-]+$/, "");
  return program === "nsenter" && path.includes("/run/netns/") && !path.includes(`/${network}`);
}

export async function applyTo(host: GateHost, policyText: string): Promise<void> {
  sure(await applyPolicy(host, policyOf(policyText)));
}

/** How many members each set of sources has; those with none are left out. */
export async function membersOn(host: GateHost): Promise<Record<string, number>> {
  const { sets } = sure(await readStatus(host));
  const held = sets.filter(
    ({ name, members }) =>
      members > 0 && !/_(flows|closing|opening|answered|begun)[46]$/.test(name),
  );
  return Object.fromEntries(held.map(({ name, members }) => [name, members]));
}

/** What the table of the gate has that the policy does not ask for on this host. */
export async function staleOn(host: Host, policyText: string): Promise<string[]> {
  const { stdout } = await host.run(["nft", "--json", "list", "table", "inet", "postern"]);
  const [live, policy] = [liveHost(host), policyOf(policyText)];
  const around = await readAround(live, policy, await readBoundSockets(live, policy));
  return staleIn(parseListing(stdout), compilePolicy(policy, around));
}
