/** One-time tokens of a test's client, put into the gate of a host as a refill does. */
import { FAMILIES, type Family } from "../../src/policy/address.ts";
import { type Carrier, printCarrier } from "../../src/policy/carriers.ts";
import type { Door } from "../../src/policy/policy.ts";
import { bytesOf, slotAt, tokenMaker } from "../../src/token/index.ts";
import type { Host } from "./host.ts";

/** For so many slots before the present, and after it. */
const AROUND = { before: 2, after: 60 };

/** Tokens of doors over their carriers, or over those of `kinds` alone. */
export async function loadTokens(
  host: Host,
  key: Parameters<typeof bytesOf>[0],
  doors: readonly Door[],
  kinds?: readonly Carrier["kind"][],
): Promise<void> {
  const lines = doors.flatMap(({ name, token }) =>
    (token?.carriers ?? [])
      .filter(({ kind }) => kinds?.includes(kind) ?? true)
      .map((carrier) => {
        const set = setOf(name, carrier);
        const make = tokenMaker(bytesOf(key), name, carrier);
        const elements = slotsNow().map((slot) => `0x${make(slot).toString("hex")} timeout 1h`);
        return `flush set ${set}\nadd element ${set} { ${elements.join(", ")} }\n`;
      }),
  );
  await host.run(["nft", "-f", "-"], { stdin: lines.join("") });
}

/** How many tokens are left in the gate. */
export async function countTokens(host: Host, door: string, carrier: Carrier): Promise<number> {
  const { stdout } = await host.run(["nft", "list", "set", ...setOf(door, carrier).split(" ")]);
  return stdout.match(/\bexpires\b/g)?.length ?? 0;
}

/** Over how many families the door is open to somebody; of a large gate cheaper than its status. */
export async function countOpen(
  host: Host,
  { name, singleUse }: Pick<Door, "name" | "singleUse">,
  families: readonly Family[] = FAMILIES,
): Promise<number> {
  const stem = `${name}${singleUse ? "_single" : ""}_grants`;
  const sets = families.map((family) => `${stem}${family === "ipv4" ? 4 : 6}`);
  const listings = await Promise.all(
    sets.map((set) => host.run(["nft", "list", "set", "inet", "postern", set])),
  );
  return listings.filter(({ stdout }) => stdout.includes("expires")).length;
}

/** Takes every grant away. */
export async function shutDoors(host: Host, doors: readonly Door[]): Promise<void> {
  const stems = doors.map(({ name, singleUse }) => `${name}${singleUse ? "_single" : ""}_grants`);
  const lines = stems.flatMap((stem) => [4, 6].map((n) => `flush set inet postern ${stem}${n}\n`));
  await host.run(["nft", "-f", "-"], { stdin: lines.join("") });
}

function setOf(door: string, carrier: Carrier): string {
  return `inet postern ${door}_${printCarrier(carrier).replace("/", "_")}_tokens`;
}

function slotsNow(): number[] {
  const first = slotAt(Date.now() / 1000) - AROUND.before;
  return Array.from({ length: AROUND.before + 1 + AROUND.after }, (_, index) => first + index);
}
