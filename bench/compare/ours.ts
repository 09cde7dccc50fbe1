/** Postern, on each backend. */
import { printAddress } from "../../src/policy/address.ts";
import { type Holder, hold, NFTABLES } from "../../test/kernel/holders.ts";
import { sure } from "../../test/setup/sure.ts";
import { makeHosts, PROTECTED_PORT, type Site } from "../lab/site.ts";
import { firstStepsAt, STEPS, stepsWay, TOKEN_PORT, tokenWay } from "../lab/ways.ts";
import { emptyLists } from "./recent.ts";
import { type Maker, SECONDS } from "./system.ts";

function doorOf(name: string, port: number, steps: readonly number[], more = ""): string {
  const sequence = `sequence: { steps: [${steps.join(", ")}], within: ${SECONDS}s }`;
  return `  ${name}: { protects: tcp/${port}, open-for: ${SECONDS}s, ${sequence}${more} }\n`;
}

export function sequencePolicy(): string {
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS)}`;
}

export function tokenPolicy(): string {
  const token = `, token: { carriers: [ping, udp/${TOKEN_PORT}], clients: 1 }`;
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS, token)}`;
}

/** The door of the others, and 49 more, each with a watch range of its own. */
export function manyDoorsPolicy(): string {
  const others = Array.from({ length: 49 }, (_, n) =>
    doorOf(
      `door-${n}`,
      2000 + 7 * n,
      [20_001, 20_021, 20_041].map((step) => step + 60 * n),
    ),
  );
  return `doors:\n${doorOf("ssh", PROTECTED_PORT, STEPS)}${others.join("")}`;
}

/** Puts a policy to work. Tokens are tried where it has some. */
export const postern =
  (holder: Holder, policy: string): Maker =>
  async (name) => {
    const network = await makeHosts();
    const { server } = network;
    await hold(holder, server, policy);
    const site: Site = {
      ...{ name, network, daemon: undefined },
      letIn: async () => {
        const listing = sure(await holder.backend.read(holder.on(server), { members: true }));
        const grants = listing?.sets.filter(({ label }) => label.role.kind === "grants") ?? [];
        const members = grants.flatMap((set) => set.members);
        return new Set(
          members.flatMap(({ source }) => (source === undefined ? [] : [printAddress(source)])),
        );
      },
      shut: async () => {
        if (holder === NFTABLES) {
          await server.run(["nft", "flush", "set", "inet", "postern", "ssh_grants4"]);
        } else {
          emptyLists(server, /^postern-ssh_grants4-/);
        }
      },
    };
    const hasTokens = policy.includes("token:");
    const bySteps = stepsWay(site, hasTokens ? `${name}: steps` : name);
    return {
      ...site,
      ways: hasTokens ? [bySteps, tokenWay(site, `${name}: token`)] : [bySteps],
      ...{ beginnings: firstStepsAt(site), reload: () => hold(holder, server, policy) },
    };
  };
