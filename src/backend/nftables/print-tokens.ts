/** Changes to the tokens in the kernel, as text for `nft -f`. */
import type { TimedValue, TokenChange } from "../live.ts";
import { TABLE } from "./names.ts";

export function printTokenChange(change: TokenChange): string {
  const { tokens, loaded, add, remove, oldMark, mark } = change;
  return [
    ...taken(tokens, remove),
    ...taken(loaded, oldMark === undefined ? [] : [oldMark]),
    ...element("add", tokens, add.map(timed)),
    ...element(
      "add",
      loaded,
      mark === undefined ? [] : [`${timed(mark)} comment "${mark.client}"`],
    ),
  ].join("");
}

/** Everything that is known of one carrier's tokens at a door. */
export function printFlushed(sets: readonly string[]): string {
  return sets.map((set) => `flush set ${TABLE} ${set}\n`).join("");
}

/** To delete what is not there fails; so it is there, for a moment in which no packet sees it. */
function taken(set: string, values: readonly string[]): string[] {
  const elements = values.map((value) => `0x${value}`);
  return [
    ...element(
      "add",
      set,
      elements.map((one) => `${one} timeout 1s`),
    ),
    ...element("delete", set, elements),
  ];
}

function timed({ value, seconds }: TimedValue): string {
  return `0x${value} timeout ${seconds}s`;
}

function element(verb: "add" | "delete", set: string, elements: readonly string[]): string[] {
  if (elements.length === 0) return [];
  return [`${verb} element ${TABLE} ${set} { ${elements.join(",")} }\n`];
}
