export { compilePolicy } from "./compile.ts";
export type { Endpoint } from "./shared.ts";
