export { ownPartOf, parseListing, type TableListing } from "./listing.ts";
export { FRAGMENTS_TABLE, TABLE } from "./names.ts";
export {
  printListed,
  printListedAnew,
  printListedFile,
  printNftables,
  printRemoval,
} from "./print.ts";
export { printAdoption, printForget, printForgetAll, printRemember } from "./print-elements.ts";
export { printAdmission, printDelete, printSeen, printTags } from "./print-signed.ts";
export { printFlushed, printTokenChange } from "./print-tokens.ts";
export { staleBeside, staleIn } from "./stale.ts";
