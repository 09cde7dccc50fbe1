/** How the problems of a host are made and worded. */
import type { Place, Problem } from "../../problem/problem.ts";
import type { Listener } from "../listeners.ts";
import type { HostCode } from "./codes.ts";

/** Named of each kind; the rest is a number. */
const MOST_NAMED = 3;

export function warning(
  code: HostCode,
  place: Place | undefined,
  what: string,
  fix: string,
): Problem {
  return { code, severity: "warning", what, fix, ...(place === undefined ? {} : { place }) };
}

export function asError(problem: Problem): Problem {
  return { ...problem, severity: "error" };
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`: each once. */
export function enumerated(items: Iterable<string>): string {
  const all = [...new Set(items)];
  const more = all.length - MOST_NAMED;
  const named = more > 0 ? [...all.slice(0, MOST_NAMED), `${more} more`] : all;
  const last = named.at(-1) ?? "";
  return named.length < 2 ? last : `${named.slice(0, -1).join(", ")} and ${last}`;
}

/** The process in quotes, as nobody knows what is in its name, or `a service`. */
export function nameProcess({ process }: Pick<Listener, "process">): string {
  return process === undefined ? "a service" : JSON.stringify(process);
}

export function nameListener(listener: Listener): string {
  return `${nameProcess(listener)} (${listener.protocol}/${listener.port})`;
}
