export { type Clock, clockAt } from "./clock.ts";
export { LIMIT_CODES, type LimitCode, limitsOf } from "./limits.ts";
export {
  countedIn,
  gapIn,
  isOfOthers,
  listingOf,
  membersOf,
  parseSaved,
  parseSeen,
  type Recent,
  type Saved,
  type SavedList,
  type Seen,
} from "./listing.ts";
export { BY_HAND_SECONDS, type Lasting, listsOf } from "./lists.ts";
export { CLOCK, logNames } from "./names.ts";
export { printRules } from "./print.ts";
export { printSavedScript, printScript } from "./script.ts";
export { printTransaction, savedRules } from "./transaction.ts";
export { nameFor, withList } from "./with-list.ts";
