export { applyPolicy, checkBackend, removeGate } from "./apply.ts";
export { banSource, closeDoor, openDoor, unbanSource } from "./hand.ts";
export { findObstacle, isAboutHost } from "./obstacle.ts";
export { type DoorStatus, readStatus, type Status } from "./status.ts";
