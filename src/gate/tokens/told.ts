/** Which knocks were told already: each is told once, by whoever refills. */
import type { Keep } from "../keep/keep.ts";
import type { Knock } from "./knocks.ts";

const NAME = "told.json";

/** Those of which nobody was told; from now on they were. */
export async function leaveOutTold(keep: Keep, knocks: readonly Knock[]): Promise<Knock[]> {
  const told = new Set((await keep.read(NAME, isTold)) ?? []);
  const isNew = (knock: Knock) => !told.has(nameOf(knock));
  if (knocks.some(isNew)) await keep.write(NAME, knocks.map(nameOf));
  return knocks.filter(isNew).sort((a, b) => a.at - b.at);
}

function nameOf({ door, carrier, token }: Knock): string {
  return `${door} ${carrier} ${token}`;
}

function isTold(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
