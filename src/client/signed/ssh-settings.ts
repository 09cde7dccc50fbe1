/** What the settings of ssh say of keys, for a host: `ssh -G` tells it. */
import type { Host } from "../../host/index.ts";

export interface SshSettings {
  /** Where the agent listens; undefined: none is to be asked. */
  readonly agent: string | undefined;
  /** Whether only keys of {@link files} are meant, also of those that the agent has. */
  readonly isExclusive: boolean;
  /** Private keys, or public ones whose private half the agent has; they need not exist. */
  readonly files: readonly string[];
  /** Whether nobody may be asked for anything. */
  readonly isBatch: boolean;
}

/** What is set while ssh is asked: its settings may say that `postern knock` is to be run. */
export const ASKING = "POSTERN_ASKS_SSH";

/** Where ssh is not installed, or cannot read its settings, what it would say without any. */
export async function readSshSettings(host: Host, name: string): Promise<SshSettings> {
  const { status, stdout } = await host.run(["ssh", "-G", name], {
    environment: { [ASKING]: "1" },
  });
  return parseSshSettings(status === 0 ? stdout : DEFAULTS, name, (variable) =>
    host.environment(variable),
  );
}

const DEFAULTS = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"]
  .map((file) => `identityfile ~/.ssh/${file}`)
  .join("\n");

/** Reads lines of a word and a value. What `name` is to ssh it says itself. */
export function parseSshSettings(
  text: string,
  name: string,
  environment: (variable: string) => string | undefined,
): SshSettings {
  const lines = text.split("\n").map((line): [string, string] => {
    const [, word = "", value = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
    return [word, value];
  });
  const values = new Map(lines);
  const home = environment("HOME") ?? "";
  const tokens: Readonly<Record<string, string | undefined>> = {
    "%": "%",
    d: home,
    h: values.get("hostname"),
    n: name,
    p: values.get("port"),
    r: values.get("user"),
    u: environment("USER") ?? environment("LOGNAME"),
  };
  const expand = (value: string) => expandPath(value, { home, tokens, environment });
  return {
    agent: agentIn(values.get("identityagent") ?? SOCKET, expand, environment),
    isExclusive: values.get("identitiesonly") === "yes",
    files: lines.flatMap(([word, value]) =>
      word === "identityfile" && value !== "none" ? (expand(value) ?? []) : [],
    ),
    isBatch: values.get("batchmode") === "yes",
  };
}

const SOCKET = "SSH_AUTH_SOCK";

function agentIn(
  value: string,
  expand: (value: string) => string | undefined,
  environment: (variable: string) => string | undefined,
): string | undefined {
  if (value === "none") return undefined;
  const [, variable] = /^\$(\w+)$/.exec(value) ?? [];
  const named = variable ?? (value === SOCKET ? SOCKET : undefined);
  const path = named === undefined ? expand(value) : environment(named);
  return path === "" ? undefined : path;
}

interface Expansion {
  readonly home: string;
  readonly tokens: Readonly<Record<string, string | undefined>>;
  readonly environment: (variable: string) => string | undefined;
}

/** A path as ssh_config(5) writes it; undefined where it has something that is not known here. */
function expandPath(value: string, { home, tokens, environment }: Expansion): string | undefined {
  let isKnown = true;
  const known = (found: string | undefined) => {
    if (found === undefined) isKnown = false;
    return found ?? "";
  };
  const path = value
    .replace(/^"(.*)"$/, "$1")
    .replace(/^~(?=\/)/, home)
    .replaceAll(/\$\{(\w+)\}|%(.)/g, (_, variable: string | undefined, token: string) =>
      known(variable === undefined ? tokens[token] : environment(variable)),
    );
  return isKnown ? path : undefined;
}
