/** The options of a line of allowed_signers, between its principals and its key. */
import { quoted } from "../policy/value/written.ts";
import { type Pattern, patternsOf } from "./patterns.ts";
import { type CalendarTime, parseTimestamp } from "./validity.ts";

export interface SignerOptions {
  /** What the key may sign; undefined: whatever it likes. */
  readonly namespaces: readonly Pattern[] | undefined;
  /** Seconds since 1970 from which on, and up to which, the key is good; both included. */
  readonly validAfter: number | undefined;
  readonly validBefore: number | undefined;
}

export interface BadOptions {
  readonly what: string;
  readonly fix: string;
  /** Right as it is, and of no use here. */
  readonly isWarning?: true;
}

/** Where options that begin at `start` end; undefined where a quote in them is never closed. */
export function endOfOptions(text: string, start: number): number | undefined {
  let isQuoted = false;
  for (let at = start; at < text.length; at += 1) {
    const sign = text[at];
    // `\"` is no quote, wherever it stands.
    if (sign === "\\" && text[at + 1] === '"') at += 1;
    else if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (sign === " " || sign === "\t")) return at;
  }
  return isQuoted ? undefined : text.length;
}

type Parts = { -readonly [Name in keyof SignerOptions]?: SignerOptions[Name] };

const TIME_FIX = 'write "YYYYMMDD", "YYYYMMDDHHMM" or "YYYYMMDDHHMMSS", with a Z behind it for UTC';

export function parseSignerOptions(
  text: string,
  secondsOfLocal: (parts: CalendarTime) => number,
): SignerOptions | BadOptions {
  const parts: Parts = {};
  let isAuthority = false;
  for (let left = text; left !== ""; ) {
    const [item = "", name = "", value] = OPTION.exec(left) ?? [];
    const isFlag = name.toLowerCase() === "cert-authority" && value === undefined;
    isAuthority ||= isFlag;
    const fault = isFlag ? undefined : setOption(parts, name.toLowerCase(), value, secondsOfLocal);
    if (fault !== undefined) return fault;
    left = left.slice(item.length);
    // OpenSSH passes over an option that is empty, but not over one at the end.
    if (left.startsWith(",")) {
      left = left.slice(1);
      if (left === "") return { what: "the options end in a comma", fix: "take the comma away" };
    } else if (left !== "") {
      return unknown(text);
    }
  }
  return isAuthority ? authority() : checkSpan(parts);
}

/** A name, and a value in quotes where there is one. */
const OPTION = /^([^,="]*)(?:=("(?:\\"|[^"\\]|\\(?!"))*"|[^,"]*))?/;

function setOption(
  parts: Parts,
  name: string,
  value: string | undefined,
  secondsOfLocal: (parts: CalendarTime) => number,
): BadOptions | undefined {
  if (name === "" && value === undefined) return undefined;
  const field = FIELDS.get(name);
  if (field === undefined || value === undefined) return unknown(name);
  if (parts[field] !== undefined) {
    return { what: `there are several ${name}`, fix: "write one of them" };
  }
  const text = /^"(.*)"$/s.exec(value)?.[1]?.replaceAll('\\"', '"');
  if (text === undefined) {
    return { what: `the value of ${name} is not in quotes`, fix: `write ${name}="..."` };
  }
  if (field === "namespaces") {
    parts.namespaces = patternsOf(text);
    return undefined;
  }
  const seconds = parseTimestamp(text, secondsOfLocal);
  if (seconds === undefined) return { what: `${quoted(text)} is not a time`, fix: TIME_FIX };
  parts[field] = seconds;
  return undefined;
}

const FIELDS: ReadonlyMap<string, keyof SignerOptions> = new Map([
  ["namespaces", "namespaces"],
  ["valid-after", "validAfter"],
  ["valid-before", "validBefore"],
]);

function unknown(text: string): BadOptions {
  return {
    what: `${quoted(text)} is neither a type of key that signs knocks nor an option of a signer`,
    fix: "write namespaces, valid-after or valid-before, and behind them the key",
  };
}

function authority(): BadOptions {
  return {
    what: "a certificate does not fit into a knock, so that no authority is of use",
    fix: "write a line for each key that the authority vouches for",
    isWarning: true,
  };
}

function checkSpan({ namespaces, validAfter, validBefore }: Parts): SignerOptions | BadOptions {
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter) {
    return { what: "the key is never valid", fix: "write a valid-before later than valid-after" };
  }
  return { namespaces, validAfter, validBefore };
}
