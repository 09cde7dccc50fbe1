/**
 * What has to be known of YAML before it is composed: how deep it nests (the library's
 * composer recurses, so that a hostile text could exhaust the stack), and the words in it
 * that talk to the YAML reader.
 */
import { CST } from "yaml";

/** Far more than a policy needs; lines in wrong columns may nest, too, and get better words. */
const DEEPEST = 200;

export interface Survey {
  /** The offset at which the nesting passes what any policy needs. */
  readonly tooDeepAt: number | undefined;
  /** Tags (`!!int`) and directives (`%YAML 1.1`), which a policy does not use. */
  readonly instructions: readonly (CST.SourceToken | CST.Directive)[];
}

export function survey(tokens: readonly CST.Token[]): Survey {
  const instructions: (CST.SourceToken | CST.Directive)[] = [];
  const pending = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (depth > DEEPEST) return { tooDeepAt: token.offset, instructions };
    if (token.type === "directive") instructions.push(token);
    for (const word of wordsBeside(token)) if (word.type === "tag") instructions.push(word);
    for (const inner of innerTokens(token)) pending.push({ token: inner, depth: depth + 1 });
  }
  return { tooDeepAt: undefined, instructions };
}

function innerTokens(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!CST.isCollection(token)) return [];
  return token.items
    .flatMap(({ key, value }) => [key, value])
    .filter((inner) => inner !== undefined && inner !== null);
}

/** What stands before keys and values: spaces, comments, anchors and tags. */
function wordsBeside(token: CST.Token): CST.SourceToken[] {
  if (token.type === "document") return token.start;
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap(({ start, sep }) => [...start, ...(sep ?? [])]);
}
