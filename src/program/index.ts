export { digest } from "./digest.ts";
export {
  emptyState,
  forget,
  membersAt,
  type Outcome,
  type Run,
  remember,
  runPacket,
  type State,
  sourceKey,
} from "./interpreter.ts";
export type * from "./program.ts";
