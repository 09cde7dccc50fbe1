/** What guessers and listeners can do to a door with one-time tokens. */
import { compilePolicy } from "../compile/index.ts";
import { CARRIERS, type Carrier, printCarrier } from "../policy/carriers.ts";
import type { Door, Policy } from "../policy/policy.ts";

export interface TokenReport {
  /** In the order of the policy. */
  readonly carriers: readonly CarrierReport[];
  /** How many tokens the kernel holds at most for each carrier; more make guesses likelier. */
  readonly tokens: number;
}

export interface CarrierReport {
  /** As a policy writes it. */
  readonly carrier: string;
  readonly bits: number;
  /** The probability, 0 to 1, that 1,000 guesses open the door while that many tokens are there. */
  readonly chancePerThousand: number;
}

const GUESSES = 1000;

/** Undefined where the door has no tokens. */
export function judgeTokens(policy: Policy, door: Door): TokenReport | undefined {
  const { token } = door;
  if (token === undefined) return undefined;
  const { sets } = compilePolicy({ ...policy, doors: [door] });
  const held = sets.find(({ role }) => role.kind === "tokens");
  if (held === undefined) throw new Error(`judgeTokens: ${door.name} holds no tokens`);
  const tokens = held.capacity;
  return { tokens, carriers: token.carriers.map((carrier) => judgeCarrier(carrier, tokens)) };
}

function judgeCarrier(carrier: Carrier, tokens: number): CarrierReport {
  const bits = 8 * CARRIERS[carrier.kind].tokenBytes;
  // 1 - (1 - p)^1000, without the loss of what is small beside 1.
  const chancePerThousand = -Math.expm1(GUESSES * Math.log1p(-tokens / 2 ** bits));
  return { carrier: printCarrier(carrier), bits, chancePerThousand };
}
