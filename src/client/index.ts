export { type AddressOutcome, type Errand, knock, type Outcome } from "./knock/knock.ts";
export { chooseMeans, type Means, VIAS, type Via } from "./knock/means.ts";
export { planOf, portsOf } from "./knock/plan.ts";
export { SEQUENCE, type SignedAs } from "./knock/tries.ts";
export type { Sight } from "./knock/way.ts";
export type { Finding } from "./probe/judge.ts";
export type { Kind, Sighting } from "./probe/observe.ts";
export {
  type AddressProbe,
  type Probe,
  type ProbeErrand,
  probe,
  type Stage,
  type Verdict,
} from "./probe/probe.ts";
export { bracketed, type Choice, chooseDoor, doorAt } from "./profile/choose.ts";
export { parseProfile } from "./profile/enrolment.ts";
export { printExport } from "./profile/print.ts";
export {
  type ClientDoor,
  clientDoorOf,
  clientDoorsOf,
  type Profile,
  type Profiles,
} from "./profile/profiles.ts";
export {
  addProfile,
  type Kept,
  keepSealingKey,
  noProfile,
  readProfiles,
  removeHost,
} from "./profile/store.ts";
export { type Bind, parseBind } from "./signed/bind.ts";
export { type Prepared, prepareSigning, type Wishes } from "./signed/prepare.ts";
export type { Signing } from "./signed/signer.ts";
export { ASKING } from "./signed/ssh-settings.ts";
