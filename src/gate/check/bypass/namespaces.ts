/** Interfaces that stand on one of this host's and live in another network namespace. */
import type { Host } from "../../../host/index.ts";
import { type Address, parseAddress, printAddress } from "../../../policy/address.ts";
import { askForListeners, type Listener } from "../../listeners.ts";
import { at, listOf, parsed } from "../json.ts";
import { type Link, linkNamed, linkOf } from "./links.ts";

/** A macvlan or ipvlan in another namespace, as a container has it. */
export interface Child {
  readonly link: Link;
  /** The interface of this host that it stands on. */
  readonly on: string;
  /** Without link-local ones. */
  readonly addresses: readonly Address[];
  /** What listens in its namespace. */
  readonly listeners: readonly Listener[];
}

export interface Children {
  readonly found: readonly Child[];
  /** In words, what could not be looked at. */
  readonly notLookedAt: readonly string[];
}

/** Each costs a process: on a host of more containers than this, the rest is not looked at. */
const MOST = 64;

/** @param links those of this host. */
export async function readChildren(host: Host, links: readonly Link[]): Promise<Children> {
  const { paths, isHidden } = await findNamespaces(host);
  const all = await Promise.all(paths.slice(0, MOST).map((path) => childrenIn(host, path, links)));
  const found = await ownChildren(host, all.flat(), links);
  return {
    found: [...new Map(found.map((child) => [nameOf(child), child])).values()],
    notLookedAt: [
      ...(isHidden ? ["other network namespaces were not looked at: only root may"] : []),
      ...(paths.length > MOST
        ? [`other network namespaces were not all looked at: there are ${paths.length}`]
        : []),
    ],
  };
}

/** A namespace that has a name and processes is found by both. */
function nameOf({ link, on, addresses }: Child): string {
  return [on, link.index, link.name, ...addresses.map(printAddress)].join(" ");
}

/**
 * Those that stand on an interface of this namespace, which takes in frames to their hardware
 * addresses: another one may have the same number in its own namespace.
 */
async function ownChildren(
  host: Host,
  children: readonly Child[],
  links: readonly Link[],
): Promise<Child[]> {
  const taken = new Map<string, string>();
  for (const name of new Set(children.map(({ on }) => on))) {
    const { stdout } = await host.run(["bridge", "-json", "fdb", "show", "dev", name]);
    const filtered = listOf(parsed(stdout)).map((entry) => at(entry, "mac"));
    taken.set(name, [linkNamed(links, name)?.mac, ...filtered].join(" "));
  }
  return children.filter(({ on, link }) => taken.get(on)?.includes(link.mac ?? "?") === true);
}

/** One file for each other network namespace that has a name or processes, and more than `lo`. */
async function findNamespaces(host: Host): Promise<{ paths: string[]; isHidden: boolean }> {
  const own = await host.readLink("/proc/self/ns/net");
  const [processes, mounts, mayEnter] = await Promise.all([
    host.listFolder("/proc"),
    host.readKernelFile("/proc/self/mountinfo"),
    mayEnterNamespaces(host),
  ]);
  const pids = (processes.ok ? processes.value : []).filter((name) => /^\d+$/.test(name));
  const ofProcesses = await Promise.all(
    pids.map(async (pid) => ({ pid, namespace: await host.readLink(`/proc/${pid}/ns/net`) })),
  );
  const named = new Map(namedIn(mounts ?? ""));
  const pidIn = new Map(ofProcesses.map(({ pid, namespace }) => [namespace, pid]));
  for (const namespaces of [named, pidIn]) namespaces.delete(own ?? "");
  pidIn.delete(undefined);
  const inhabited = await Promise.all(
    [...pidIn].map(async ([namespace, pid]) =>
      (await hasOnlyLoopback(host, pid))
        ? []
        : [named.get(namespace ?? "") ?? `/proc/${pid}/ns/net`],
    ),
  );
  const others = [...named].flatMap(([namespace, path]) => (pidIn.has(namespace) ? [] : [path]));
  return { paths: [...inhabited.flat(), ...others], isHidden: !mayEnter };
}

/** Such as of a service that may not use the network. One name before a colon a line: proc(5). */
async function hasOnlyLoopback(host: Host, pid: string): Promise<boolean> {
  const devices = await host.readKernelFile(`/proc/${pid}/net/dev`);
  return devices !== undefined && !/^ *(?!lo:)[^\s:]+:/m.test(devices);
}

/** Namespaces that are mounted under a name: mountinfo in proc(5). */
function namedIn(mounts: string): [string, string][] {
  return [...mounts.matchAll(/^\d+ \d+ \S+ (net:\[\d+\]) (\S+) /gm)].map(
    ([, namespace = "", path = ""]) => [namespace, path],
  );
}

/** Bit 21 of the capability sets is CAP_SYS_ADMIN: capability.h of Linux. */
const CAP_SYS_ADMIN = 1n << 21n;

async function mayEnterNamespaces(host: Host): Promise<boolean> {
  const status = (await host.readKernelFile("/proc/self/status")) ?? "";
  const [, effective = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return (BigInt(`0x${effective}`) & CAP_SYS_ADMIN) !== 0n;
}

/** None where the namespace has gone since. */
async function childrenIn(host: Host, path: string, links: readonly Link[]): Promise<Child[]> {
  const inside = [`--net=${path}`];
  const { status, stdout } = await host.run([
    ...["nsenter", ...inside],
    ...["ip", "--json", "--details", "address", "show"],
  ]);
  if (status !== 0) return [];
  const found = listOf(parsed(stdout)).flatMap((item) => childOf(item, links));
  if (found.length === 0) return [];
  const there: Host = {
    ...host,
    run: (argv, options) => host.run(["nsenter", ...inside, ...argv], options),
  };
  const listeners = (await askForListeners(there)) ?? [];
  return found.map((child) => ({ ...child, listeners }));
}

function childOf(item: unknown, links: readonly Link[]): Omit<Child, "listeners">[] {
  const [link] = linkOf(item);
  if (link === undefined || !/^(macvlan|ipvlan)$/.test(link.kind ?? "")) return [];
  const parent = links.find(({ index }) => index === link.parentIndex);
  if (parent === undefined || !link.isParentElsewhere) return [];
  const addresses = listOf(item, "addr_info")
    .filter((one) => at(one, "scope") !== "link")
    .flatMap((one) => parseAddress(String(at(one, "local"))) ?? []);
  return addresses.length === 0 ? [] : [{ link, on: parent.name, addresses }];
}
