/** What has to be there before a door is knocked at with a signature. */
import type { Host } from "../../host/index.ts";
import type { HostName } from "../../policy/policy.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Means } from "../knock/means.ts";
import type { Choice } from "../profile/choose.ts";
import type { Bind } from "./bind.ts";
import { findIdentities, type Identities } from "./find.ts";
import type { Signing } from "./signer.ts";

export interface Wishes {
  /** In the place of those of the profile. */
  readonly identity?: string | undefined;
  readonly bind?: Bind | undefined;
  /** Whether nobody is to be asked for anything. */
  readonly isBatch: boolean;
  readonly tell: (line: string) => void;
  /** Asks somebody for the sealing key of the host; undefined where nobody can be asked. */
  readonly askSealingKey?: (() => Promise<Result<Uint8Array>>) | undefined;
}

export interface Prepared {
  /** Without signed knocks where those cannot be. */
  readonly means: Means;
  readonly signing: Signing | undefined;
}

/** What is missing is a problem where the door is to be opened in no other way. */
export async function prepareSigning(
  host: Host,
  {
    name,
    choice,
    means,
  }: { readonly name: HostName; readonly choice: Choice; readonly means: Means },
  wishes: Wishes,
): Promise<Result<Prepared>> {
  if (means.signed.length === 0) return ok({ means, signing: undefined });
  const { isBatch, tell, askSealingKey } = wishes;
  const isFirst = means.carriers.length === 0;
  const isOnly = isFirst && means.sequence === undefined;
  const mayAsk = isFirst && !isBatch && askSealingKey !== undefined;
  const asked = mayAsk && choice.sealingKey === undefined ? await askSealingKey() : undefined;
  if (asked?.ok === false) return asked;
  const sealingKey = choice.sealingKey ?? asked?.value;
  if (sealingKey === undefined) {
    const problem = noSealingKey(name);
    if (isOnly) return fail(problem);
    tell(`signed knocks are left out: ${problem.what}; ${problem.fix}`);
    return ok({ means: { ...means, signed: [] }, signing: undefined });
  }
  const identity = wishes.identity ?? choice.identity;
  const identities = once(() => findIdentities(host, { host: name, identity, tell }));
  if (isOnly) {
    const found = await identities();
    if (!found.ok) return found;
  }
  const bind = wishes.bind ?? choice.bind ?? "auto";
  return ok({ means, signing: { sealingKey, bind, isBatch, identities } });
}

function once(find: () => Promise<Result<Identities>>): () => Promise<Result<Identities>> {
  let found: Promise<Result<Identities>> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

function noSealingKey(name: string): Problem {
  return {
    code: "no-sealing-key",
    severity: "error",
    what: `the profile of ${name} has no sealing key, which signed knocks are sealed to`,
    fix: `on that host \`postern agent key\` prints a line for \`postern profile add ${name} --from FILE\` here`,
  };
}
