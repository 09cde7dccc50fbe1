/** Asks for the key of a host to which signed knocks are sealed, as ssh asks for a host's key. */
import { keepSealingKey } from "../client/index.ts";
import type { Host } from "../host/index.ts";
import type { HostName } from "../policy/policy.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import { fingerprintOf, parseSealingPublicKey } from "../signed/index.ts";
import type { Asker } from "./asker.ts";

/** Keeps it in the profile of the host when it is trusted. */
export async function askSealingKey(
  host: Host,
  name: HostName,
  start: () => Promise<Asker>,
): Promise<Result<Uint8Array>> {
  const asker = await start();
  const key = await asker.read({
    question: `The sealing key of ${name}?`,
    why: "`postern agent key` prints it there: signed knocks are sealed to it.",
    preset: "",
    parse: parseSealingPublicKey,
  });
  if (key === undefined) return fail(untrusted(name));
  const isTrusted = await asker.confirm({
    question: `Its fingerprint is ${fingerprintOf(key)}. Trust it, and keep it?`,
    why: "Compare it with what `postern agent key` prints there: whose key this is learns who you are.",
    preset: false,
  });
  if (isTrusted !== true) return fail(untrusted(name));
  const kept = await keepSealingKey(host, name, key);
  return kept.ok ? ok(key) : kept;
}

function untrusted(name: string) {
  return {
    code: "no-sealing-key",
    severity: "error",
    what: `no sealing key of ${name} is trusted, and nothing was sent`,
    fix: `bring the line of \`postern agent key\` here by a way that you trust: \`postern profile add ${name} --from FILE\``,
  } as const;
}
