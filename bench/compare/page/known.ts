/** Names in the results that mean something to the page. */
import type { KindName } from "../injection.ts";
import type { Name } from "../systems.ts";

export const ORDINARY: KindName = "established TCP";
export const COUNTER: Name = "a counter";

export function isOurs(name: string): boolean {
  return name.startsWith("postern");
}

/** What somebody would pick instead. */
export function isPeer(name: string): boolean {
  return !isOurs(name) && name !== COUNTER && !name.startsWith("no rules");
}
