export type { Finished, Host, Running } from "./host.ts";
export { type Lock, lockPath } from "./lock.ts";
export type { Answer, Connecting, Destination, Network, Sent } from "./network.ts";
export { system } from "./system.ts";
