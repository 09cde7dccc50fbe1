/**
 * The published description of a policy, from the same table as the parser: the JSON Schema
 * in docs/policy.schema.json and the tables in docs/policy.md.
 */
import { BAN, DOOR, POLICY, SEQUENCE, SIGNED, TOKEN } from "./keys.ts";
import type { Absent, Key, Keys, RecordShape } from "./shape/record.ts";
import type { Json } from "./shape/shape.ts";

const BEGIN = "<!-- The tables are printed from src/policy/keys.ts: begin -->";
const END = "<!-- The tables are printed from src/policy/keys.ts: end -->";

/** docs/policy.schema.json, whole. */
export function printSchema(): string {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A policy of Postern",
    description:
      "What an editor can check while you type. `postern compile` finds more: what is wrong between keys and between doors.",
    ...POLICY.schema,
  };
  return `${printJson(schema, "")}\n`;
}

/** docs/policy.md with its tables as they ought to be. Throws when it has no place for them. */
export function withTables(markdown: string): string {
  const begin = markdown.indexOf(BEGIN);
  const end = markdown.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`withTables: no ${BEGIN} ... ${END}`);
  return `${markdown.slice(0, begin + BEGIN.length)}\n\n${printTables()}\n${markdown.slice(end)}`;
}

function printTables(): string {
  return [
    printTable("The top of the file", POLICY),
    printTable("A door: `doors.NAME`", DOOR),
    printTable("The sequence of a door: `doors.NAME.sequence`", SEQUENCE),
    printTable("The tokens of a door: `doors.NAME.token`", TOKEN),
    printTable("The signed knocks of a door: `doors.NAME.signed`", SIGNED),
    printTable("Automatic bans: `ban`", BAN),
  ].join("\n");
}

function printTable<K extends Keys>(title: string, { keys }: RecordShape<K>): string {
  return [
    `### ${title}`,
    "",
    "| key | meaning | write | default | example |",
    "|---|---|---|---|---|",
    ...Object.entries(keys).map(([name, key]) => printRow(name, key)),
    "",
  ].join("\n");
}

function printRow(name: string, { meaning, shape, absent, example }: Key<unknown>): string {
  const cells = [
    `\`${name}\``,
    meaning,
    shape.wanted,
    printAbsent(absent),
    `\`${name}: ${printInline(example)}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function printAbsent(absent: Absent<unknown>): string {
  switch (absent.kind) {
    case "refused":
      return "none: must be there";
    case "default":
      return `\`${printInline(absent.written)}\``;
    case "described":
      return absent.words;
    default:
      return absent satisfies never;
  }
}

/** A value as it stands in a policy, on one line. */
export function printInline(value: Json): string {
  // An exclamation mark would begin a tag; a pattern is easier to tell from an alias in quotes.
  if (typeof value === "string") return /^!|\*$/.test(value) ? JSON.stringify(value) : value;
  if (isList(value)) return `[${value.map(printInline).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${printInline(inner)}`);
  return `{ ${entries.join(", ")} }`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** As JSON.stringify would, but with short lists on one line, as formatters want them. */
function printJson(value: Json, indent: string): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (!isList(value)) {
    const entries = Object.entries(value).map(
      ([key, content]) => `${inner}${JSON.stringify(key)}: ${printJson(content, inner)}`,
    );
    return `{\n${entries.join(",\n")}\n${indent}}`;
  }
  const items = value.map((item) => printJson(item, inner));
  const flat = `[${items.join(", ")}]`;
  if (!flat.includes("\n") && flat.length < 60) return flat;
  return `[\n${items.map((item) => inner + item).join(",\n")}\n${indent}]`;
}
