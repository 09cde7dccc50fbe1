/**
 * The file of OpenSSH that says who may sign (ssh-keygen(1), ALLOWED SIGNERS), read as OpenSSH reads
 * it, but for what would be of no use or nobody means: that is a problem, and its line is left out.
 */
import type { Place, Problem } from "../problem/problem.ts";
import {
  isLiteral,
  listMatches,
  MOST_PATTERN_BYTES,
  type Pattern,
  patternsOf,
} from "./patterns.ts";
import { isKeyType, type PublicKey, parsePublicKeyLine } from "./public-key.ts";
import { endOfOptions, parseSignerOptions, type SignerOptions } from "./signer-options.ts";
import { type CalendarTime, standardTime } from "./validity.ts";

/** One line of the file. */
export interface Signer extends SignerOptions {
  /** Who the key belongs to. */
  readonly principals: readonly Pattern[];
  readonly key: PublicKey;
  /** Counted from 1. */
  readonly line: number;
}

export interface AllowedSigners {
  /** In the order of the file; a key may be in several. */
  readonly signers: readonly Signer[];
  /** Every line that was left out, and why. */
  readonly problems: readonly Problem[];
}

/** Whether the key is this client's. */
export function isPrincipal({ principals }: Signer, name: string): boolean {
  return listMatches(principals, name);
}

/** Whether the key is good then; in whole seconds, as OpenSSH has them. */
export function isValidAt({ validAfter, validBefore }: Signer, timeMs: number): boolean {
  const seconds = Math.floor(timeMs / 1000);
  return (validAfter ?? seconds) <= seconds && seconds <= (validBefore ?? seconds);
}

/** Whether the key may sign for this purpose. */
export function takesNamespace({ namespaces }: Signer, namespace: string): boolean {
  return namespaces === undefined || listMatches(namespaces, namespace);
}

/** Who a line is for, when nobody is asked for by name. */
export function nameOf({ principals }: Signer): string {
  const literal = principals.find((one) => isLiteral(one) && listMatches(principals, one.text));
  const positive = literal ?? principals.find(({ isNegated }) => !isNegated);
  return positive?.text ?? "";
}

/** @param secondsOfLocal what a time without a `Z` means; by default what it does on this host */
export function parseAllowedSigners(
  text: string,
  file: string,
  secondsOfLocal: (parts: CalendarTime) => number = standardTime,
): AllowedSigners {
  const read = text.split("\n").flatMap((whole, index) => {
    const line: Line = { file, number: index + 1, text: whole.replace(/\r$/, "") };
    return /^[ \t\r]*(#|$)/.test(line.text) ? [] : [parseLine(line, secondsOfLocal)];
  });
  return {
    signers: read.flatMap((one) => ("key" in one ? [one] : [])),
    problems: read.flatMap((one) => ("code" in one ? [one] : [])),
  };
}

interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

/** Some text of a line, and the column where it begins. */
interface Span {
  readonly start: number;
  readonly text: string;
}

function parseLine(line: Line, secondsOfLocal: (parts: CalendarTime) => number): Signer | Problem {
  if (line.text.includes("\0")) {
    return badLine(line, whole(line), "there is a zero byte in it", "write the line anew");
  }
  const first = principalsIn(line.text);
  if (first === undefined) {
    return badLine(line, whole(line), "its quote is never closed", 'close it with another "');
  }
  const principals = patternsOf(first.text);
  const fault = faultOfPrincipals(principals);
  if (fault !== undefined) {
    return badLine(line, first, fault, "write who the key belongs to first, such as ana@laptop");
  }
  const options = optionsIn(line.text, first.end);
  if (options === undefined) {
    return badLine(line, spanFrom(line, first.end), "a quote is never closed", 'close it with "');
  }
  const read = parseSignerOptions(options.text, secondsOfLocal);
  if ("what" in read) {
    const problem = badLine(line, options, read.what, read.fix);
    return read.isWarning === true ? { ...problem, severity: "warning" } : problem;
  }
  const key = keyIn(line, options.end);
  return "code" in key ? key : { ...read, principals, key, line: line.number };
}

/** The first field; OpenSSH takes away a pair of quotes in it, which may hold spaces. */
function principalsIn(text: string): (Span & { readonly end: number }) | undefined {
  const start = text.search(/[^ \t\r]/);
  const [plain = ""] = /^[^ \t\r"]*/.exec(text.slice(start)) ?? [];
  const at = start + plain.length;
  if (text[at] !== '"') return { start, text: plain, end: skipBlanks(text, at) };
  const close = text.indexOf('"', at + 1);
  if (close < 0) return undefined;
  return { start, text: plain + text.slice(at + 1, close), end: skipBlanks(text, close + 1) };
}

function faultOfPrincipals(principals: readonly Pattern[]): string | undefined {
  if (principals.every(({ text, isNegated }) => isNegated || text === "")) {
    return "it names nobody whose key this is";
  }
  const isLong = principals.some(({ text }) => Buffer.byteLength(text) > MOST_PATTERN_BYTES);
  return isLong ? `a pattern has more than ${MOST_PATTERN_BYTES} bytes` : undefined;
}

/** What stands between the principals and the key: nothing where the key's type comes next. */
function optionsIn(text: string, start: number): (Span & { readonly end: number }) | undefined {
  const [type = ""] = /^[^ \t]*/.exec(text.slice(start)) ?? [];
  if (isKeyType(type)) return { start, text: "", end: start };
  const end = endOfOptions(text, start);
  if (end === undefined) return undefined;
  return { start, text: text.slice(start, end), end: skipBlanks(text, end) };
}

function keyIn(line: Line, start: number): PublicKey | Problem {
  const [text = ""] = /^[^ \t]*(?:[ \t]+[^ \t]+)?/.exec(line.text.slice(start)) ?? [];
  const fix = "write the key as its .pub file has it: TYPE BASE64";
  if (text === "") return badLine(line, whole(line), "there is no key in it", fix);
  const key = parsePublicKeyLine(text);
  if (key.ok) return key.value;
  const [problem] = key.problems;
  return badLine(line, { start, text }, problem?.what ?? "", problem?.fix ?? fix);
}

function skipBlanks(text: string, start: number): number {
  const [blanks = ""] = /^[ \t\r]*/.exec(text.slice(start)) ?? [];
  return start + blanks.length;
}

function spanFrom({ text }: Line, start: number): Span {
  return { start, text: text.slice(start) };
}

function whole(line: Line): Span {
  return spanFrom(line, Math.max(0, line.text.search(/[^ \t\r]/)));
}

function badLine({ file, number, text }: Line, span: Span, what: string, fix: string): Problem {
  const length = Math.max(1, span.text.length);
  const place: Place = { file, line: number, column: span.start + 1, length, text };
  return { code: "not-a-signer", severity: "error", what, fix, place };
}
