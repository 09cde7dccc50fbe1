/** The codes of all problems that scanners make of a policy; scripts may rely on them. */
export const CHECK_CODES = ["opened-by-scan", "easily-guessed", "no-way-in"] as const;

export type CheckCode = (typeof CHECK_CODES)[number];
