/**
 * Marks: which tokens of a client were put into a set. They are in a set of their own beside the
 * tokens, and come and go with them, so that what has been spent is never put in again.
 */
import { createHash } from "node:crypto";

/** Of one client, for one door and carrier. Times of slots are those of {@link slotAt}. */
export interface Mark {
  /** 16 hexadecimal digits that tell the key, and do not give it away. */
  readonly keyId: string;
  /** The first slot that was ever put in, and the last. */
  readonly first: number;
  readonly last: number;
}

export function keyIdOf(key: Uint8Array): string {
  return createHash("sha256").update("postern key id v1\0").update(key).digest("hex").slice(0, 16);
}

/** 32 hexadecimal digits: the key's, then 8 for each of the slots. */
export function printMark({ keyId, first, last }: Mark): string {
  return `${keyId}${digits(first)}${digits(last)}`;
}

function digits(slot: number): string {
  return slot.toString(16).padStart(8, "0");
}

/** Undefined for what is no mark: anybody may put anything into a set. */
export function parseMark(text: string): Mark | undefined {
  const padded = text.padStart(32, "0");
  if (!/^[0-9a-f]{32}$/.test(padded)) return undefined;
  const [first, last] = [padded.slice(16, 24), padded.slice(24)].map((part) =>
    Number.parseInt(part, 16),
  );
  if (first === undefined || last === undefined || last < first) return undefined;
  return { keyId: padded.slice(0, 16), first, last };
}
