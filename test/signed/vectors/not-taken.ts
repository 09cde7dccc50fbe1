/** Messages that are none of somebody who may, or not now. */
import type { Plan } from "./plan.ts";

const DOOR = ["door ssh", "carriers ping"];

export const NOT_ALLOWED: Readonly<Record<string, Plan>> = {
  "time-too-old": { note: "60.001 seconds old", result: "time", lateMs: -60_001 },
  "time-too-new": { note: "60.001 seconds ahead", result: "time", lateMs: 60_001 },
  "time-zero": { note: "a knock of 1970", result: "time", timeHex: "0000000000000000" },
  "time-highest": {
    note: "the highest time there is",
    result: "time",
    timeHex: "ffffffffffffffff",
  },
  "door-unknown": { note: "a door that the server has not", result: "door", door: "web" },
  "signer-unknown": {
    note: "a key that is in no line",
    result: "signer",
    key: "stranger",
    known: "ed25519",
  },
  "signer-none": { note: "a door whose file is empty", result: "signer", server: DOOR },
  "signer-authority": {
    note: "a line for certificates is none for keys",
    result: "signer",
    server: [...DOOR, "signers ana cert-authority KEY"],
  },
  "validity-over": {
    note: "valid-before was the second before",
    result: "validity",
    server: [...DOOR, 'signers ana valid-before="20251124155959Z" KEY'],
  },
  "validity-yet-to-come": {
    note: "valid-after is the next second",
    result: "validity",
    server: [...DOOR, 'signers ana valid-after="20251124160001Z" KEY'],
  },
  "namespace-of-git": {
    note: "a key that may sign for git alone",
    result: "namespace",
    server: [...DOOR, 'signers ana namespaces="git" KEY'],
  },
  "namespace-negated": {
    note: "a key that may sign for all but knocks",
    result: "namespace",
    server: [...DOOR, 'signers ana namespaces="*,!postern-knock" KEY'],
  },
  "client-of-another-door": {
    note: "the door takes others",
    result: "client",
    server: [...DOOR, "clients bob dora", "signers ana KEY"],
  },
  "client-negated": {
    note: "the door takes ana, and the line is for all but her",
    result: "client",
    server: [...DOOR, "clients ana", "signers *,!ana KEY"],
  },
  "carrier-of-another-door": {
    note: "the door takes knocks by UDP, and this is a ping",
    result: "carrier",
    server: ["door ssh", "carriers udp/62201", "signers ana KEY"],
  },
};
