export { type Listing, type LiveMember, type LiveSet, parseListing } from "./listing.ts";
export { TABLE } from "./names.ts";
export { printListed, printListedAnew, printNftables } from "./print.ts";
export {
  type Connection,
  printAdoption,
  printForget,
  printForgetAll,
  printRemember,
} from "./print-elements.ts";
export { staleBeside, staleIn } from "./stale.ts";
