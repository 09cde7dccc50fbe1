export {
  type Happening,
  happeningsOf,
  shapeOf,
  type WhyPassed,
  type WhyRefused,
} from "./happening.ts";
export { linksOf } from "./link.ts";
export type { TracedPacket } from "./monitor.ts";
export { isOfFlow, type Seen } from "./narrator.ts";
export { type LeftOut, MOST_PACKETS_A_SECOND, MOST_SEGMENTS_A_SECOND } from "./table.ts";
export { type Tell, type TraceEnd, type TraceEvent, traceSource } from "./trace.ts";
