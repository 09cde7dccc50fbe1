import { resolve } from "node:path";
import { readSealingKey } from "../../gate/index.ts";
import { printSealingPublicKey, printSignedEnrolment } from "../../signed/index.ts";
import { type Command, EXIT, refuse } from "../command.ts";
import { policyFileOf, readPlacedPolicy } from "../reading.ts";

export const agentKey: Command = {
  name: "agent key",
  summary: "print what a client needs to knock with its SSH key, as one line without any secret",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [],
  async run({ arguments: [file] }, world) {
    const placed = await readPlacedPolicy(world.host, file);
    if (!placed.ok) return refuse(world, placed.problems);
    const { doors } = placed.value.policy;
    if (doors.every(({ signed }) => signed === undefined)) return refuse(world, [NO_DOOR]);
    // A policy that lies elsewhere may be another host's: for that no key is made on this one.
    const make = resolve(policyFileOf(world.host, file)) === resolve(policyFileOf(world.host));
    const key = await readSealingKey(world.host, { make });
    if (!key.ok) return refuse(world, key.problems);
    const { publicKey, fingerprint } = key.value;
    const enrolment = printSignedEnrolment(publicKey, doors);
    if (enrolment === undefined) return refuse(world, [NO_DOOR]);
    world.stdout(`${enrolment}\n`);
    world.stderr(
      [
        "The line is for everybody who knocks here with an SSH key: postern profile add HOST --from FILE",
        `The sealing key alone: ${printSealingPublicKey(publicKey)}`,
        `Its fingerprint: ${fingerprint}`,
        "",
      ].join("\n"),
    );
    return EXIT.ok;
  },
};

const NO_DOOR = {
  code: "nothing-to-open",
  severity: "error",
  what: "no door of the policy opens with signed knocks",
  fix: "write `signed:` and its `carriers` into a door of the policy, and apply it",
} as const;
