/** The systemd units of packaging/, as far as tests run their command lines. */
import { readFileSync } from "node:fs";

export const UNITS = [
  "postern.service",
  "postern-refill.service",
  "postern-refill.timer",
  "postern-agent.service",
] as const;

/** The values of a key in the file of a unit, in their order. */
export function valuesIn(unit: (typeof UNITS)[number], key: string): readonly string[] {
  const lines = readFileSync(`packaging/systemd/${unit}`, "utf8").split("\n");
  return lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/**
 * What systemd would run of such a key; what may fail there (`-`) is left out, as are the
 * capitals of places. `lib` is where `/usr/local/lib/postern` is.
 */
export function commandsIn(
  unit: (typeof UNITS)[number],
  key: string,
  lib: string,
): readonly (readonly string[])[] {
  return valuesIn(unit, key)
    .filter((line) => !line.startsWith("-"))
    .map((line) => line.replace("/usr/local/lib/postern/", `${lib}/`).split(" "));
}
