/** The codes of all problems that a policy has by itself; scripts may rely on them. */
export const CHECK_CODES = [
  "opened-by-scan",
  "predictable-steps",
  "easily-guessed",
  "no-way-in",
  "short-lookahead",
] as const;

export type CheckCode = (typeof CHECK_CODES)[number];
