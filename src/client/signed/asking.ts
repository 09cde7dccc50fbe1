/** Whom `ssh-keygen` can ask for a passphrase, or for a touch. */
import type { Host } from "../../host/index.ts";

/** `program`: one with a window of its own (SSH_ASKPASS). */
export type Asked = "terminal" | "program" | "nobody";

/** The process that has started this one, and the terminal that both are at; 0 for none. */
const STAT = /^.*\) \S (\d+) \d+ \d+ (\d+)/s;

/**
 * `isBatch`: nobody is to be asked. Nor is anybody where it was said to the `ssh` for which this
 * connects, which does not pass it on.
 */
export async function findAsked(host: Host, isBatch: boolean): Promise<Asked> {
  const stat = (await host.readKernelFile("/proc/self/stat")) ?? "";
  const [, parent = "0", terminal = "0"] = STAT.exec(stat) ?? [];
  if (isBatch || (await isBatchOf(host, parent))) return "nobody";
  if (terminal !== "0") return "terminal";
  const hasWindows = ["DISPLAY", "WAYLAND_DISPLAY"].some((name) => isSet(host, name));
  return hasWindows || isForced(host) ? "program" : "nobody";
}

async function isBatchOf(host: Host, process: string): Promise<boolean> {
  const line = (await host.readKernelFile(`/proc/${process}/cmdline`)) ?? "";
  const [program = "", ...words] = line.split("\0");
  const isSsh = /(^|\/)ssh$/.test(program);
  return isSsh && /(^|\n)-\w*o\n?\s*batchmode\s*[=\s]\s*"?(yes|true)\b/i.test(words.join("\n"));
}

/** What `ssh-keygen` is told of it (ssh(1), ENVIRONMENT). */
export function environmentFor(host: Host, asked: Asked): Readonly<Record<string, string>> {
  switch (asked) {
    case "nobody":
      return { SSH_ASKPASS_REQUIRE: "force", SSH_ASKPASS: "false" };
    case "terminal":
      // It reads the text from a pipe, and would take that for having no terminal.
      return isForced(host) ? {} : { SSH_ASKPASS_REQUIRE: "never" };
    case "program":
      return {};
  }
}

function isForced(host: Host): boolean {
  return isSet(host, "SSH_ASKPASS_REQUIRE");
}

function isSet(host: Host, name: string): boolean {
  return (host.environment(name) ?? "") !== "";
}
