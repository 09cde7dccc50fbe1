export { compilePolicy } from "./compile.ts";
