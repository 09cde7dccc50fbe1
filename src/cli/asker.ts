/** Questions to somebody who sits at a terminal. Undefined: the question was broken off. */
import type { Result } from "../problem/problem.ts";

export interface Asker {
  /** One of several; the first is what Enter takes. */
  choose<T>(question: Choice<T>): Promise<T | undefined>;
  /** A line of text, asked for again until it can be read. */
  read<T>(question: Line<T>): Promise<T | undefined>;
  confirm(question: Question & { readonly preset: boolean }): Promise<boolean | undefined>;
}

/** Shown as it is: outside text has been escaped. */
export interface Question {
  readonly question: string;
  /** What the answer does, in a line. */
  readonly why: string;
}

export interface Choice<T> extends Question {
  readonly options: readonly { readonly label: string; readonly value: T }[];
}

export interface Line<T> extends Question {
  /** What Enter takes. */
  readonly preset: string;
  readonly parse: (text: string) => Result<T>;
}
