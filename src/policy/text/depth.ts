/**
 * How deep YAML nests, measured without recursion: the library's composer recurses, so that
 * a hostile text could exhaust the stack.
 */
import { CST } from "yaml";

/** A policy nests six deep: doors, door, sequence, steps, item, and a list around a mistake. */
const DEEPEST = 32;

/** Where the nesting passes what any policy needs, as an offset; undefined if it never does. */
export function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const pending = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (depth > DEEPEST) return "offset" in token ? token.offset : 0;
    for (const inner of innerTokens(token)) pending.push({ token: inner, depth: depth + 1 });
  }
  return undefined;
}

function innerTokens(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!CST.isCollection(token)) return [];
  const inner: CST.Token[] = [];
  for (const item of token.items) {
    if (item.key) inner.push(item.key);
    if (item.value) inner.push(item.value);
  }
  return inner;
}
