export { checkPolicy, type Findings } from "./check.ts";
export { CHECK_CODES, type CheckCode } from "./codes.ts";
export { type DoorReport, judgeDoor } from "./door.ts";
export type { OpenedBy } from "./listed.ts";
export type { Predictable } from "./predictable.ts";
export type { Remedy } from "./remedy.ts";
export { type CommonPorts, type Known, parseServices } from "./services.ts";
export type { CarrierReport, TokenReport } from "./token.ts";
