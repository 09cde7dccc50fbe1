/** Names of doors and of network interfaces. */
import { ok, type Result } from "../../problem/problem.ts";
import type { DoorName, InterfaceName } from "../policy.ts";
import { quoted, refuse, type Written } from "./written.ts";

export function parseDoorName(written: Written): Result<DoorName> {
  const { text } = written;
  if (/^[a-z][a-z0-9-]{0,31}$/.test(text)) return ok(text as DoorName);
  return refuse(
    written,
    "not-a-door-name",
    `${quoted(text)} cannot be the name of a door`,
    "write 1 to 32 of a-z, 0-9 and -, beginning with a letter",
  );
}

export function parseInterfaceName(written: Written): Result<InterfaceName> {
  const { text } = written;
  if (text === "lo") {
    return refuse(written, "loopback", "the gate never looks at loopback", "leave out lo");
  }
  if (/^[A-Za-z0-9._@:-]{1,15}$/.test(text) && !/^\.{1,2}$/.test(text)) {
    return ok(text as InterfaceName);
  }
  return refuse(
    written,
    "not-an-interface",
    `${quoted(text)} cannot be the name of an interface`,
    "write 1 to 15 letters, digits and . _ @ : -, as `ip link` shows it",
  );
}
