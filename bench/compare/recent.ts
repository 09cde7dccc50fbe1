/** The lists of xt_recent of a host. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Host } from "../../test/kernel/host.ts";
import { inNamespace } from "../../test/kernel/namespace.ts";

const LISTS = "/proc/self/net/xt_recent";

export function membersOfList({ namespace }: Host, name: string): ReadonlySet<string> {
  const text = inNamespace(namespace, () => readFileSync(`${LISTS}/${name}`, "utf8"));
  return new Set(text.match(/(?<=^src=)\S+/gm) ?? []);
}

export function emptyLists({ namespace }: Host, names: RegExp): void {
  inNamespace(namespace, () => {
    for (const name of readdirSync(LISTS).filter((name) => names.test(name))) {
      writeFileSync(`${LISTS}/${name}`, "/");
    }
  });
}
