export type { Finished, Host, Running } from "./host.ts";
export { system } from "./system.ts";
