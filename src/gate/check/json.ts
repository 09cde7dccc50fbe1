/** Looks into JSON that another program has printed, which may be anything. */

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}

/** What stands under the keys, one inside the other. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}

/** None where there is no list under the keys. */
export function listOf(value: unknown, ...keys: readonly string[]): unknown[] {
  const list = at(value, ...keys);
  return Array.isArray(list) ? list : [];
}
