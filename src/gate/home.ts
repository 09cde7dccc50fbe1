import type { Host } from "../host/index.ts";

export const DEFAULT_HOME = "/etc/postern";

/** Where everything of this host lies: its policy, and the keys of its clients. */
export function homeOf(host: Host): string {
  const named = host.environment("POSTERN_DIR") ?? "";
  return named === "" ? DEFAULT_HOME : named;
}
