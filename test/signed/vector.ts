/** A vector of test/signed/vectors: lines of a name and what belongs to it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, parseAddress, parsePrefix } from "../../src/policy/address.ts";
import type { DoorName } from "../../src/policy/policy.ts";
import { type ArrivedKnock, parseAllowedSigners, type SignedGate } from "../../src/signed/index.ts";
import { sealingKeyOf } from "../../src/signed/sealing-key.ts";

export const VECTORS = join(import.meta.dirname, "vectors");

/** The lines of a file by their names; a name may have several. */
export type Vector = ReadonlyMap<string, readonly string[]>;

export function vectorsIn(folder: "opens" | "refused"): readonly (readonly [string, Vector])[] {
  const files = readdirSync(join(VECTORS, folder)).toSorted();
  return files.map((file) => [file, readVector(join(VECTORS, folder, file))]);
}

function readVector(path: string): Vector {
  const vector = new Map<string, string[]>();
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", value = ""] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    vector.set(name, [...(vector.get(name) ?? []), value]);
  }
  return vector;
}

export function fieldOf(vector: Vector, name: string): string {
  const [value, ...others] = vector.get(name) ?? [];
  if (value === undefined || others.length > 0) throw new Error(`fieldOf: not one ${name}`);
  return value;
}

export function hexOf(vector: Vector, name: string): Buffer {
  return Buffer.from(fieldOf(vector, name), "hex");
}

function wordsOf(vector: Vector, name: string): readonly string[] | undefined {
  return vector.get(name)?.flatMap((value) => value.split(" "));
}

export function addressIn(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressIn: ${text} is none`);
  return address;
}

export function gateOf(vector: Vector): SignedGate {
  const { signers } = parseAllowedSigners((vector.get("signers") ?? []).join("\n"), "signers");
  const door = {
    name: fieldOf(vector, "door") as DoorName,
    carriers: wordsOf(vector, "carriers") ?? [],
    bound: vector.has("bound"),
    from: wordsOf(vector, "from")?.flatMap((text) => parsePrefix(text) ?? []),
    clients: wordsOf(vector, "clients"),
    signers,
  };
  const seen = vector.get("seen") ?? [];
  return {
    sealingKey: sealingKeyOf(hexOf(vector, "sealing-key")),
    doors: [door],
    seen: (id) => seen.includes(id),
  };
}

export function knockOf(vector: Vector): ArrivedKnock {
  return {
    payload: hexOf(vector, "packet"),
    carrier: fieldOf(vector, "carrier"),
    source: addressIn(fieldOf(vector, "source")),
    nowMs: Number(fieldOf(vector, "now")),
  };
}
