export { ownPartOf, parseListing, type TableListing } from "./listing.ts";
export { TABLE } from "./names.ts";
export { printListed, printListedAnew, printListedFile, printNftables } from "./print.ts";
export { printAdoption, printForget, printForgetAll, printRemember } from "./print-elements.ts";
export { printAdmission, printDelete, printSeen, printTags } from "./print-signed.ts";
export { printFlushed, printTokenChange } from "./print-tokens.ts";
export { staleBeside, staleIn } from "./stale.ts";
