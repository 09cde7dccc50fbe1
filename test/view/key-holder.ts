/** Somebody who has a key, for tests of what is printed for them. */
import type { ClientName, HostName, Secret } from "../../src/policy/policy.ts";
import type { Holder } from "../../src/view/key/holder.ts";
import { policyOf } from "../setup/policy.ts";

/** Of the doors of a policy, as text. */
export function holderOf(doors: string, host = "gate.example.org"): Holder {
  return {
    client: "ana-phone" as ClientName,
    key: Buffer.from([...new Array(32).keys()]).toString("base64url") as Secret,
    host: host as HostName,
    doors: policyOf(doors).doors,
  };
}
