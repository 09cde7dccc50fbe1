export type { Attempt } from "./attempt.ts";
export {
  type DoorExplanation,
  type Explanation,
  explainSource,
  type SignedWay,
} from "./explain.ts";
export { readExplanation } from "./read.ts";
export type { Visit } from "./visit.ts";
