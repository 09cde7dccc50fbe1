export type { Answer, Sent } from "./answer.ts";
export type { Finished, Host, Running, RunOptions } from "./host.ts";
export { isOverLimit, LimitExceeded, withinLimits } from "./limits.ts";
export { type Lock, lockPath } from "./lock.ts";
export type { Connecting, Destination, Network, Source } from "./network.ts";
export type { Echo } from "./ping.ts";
export type { Flag } from "./segment.ts";
export type { Socket, Sockets } from "./sockets.ts";
export { system } from "./system.ts";
