export { type Applied, applyPolicy, removeGate } from "./apply.ts";
export { isBeyondHost } from "./check/carriers.ts";
export { HOST_CODES, type HostCode } from "./check/codes.ts";
export { checkGate, type GateCheck } from "./check.ts";
export { confirmGate } from "./confirm.ts";
export {
  type Attempt,
  type DoorExplanation,
  type Explanation,
  readExplanation,
  type SignedWay,
  type Visit,
} from "./explain/index.ts";
export { DEFAULT_HOME, homeOf } from "./home.ts";
export { UNDO_COMMAND } from "./keep/arm.ts";
export type { PolicyText } from "./keep/policies.ts";
export { addKey, type InKernel, revokeKey, rotateKey } from "./keys/change.ts";
export { type Client, type Keys, readClient, readKeys } from "./keys/store.ts";
export { type LiveGate, readLiveGate } from "./live-policy.ts";
export { banSource, closeDoor, openDoor, unbanSource } from "./noted.ts";
export { isAboutHost } from "./obstacle.ts";
export { backendsFor, type Picked, pickBackend } from "./pick.ts";
export { isRemote } from "./remote.ts";
export { isEmptied, type KnownGate, readKnownGate, restoreGate } from "./restore.ts";
export { awaitEnd, rollback, undoUnlessConfirmed } from "./rollback.ts";
export { findSession, type Session } from "./session.ts";
export {
  admitAll,
  readSignedGate,
  type SeenKnock,
  type SignedGateNow,
  seenKnocks,
} from "./signed/admit.ts";
export { signersFilesOf } from "./signed/doors.ts";
export { type AgentCounts, type AgentNote, noteAgent } from "./signed/note.ts";
export { readSealingKey } from "./signed/sealing-key.ts";
export { addTags, TAGS_EVERY_SECONDS } from "./signed/tags.ts";
export { findGate, usableBackends } from "./standing.ts";
export {
  type DoorStatus,
  type KnockStatus,
  readStatus,
  type Status,
  type TokenStatus,
} from "./status.ts";
export type { Knock } from "./tokens/knocks.ts";
export type { Refilled } from "./tokens/refill.ts";
export { refillGate } from "./tokens/standing.ts";
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
