/** The doors of a gate that signed knocks open, and who may open them. */
import type { Host } from "../../host/index.ts";
import { printCarrier } from "../../policy/carriers.ts";
import type { Door, Policy, Signed } from "../../policy/policy.ts";
import type { Problem, Result } from "../../problem/problem.ts";
import { parseAllowedSigners, type SignedDoor, type Signer } from "../../signed/index.ts";
import { homeOf } from "../home.ts";

export function signersFileOf(host: Host, { signers }: Signed): string {
  return signers ?? `${homeOf(host)}/allowed_signers`;
}

/** Who may sign, by file; read anew when a file has changed, and only then. */
export interface SignersFiles {
  /** As they are now, and what is wrong with those that were read for it. */
  doorsOf(policy: Policy): Promise<{
    readonly doors: readonly SignedDoor[];
    readonly problems: readonly Problem[];
  }>;
}

export function signersFilesOf(host: Host): SignersFiles {
  const files = new Map<string, Read>();
  const readAgain = async (file: string): Promise<readonly Problem[]> => {
    const stamp = await host.stampOf(file);
    if (files.has(file) && files.get(file)?.stamp === stamp) return [];
    const { signers, problems } = await readSigners(host, file);
    // Of one that was written meanwhile the stamp is another next time.
    files.set(file, { stamp, signers });
    return problems;
  };
  return {
    doorsOf: async ({ doors }) => {
      const signed = doors.flatMap((door) =>
        door.signed === undefined
          ? []
          : [{ door, signed: door.signed, file: signersFileOf(host, door.signed) }],
      );
      const problems: Problem[] = [];
      for (const file of new Set(signed.map(({ file }) => file))) {
        problems.push(...(await readAgain(file)));
      }
      return {
        doors: signed.map(({ door, signed: how, file }) =>
          doorOf(door, how, files.get(file)?.signers ?? []),
        ),
        problems,
      };
    },
  };
}

interface Read {
  readonly stamp: string | undefined;
  readonly signers: readonly Signer[];
}

function doorOf({ name }: Door, how: Signed, signers: readonly Signer[]): SignedDoor {
  return {
    name,
    carriers: how.carriers.map(printCarrier),
    bound: how.bound,
    from: how.from.length === 0 ? undefined : how.from,
    signers,
    clients: how.clients,
  };
}

/** Of a file with bad lines the others count; one that others could have written counts for nothing. */
export async function readSigners(
  host: Host,
  file: string,
): Promise<{ readonly signers: readonly Signer[]; readonly problems: readonly Problem[] }> {
  const text = await readGuarded(host, file);
  if (!text.ok) return { signers: [], problems: text.problems };
  return parseAllowedSigners(text.value, file);
}

async function readGuarded(host: Host, file: string): Promise<Result<string>> {
  const guarded = await host.checkFile(file);
  return guarded.ok ? host.readText(file) : guarded;
}
