export { checkPolicy, type Findings } from "./check.ts";
export { CHECK_CODES, type CheckCode } from "./codes.ts";
export { type DoorReport, judgeDoor, type OpenedBy } from "./door.ts";
export type { Remedy } from "./remedy.ts";
export { type CommonPorts, type Known, parseServices } from "./services.ts";
export type { CarrierReport, TokenReport } from "./token.ts";
