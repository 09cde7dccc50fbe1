/** Who is at work on a gate, for another one who finds it busy. */
import type { Host } from "../../host/index.ts";
import { printAddress } from "../../policy/address.ts";
import { findSession } from "../session.ts";
import { hasKeys } from "./keep.ts";

export interface Who {
  readonly user: string;
  readonly pid: number;
  /** Where the user is connected from; empty at a console. */
  readonly from: string;
  /** The command, as it was asked for. */
  readonly doing: string;
}

export async function whoAmI(host: Host, doing: string): Promise<Who> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  const number = (key: string) =>
    Number(new RegExp(`^${key}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const names = ["SUDO_USER", "LOGNAME", "USER"].map((name) => host.environment(name) ?? "");
  const session = await findSession(host);
  return {
    user: names.find((name) => name !== "") ?? nameOf(number("Uid")),
    pid: number("Pid"),
    from: session === undefined ? "" : printAddress(session.source),
    doing,
  };
}

export function isWho(value: unknown): value is Who {
  return hasKeys(value, { user: "string", pid: "number", from: "string", doing: "string" });
}

/** `ada from 192.0.2.7 (postern apply, process 4242)` */
export function printWho({ user, from, doing, pid }: Who): string {
  return `${user}${from === "" ? "" : ` from ${from}`} (postern ${doing}, process ${pid})`;
}

function nameOf(user: number): string {
  return user === 0 ? "root" : `user ${user}`;
}
