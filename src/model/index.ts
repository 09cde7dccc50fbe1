export {
  holdsGrant,
  isBanned,
  passes,
  type Reason,
  reasonFor,
  spendsTokenFor,
  stageOf,
} from "./meaning.ts";
export type { Packet, TcpFlag } from "./packet.ts";
export { type Past, pastOf } from "./past.ts";
export type { Event, Story } from "./story.ts";
export { doorOf } from "./traffic.ts";
