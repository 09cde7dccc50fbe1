export { type Label, labelOf, parseLabel, printLabel } from "./labels.ts";
export { TABLE } from "./names.ts";
export { printNftables } from "./print.ts";
