export type { Finished, Host } from "./host.ts";
export { system } from "./system.ts";
