/** Whether somebody took the gate away on purpose: then nobody is to bring it back. */
import type { Result } from "../../problem/problem.ts";
import { hasKeys, type Keep } from "./keep.ts";

const NAME = "taken-away.json";

export function noteTakenAway(keep: Keep): Promise<Result<undefined>> {
  return keep.write(NAME, { isTakenAway: true });
}

export function forgetTakenAway(keep: Keep): Promise<Result<undefined>> {
  return keep.forget(NAME);
}

export async function isTakenAway(keep: Keep): Promise<boolean> {
  return (await keep.read(NAME, isNote)) !== undefined;
}

function isNote(value: unknown): value is { readonly isTakenAway: boolean } {
  return hasKeys(value, { isTakenAway: "boolean" });
}
