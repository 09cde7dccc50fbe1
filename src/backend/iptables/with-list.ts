/**
 * A gate with one more list for a set, made from what the kernel holds: whoever opens a door by
 * hand for a time of his own may not have the policy at hand.
 */

import type { Saved, SavedList } from "./listing.ts";
import { printTime } from "./lists.ts";
import { MADE_OF } from "./names.ts";

/** The name of a list of the same set that holds members for another time. */
export function nameFor({ name, set }: SavedList, seconds: number | undefined): string {
  const meaning = name.slice(name.lastIndexOf("-") + 1);
  return `postern-${set}-${printTime({ seconds, isWindow: false })}-${meaning}`;
}

/** Where members of `like` are looked for or forgotten those of the new list are as well. */
export function withList(saved: Saved, like: SavedList, seconds: number | undefined): Saved {
  const name = nameFor(like, seconds);
  if (saved.lists.some((list) => list.name === name)) return saved;
  const rules = saved.rules.flatMap((rule) =>
    rule.includes(` --name ${like.name} `) ? [rule, twinOf(rule, like, { name, seconds })] : [rule],
  );
  return { ...saved, rules, lists: [...saved.lists, { ...like, name, seconds }] };
}

/** The same rule about the new list, which no packet ever puts a source into. */
function twinOf(
  rule: string,
  like: SavedList,
  { name, seconds }: Pick<SavedList, "name" | "seconds">,
): string {
  const renamed = rule.replaceAll(like.name, name);
  if (new RegExp(`^\\S* ?-A ${MADE_OF} `).test(renamed)) {
    const time = printTime({ seconds, isWindow: false });
    return renamed.replace(` for=${printTime(like)} `, ` for=${time} `);
  }
  const within = seconds === undefined ? "" : ` --seconds ${seconds}`;
  return renamed
    .replaceAll(` --set --name ${name} `, ` --remove --name ${name} `)
    .replaceAll(
      new RegExp(` --rcheck(?: --seconds \\d+)? --name ${name} `, "g"),
      ` --rcheck${within} --name ${name} `,
    );
}
