export { compilePolicy, fingerprintOf, type Memory } from "./compile.ts";
export { type Endpoint, ESTABLISHED_SECONDS } from "./shared.ts";
export { CANDIDATES } from "./signed.ts";
