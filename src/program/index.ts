export { digest } from "./digest.ts";
export {
  emptyState,
  forget,
  type Met,
  membersAt,
  type Outcome,
  type Run,
  remember,
  runPacket,
  type State,
  sourceKey,
  tracePacket,
} from "./interpreter.ts";
export type * from "./program.ts";
