/** A knock in virtual time, from the policy of the gate. */
import {
  clientDoorsOf,
  type Errand,
  knock,
  type Outcome,
  planOf,
  type Sight,
} from "../../../src/client/index.ts";
import type { HostName, Policy } from "../../../src/policy/policy.ts";
import { policyOf } from "../../setup/policy.ts";
import type { FakeNetwork } from "../fake-network.ts";

/** The policy of a door that protects tcp/22, with these steps; `keys` are more of the policy's. */
export function withSteps(
  steps: string,
  { keys = "", ofDoor = "", within = "10s" }: Readonly<Record<string, string>> = {},
): Policy {
  return policyOf(
    `{ ${keys}doors: { ssh: { protects: tcp/22, ${ofDoor}sequence: { steps: [${steps}], within: ${within} } } } }`,
  );
}

/** Who knocks at the first door of a policy, as `postern knock` does. */
export function errandTo(policy: Policy, different: Partial<Errand> = {}): Errand {
  const [door] = clientDoorsOf(policy);
  if (door === undefined) throw new Error("errandTo: a policy without a door to knock at");
  return {
    host: "gate.example.org" as HostName,
    ...planOf(door, { wait: true }),
    family: undefined,
    via: undefined,
    watch: () => undefined,
    ...different,
  };
}

/** Runs a knock to its end. */
export function knockIn(
  network: FakeNetwork,
  policy: Policy,
  different: Partial<Errand> = {},
): Promise<Outcome> {
  return network.clock.run(knock(network.host, errandTo(policy, different)));
}

/** Collects what somebody who looks on sees. */
export function watching(): { readonly seen: Sight[]; readonly watch: Errand["watch"] } {
  const seen: Sight[] = [];
  return {
    seen,
    watch: (sight) => {
      seen.push(sight);
    },
  };
}
