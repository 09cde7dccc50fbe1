/**
 * What YAML makes of a text without quotes. The gate reads the text itself; other programs
 * that read the policy (editors, Ansible, Salt) see what YAML 1.1 or 1.2 turned it into.
 */

const READINGS: readonly (readonly [RegExp, string])[] = [
  [/^(y|yes|on|true)$/i, "true"],
  [/^(n|no|off|false)$/i, "false"],
  [/^(~|null)$/i, "nothing at all"],
  [/^[-+]?(0|[1-9][\d_]*)$/, "a number"],
  [/^[-+]?(0o?[0-7_]+|0x[\da-f_]+|0b[01_]+|0\d+)$/i, "a number"],
  [/^[-+]?(\d[\d_]*|(\d[\d_]*)?\.[\d_]*)(e[-+]?\d+)?$/i, "a number"],
  [/^[-+]?\.(inf|nan)$/i, "a number"],
  [/^[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/, "a number of base 60"],
  [/^\d{4}-\d\d?-\d\d?([Tt\s].*)?$/, "a date"],
];

/** In words, what YAML turns the unquoted text into; undefined where it stays a text. */
export function turnedByYaml(text: string): string | undefined {
  return READINGS.find(([pattern]) => pattern.test(text))?.[1];
}
