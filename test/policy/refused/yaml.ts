/** Texts that are refused for how they are written, before it matters what they mean. */
import { door, keys, refused, sequence, steps, top } from "./row.ts";

const syntax = [
  refused(
    "a list that is never closed",
    steps("«[»1, 2\n  within: 5s\n  nonsense: 1"),
    "unclosed-list: write ] after its last item",
  ),
  refused("a list that is never closed at the end of the file", steps("«[»1, 2"), "unclosed-list"),
  refused("the outermost of two lists that are never closed", steps("«[»[1, 2"), "unclosed-list"),
  refused(
    "a mapping that is never closed",
    top("ban: «{» after: 5, within: 1m"),
    "unclosed-mapping",
  ),
  refused(
    "a double quote that is never closed",
    door('protects: «"»tcp/22\nrefuse: drop'),
    "unclosed-quote",
  ),
  refused(
    "a single quote that is never closed",
    door("protects: «'»tcp/22\nrefuse: drop"),
    "unclosed-quote",
  ),
  refused("a bracket too many", door("protects: [tcp/22]«]»"), "extra-bracket"),
  refused("a comma too many", steps("[1,«,» 2]"), "extra-comma"),
  refused("a comma at the beginning", steps("[«,» 2]"), "extra-comma"),
  refused(
    "a key without a space after its colon",
    keys("«refuse:drop»\nopen-for: 5s"),
    "missing-colon",
  ),
  refused("a comma that is missing after a quote", top('trusted: ["a" «"»b"]'), "missing-comma"),
  refused("a comment right after a quote", keys('refuse: "drop"«#why»'), "missing-space"),
  refused("a dash on the line of its key", door("protects: «-» tcp/22"), "list-on-key-line"),
  refused("something after a quoted value", door('protects: "tcp/22" «tcp»'), "trailing-text"),
  refused("a line that is no key", keys("«refuse»\nopen-for: 5s"), "missing-colon"),
  refused("a last line that is no key", keys("«refuse»"), "missing-colon"),
  refused("dashes in brackets", sequence("steps: [\n    «- 1»\n    - 2\n  ]"), "block-in-brackets"),
  refused("a dash in brackets on one line", steps("[«- »1]"), "block-in-brackets"),
  refused(
    "a key that is indented too far",
    door("protects: tcp/22\n  «refuse»: drop"),
    "bad-indentation",
  ),
  refused(
    "a key that is indented too little",
    "doors:\n  ssh:\n    protects: tcp/22\n   «r»efuse: drop",
    "bad-indentation",
  ),
  refused("a tab", "doors:\n  ssh:\n«\t»protects: tcp/22", "tab-indentation: indent with spaces"),
  refused("two colons on a line", door("protects: «t»cp/22: 5"), "second-colon"),
  refused(
    "a text that begins with an at sign",
    keys("refuse: «@»drop"),
    "needs-quotes: put the text in quotes",
  ),
  refused("an escape that YAML does not know", keys('refuse: "«\\»q"'), "bad-escape"),
  refused("two anchors on one thing", keys("refuse: &a «&b» drop"), "not-yaml"),
  refused(
    "several lines that are not YAML, each of them",
    keys("refuse: «@»drop\nopen-for: «%»5s"),
    "needs-quotes",
    "needs-quotes",
  ),
  refused(
    "what stands before the line that is not YAML as well",
    `log: «yes»\n${keys("refuse: «@»drop\nopen-for: 5")}`,
    "not-a-boolean",
    "needs-quotes",
  ),
];

const unused = [
  refused("a tag", keys("refuse: «!!str» drop"), "yaml-instruction"),
  refused("a tag on a list", steps("«!mine» [1, 2]"), "yaml-instruction"),
  refused("a tag on a key", keys("«!mine» refuse: drop"), "yaml-instruction"),
  refused("a directive", `«%YAML 1.1»\n---\n${door("protects: tcp/22")}`, "yaml-instruction"),
  refused(
    "a second document",
    `${door("protects: tcp/22")}«---»\n${door("protects: tcp/23")}`,
    "second-document",
  ),
  refused("an alias of nothing", sequence("steps: «*nobody»"), "unknown-alias"),
  refused("an alias that holds itself", "doors: &a\n  ssh: «*a»", "unknown-alias"),
  refused(
    "a merge key with an alias",
    "doors:\n  a: &a { protects: tcp/1 }\n  «b»:\n    «<<»: *a",
    "missing-key",
    "merge-key",
  ),
  refused(
    "a text of more than a thousand characters",
    keys(`refuse: «${"x".repeat(1001)}»`),
    "long-text",
  ),
];

const characters = [
  refused("a byte order mark", `«\uFEFF»${door("protects: tcp/22")}`, "byte-order-mark"),
  refused("a byte that is not UTF-8", keys("# gr«\uFFFD»n"), "not-utf-8: save it as UTF-8"),
  refused("a NUL", keys("refuse: dr«\0»op"), "not-utf-8"),
  refused("a bell", keys("refuse: dr«\u0007»op"), "hidden-character: remove it"),
  refused("a carriage return inside a line", keys("refuse: «\r»drop"), "hidden-character"),
  refused(
    "a control character of the upper half",
    keys("refuse: drop # «\u0085»"),
    "hidden-character",
  ),
  refused(
    "a character that turns the direction of writing, in a comment",
    keys("# «\u202E»teser :esufer"),
    "hidden-character",
  ),
  refused("a space without width", keys("refuse: drop«\u200B»"), "hidden-character"),
  refused("a line separator", keys("# «\u2028»refuse: drop"), "hidden-character"),
  refused("a byte order mark in the middle", keys("refuse: drop«\uFEFF»"), "hidden-character"),
  refused("half of a surrogate pair", keys("# «\uD800»"), "hidden-character"),
  refused(
    "other problems on other lines",
    keys("refuse: «\u200B»drop\nopen-for: «5»"),
    "hidden-character",
    "missing-unit",
  ),
  refused(
    "a space that does not break, which YAML takes for a letter",
    keys("refuse: «\u00A0drop»"),
    "unknown-word",
  ),
];

export const yaml = { syntax, unused, characters };
