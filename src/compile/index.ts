export { compilePolicy, fingerprintOf } from "./compile.ts";
export { type Endpoint, ESTABLISHED_SECONDS } from "./shared.ts";
