/** Whom a script or a page is for, and what it opens. */
import type { ClientName, Door, HostName, Secret, Token } from "../../policy/policy.ts";

export interface Holder {
  readonly client: ClientName;
  readonly key: Secret;
  /** What the host of the gate is called where the script or the page is used. */
  readonly host: HostName;
  /** Those that the key opens; of them only what is said of tokens is told. */
  readonly doors: readonly Door[];
}

export type TokenDoor = Door & { readonly token: Token };

/** Doors that open with a token over one of the carriers, each with these carriers alone. */
export function doorsOver(
  doors: readonly Door[],
  isWanted: (carrier: Token["carriers"][number]) => boolean,
): readonly TokenDoor[] {
  return doors.flatMap((door) => {
    const { token } = door;
    if (token === undefined) return [];
    const carriers = token.carriers.filter(isWanted);
    return carriers.length === 0 ? [] : [{ ...door, token: { ...token, carriers } }];
  });
}
