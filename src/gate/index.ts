export { type Applied, applyPolicy, removeGate } from "./apply.ts";
export { HOST_CODES, type HostCode } from "./check/codes.ts";
export { checkGate, type GateCheck } from "./check.ts";
export { confirmGate } from "./confirm.ts";
export {
  type Attempt,
  type DoorExplanation,
  type Explanation,
  readExplanation,
  type Visit,
} from "./explain/index.ts";
export { banSource, closeDoor, openDoor, unbanSource } from "./hand.ts";
export { UNDO_COMMAND } from "./keep/arm.ts";
export type { PolicyText } from "./keep/policies.ts";
export { type LiveGate, readLiveGate } from "./live-policy.ts";
export { isAboutHost } from "./obstacle.ts";
export { backendsFor, type Picked, pickBackend } from "./pick.ts";
export { awaitEnd, rollback, undoUnlessConfirmed } from "./rollback.ts";
export { findSession, type Session } from "./session.ts";
export { usableBackends } from "./standing.ts";
export { type DoorStatus, readStatus, type Status } from "./status.ts";
export {
  isOfFlow,
  type LeftOut,
  MOST_PACKETS_A_SECOND,
  type Seen,
  type TracedPacket,
  type TraceEnd,
  type TraceEvent,
  traceSource,
} from "./trace/index.ts";
