export { digest } from "./digest.ts";
export { SIGNED_LOG_GROUP, SIGNED_PACKETS_A_SECOND, SIGNED_SNAP_BYTES } from "./handed.ts";
export {
  emptyState,
  forget,
  hexOf,
  type Met,
  membersAt,
  type Outcome,
  type Run,
  remember,
  runAnswer,
  runPacket,
  type State,
  sourceKey,
  tracePacket,
} from "./interpreter.ts";
export type * from "./program.ts";
