/** What lets `ssh` knock by itself. */
import { shellWord } from "./shell.ts";

export interface SshAccess {
  readonly host: string;
  /** The program and its arguments that come before the command's name. */
  readonly self: readonly string[];
}

/**
 * Lines for ~/.ssh/config. `Match host` looks at the name after `HostName`, so that they serve
 * those who call the host by another name, too, if they stand behind it.
 */
export function renderSshConfig({ host, self }: SshAccess): string {
  const command = self.map((word) => shellWord(word).replaceAll("%", "%%")).join(" ");
  return `\
# \`ssh ${host}\` knocks first. Put this at the end of ~/.ssh/config.
# For mosh, which ignores it: mosh --experimental-remote-ip=remote ${host}
Match host ${host}
    ProxyCommand ${command} connect %h %p
`;
}
