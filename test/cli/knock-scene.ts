/** Somebody with profiles, before a gate in a network in virtual time. */
import type { Host } from "../../src/host/index.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { FakeNetwork, type Site } from "../client/fake-network.ts";
import { type Answers, fakeHost } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import { posternWith, type Ran } from "./run.ts";

export const HOSTS = "/home/ann/.config/postern/hosts.yaml";

const SSH = "ssh: { protects: tcp/22, sequence: { steps: [tcp/21001, udp/24040] } }";
const ONCE =
  "once: { protects: tcp/443, open-for: 1m, single-use: true, sequence: { steps: [tcp/21002] } }";
const VPN = "vpn: { protects: udp/500, sequence: { steps: [tcp/21003] } }";

/** Of the gate that everybody here knocks at. */
export const POLICY: Policy = policyOf(`doors: { ${SSH}, ${ONCE}, ${VPN} }`);
export const PROFILES = `hosts:
  gate.example.org:
    doors: { ${SSH} }
  "2001:db8:1::1":
    doors: { ${SSH}, ${ONCE}, ${VPN} }
`;

export const ADDRESS = "203.0.113.5";

/** One who knows the hosts above, unless other files are said to be there. */
export function knockerIn(network: FakeNetwork, answers: Answers = {}): Host {
  const { monotonic, now, pause, network: packets } = network.host;
  return {
    ...fakeHost({
      environment: { HOME: "/home/ann" },
      files: { [HOSTS]: PROFILES },
      ...answers,
    }),
    ...{ monotonic, now, pause, network: packets },
  };
}

/** Runs a command line before a gate at these addresses. */
export async function knocking(
  line: string,
  sites: readonly Partial<Site>[] = [{}],
  answers: Answers = {},
): Promise<Ran & { readonly network: FakeNetwork }> {
  const network = new FakeNetwork(
    ...sites.map((site) => ({ address: ADDRESS, policy: POLICY, ...site })),
  );
  const argv = line.split(" ").filter((word) => word !== "");
  const ran = await network.clock.run(posternWith(argv, knockerIn(network, answers)));
  return { ...ran, network };
}
