/** A gate that judges signed knocks as they come, with the judge that a real one has. */
import type { Address, Prefix } from "../../src/policy/address.ts";
import { printCarrier } from "../../src/policy/carriers.ts";
import type { Policy } from "../../src/policy/policy.ts";
import {
  judgeKnock,
  parseAllowedSigners,
  type SealingKey,
  type SignedDoor,
  type Verdict,
} from "../../src/signed/index.ts";
import type { Content } from "./token-gate.ts";

/** What the host of a gate has for signed knocks. */
export interface Signers {
  readonly sealingKey: SealingKey;
  /** As OpenSSH writes it. */
  readonly allowed: string;
}

export class SignedGate {
  readonly #doors: readonly SignedDoor[];
  readonly #signers: Signers | undefined;
  readonly #seen = new Set<string>();
  /** What became of each packet that could have been a knock. */
  readonly verdicts: Verdict[] = [];
  /** The packets themselves. */
  readonly payloads: Uint8Array[] = [];

  constructor(policy: Policy, signers: Signers | undefined) {
    this.#signers = signers;
    const { signers: allowed } = parseAllowedSigners(signers?.allowed ?? "", "allowed_signers");
    this.#doors = policy.doors.flatMap(({ name, signed }) => {
      if (signed === undefined) return [];
      const from: readonly Prefix[] | undefined =
        signed.from.length === 0 ? undefined : signed.from;
      const carriers = signed.carriers.map(printCarrier);
      return [
        {
          ...{ name, carriers, from, signers: allowed },
          bound: signed.bound,
          clients: signed.clients,
        },
      ];
    });
  }

  /** The door that a packet opens. */
  open({ protocol, port, bytes }: Content, source: Address, nowMs: number): string | undefined {
    if (this.#signers === undefined || protocol === "tcp") return undefined;
    const carrier = port === undefined ? protocol : `${protocol}/${port}`;
    const verdict = judgeKnock(
      { payload: bytes, carrier, source, nowMs },
      {
        sealingKey: this.#signers.sealingKey,
        doors: this.#doors,
        seen: (id) => this.#seen.has(id),
      },
    );
    this.verdicts.push(verdict);
    this.payloads.push(bytes);
    if (verdict.kind === "refused") return undefined;
    this.#seen.add(verdict.id);
    return verdict.door;
  }
}
