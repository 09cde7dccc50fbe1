export { compilePolicy, fingerprintOf, type Memory } from "./compile.ts";
export { type Endpoint, ESTABLISHED_SECONDS, type Surroundings } from "./doorway.ts";
export { CANDIDATES } from "./signed.ts";
