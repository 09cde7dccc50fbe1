export { parseListing, type TableListing } from "./listing.ts";
export { TABLE } from "./names.ts";
export { printListed, printListedAnew, printNftables } from "./print.ts";
export { printAdoption, printForget, printForgetAll, printRemember } from "./print-elements.ts";
export { staleBeside, staleIn } from "./stale.ts";
