/** The keys that may sign a knock, in the order in which ssh would try them. */
import type { PublicKey } from "../../signed/index.ts";

export interface Identity {
  readonly key: PublicKey;
  /** For people: its file, or the agent's comment. */
  readonly name: string;
  /** The file of either half that tells `ssh-keygen` which; undefined: the agent alone has it. */
  readonly file: string | undefined;
  /** Whether somebody has to type a passphrase before it signs. */
  readonly isLocked: boolean;
}

/** A key of which there is a file. */
export interface FileKey {
  readonly path: string;
  readonly key: PublicKey;
  /** Undefined: the file has the public half alone. */
  readonly privateHalf: { readonly isEncrypted: boolean } | undefined;
}

export interface HeldKey {
  readonly key: PublicKey;
  readonly comment: string;
}

/** As many as a server of SSH lets one try (MaxAuthTries of sshd_config). */
const MOST_TRIES = 6;

/**
 * First what the agent has of the keys that have files, then its others unless only those with files
 * are meant, then those whose files alone are there.
 */
export function inOrder(
  held: readonly HeldKey[],
  files: readonly FileKey[],
  isExclusive: boolean,
): readonly Identity[] {
  const fileOf = ({ key }: HeldKey) => files.find((file) => isSame(file.key, key));
  const known = held.flatMap((one) => {
    const file = fileOf(one);
    if (file === undefined) return [];
    return [{ key: one.key, name: file.path, file: file.path, isLocked: false }];
  });
  const others = held
    .filter((one) => !isExclusive && fileOf(one) === undefined)
    .map(({ key, comment }) => ({
      ...{ key, file: undefined, isLocked: false },
      name: comment === "" ? key.fingerprint : comment,
    }));
  const alone = files.flatMap(({ key, path, privateHalf }) =>
    privateHalf === undefined
      ? []
      : [{ key, name: path, file: path, isLocked: privateHalf.isEncrypted }],
  );
  const all: readonly Identity[] = [...known, ...others, ...alone];
  const first = (one: Identity) => all.find(({ key }) => isSame(key, one.key));
  return all.filter((one) => first(one) === one).slice(0, MOST_TRIES);
}

function isSame(a: PublicKey, b: PublicKey): boolean {
  return a.fingerprint === b.fingerprint;
}
