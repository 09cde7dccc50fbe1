/** `postern knock` as an ordinary user of one host types it, with a home of that user's own. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bundle } from "../cli/run.ts";
import type { Host, Output } from "./host.ts";

const NOBODY = 65_534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

export interface Client {
  /** Runs `postern` with the words of a line. */
  readonly postern: (line: string) => Promise<Output>;
  /** The same as root, with the same home. */
  readonly asRoot: (line: string) => Promise<Output>;
  /** The same as the user, who has CAP_NET_RAW besides. */
  readonly withRawSockets: (line: string) => Promise<Output>;
  /** What the client knows of hosts: the doors of a policy, by host. */
  readonly knows: (hosts: Readonly<Record<string, string>>) => void;
  /** The same as a file has it. */
  readonly keep: (text: string) => void;
  /** The file in which it knows it. */
  readonly profiles: string;
}

export function clientOn(host: Host, bundle: Bundle): Client {
  const home = host.newPath("home");
  const profiles = join(home, ".config/postern/hosts.yaml");
  mkdirSync(dirname(profiles), { recursive: true });
  // The bundle and the homes lie in folders for root alone.
  for (const folder of [dirname(home), home, bundle.folder]) chmodSync(folder, 0o755);
  for (const folder of [home, join(home, ".config"), dirname(profiles)]) {
    chownSync(folder, NOBODY, NOBODY);
  }
  const keep = (text: string) => {
    writeFileSync(profiles, text);
    chmodSync(profiles, 0o600);
    chownSync(profiles, NOBODY, NOBODY);
  };
  const run = (who: readonly string[], line: string) =>
    host.run(
      [
        ...who,
        ...["env", "-u", "XDG_CONFIG_HOME", `HOME=${home}`],
        ...[process.execPath, bundle.file, ...line.split(" ")],
      ],
      { mayFail: true },
    );
  return {
    profiles,
    postern: (line) => run(AS_NOBODY, line),
    withRawSockets: (line) =>
      run([...AS_NOBODY, "--inh-caps=+net_raw", "--ambient-caps=+net_raw"], line),
    asRoot: (line) => {
      // It reads what is its own alone.
      chownSync(profiles, 0, 0);
      return run([], line).finally(() => chownSync(profiles, NOBODY, NOBODY));
    },
    knows: (hosts) => {
      const text = Object.entries(hosts).map(([name, policy]) => {
        const doors = policy.trim().replaceAll(/^/gm, "    ");
        return `  "${name}":\n${doors}\n`;
      });
      keep(`hosts:\n${text.join("")}`);
    },
    keep,
  };
}
