export { type Listing, type LiveMember, type LiveSet, parseListing } from "./listing.ts";
export { TABLE } from "./names.ts";
export { printNftables } from "./print.ts";
export {
  type Connection,
  printAdoption,
  printForget,
  printForgetAll,
  printRemember,
} from "./print-elements.ts";
export { staleIn } from "./stale.ts";
