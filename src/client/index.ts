export { type AddressOutcome, type Errand, knock, type Outcome } from "./knock/knock.ts";
export type { Protocol } from "./knock/packet.ts";
export { planOf, portsOf } from "./knock/plan.ts";
export type { Sight } from "./knock/way.ts";
export { bracketed, chooseDoor, doorAt } from "./profile/choose.ts";
export { printExport } from "./profile/print.ts";
export { type ClientDoor, clientDoorOf, clientDoorsOf, type Profiles } from "./profile/profiles.ts";
export { addDoors, noProfile, readProfiles, removeHost } from "./profile/store.ts";
