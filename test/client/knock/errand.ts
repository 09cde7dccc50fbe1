/** A knock in virtual time, from the policy of the gate. */
import {
  chooseMeans,
  clientDoorsOf,
  type Errand,
  knock,
  type Outcome,
  planOf,
  type Sight,
  type Via,
} from "../../../src/client/index.ts";
import type { HostName, Policy } from "../../../src/policy/policy.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";
import type { FakeNetwork } from "../fake-network.ts";
import { KEY } from "../token-gate.ts";

/** The policy of a door that protects tcp/22, with these steps; `keys` are more of the policy's. */
export function withSteps(
  steps: string,
  { keys = "", ofDoor = "", within = "10s" }: Readonly<Record<string, string>> = {},
): Policy {
  return policyOf(
    `{ ${keys}doors: { ssh: { protects: tcp/22, ${ofDoor}sequence: { steps: [${steps}], within: ${within} } } } }`,
  );
}

/** The policy of a door that protects tcp/22, with these carriers. */
export function withCarriers(carriers: string, { ofDoor = "" } = {}): Policy {
  return policyOf(
    `{ doors: { ssh: { protects: tcp/22, ${ofDoor}token: { carriers: [${carriers}] } } } }`,
  );
}

type Different = Partial<Errand> & { readonly via?: Via };

/** Who knocks at the first door of a policy, as `postern knock` does, and keeps the connection. */
export function errandTo(policy: Policy, { via, ...different }: Different = {}): Errand {
  const [door] = clientDoorsOf(policy);
  if (door === undefined) throw new Error("errandTo: a policy without a door to knock at");
  return {
    host: "gate.example.org" as HostName,
    ...planOf(door, { wait: true }),
    isLook: false,
    family: undefined,
    key: door.token === undefined ? undefined : KEY,
    signing: undefined,
    means: sure(chooseMeans(door, via)),
    watch: () => undefined,
    tell: () => undefined,
    ...different,
  };
}

/** Runs a knock to its end. */
export function knockIn(
  network: FakeNetwork,
  policy: Policy,
  different: Different = {},
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
