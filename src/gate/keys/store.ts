/**
 * The keys of clients: one file for each in the folder `keys`. A key that is taken away gets
 * another name first, and stays until its tokens have left the kernel.
 */
import type { Host } from "../../host/index.ts";
import type { ClientName } from "../../policy/policy.ts";
import { parseClientName } from "../../policy/value/name.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { type ClientKey, parseKey, printKey } from "../../token/index.ts";
import { homeOf } from "../home.ts";

export interface Client {
  readonly name: ClientName;
  readonly key: ClientKey;
}

export interface Keys {
  /** By their names. */
  readonly clients: readonly Client[];
  /** Those that were taken away, and may have tokens in the kernel. */
  readonly revoked: readonly Client[];
  /** Clients with a file from which no key can be read. */
  readonly unreadable: ReadonlySet<string>;
  /** What is wrong with those. */
  readonly problems: readonly Problem[];
}

const KEY = ".key";
const REVOKED = ".revoked";

export function keyFileOf(host: Host, name: ClientName): string {
  return `${folderOf(host)}/${name}${KEY}`;
}

/** All of them; what is in the folder besides is left out. */
export async function readKeys(host: Host): Promise<Result<Keys>> {
  const files = await host.listFolder(folderOf(host));
  if (!files.ok) return files;
  const named = files.value.toSorted();
  const [clients, revoked] = [await readAll(host, named, KEY), await readAll(host, named, REVOKED)];
  return ok({
    clients: clients.read,
    revoked: revoked.read,
    unreadable: new Set(clients.unread),
    problems: [...clients.problems, ...revoked.problems],
  });
}

/** The key of one client; none is a problem. */
export async function readClient(host: Host, name: ClientName): Promise<Result<Client>> {
  const read = await readKey(host, `${name}${KEY}`);
  if (!read.ok) return read;
  if (read.value !== undefined) return ok({ name, key: read.value });
  const keys = await readKeys(host);
  const names = keys.ok ? keys.value.clients.map((client) => client.name) : [];
  return fail({
    code: "no-such-client",
    severity: "error",
    what: `there is no client called ${JSON.stringify(name)}`,
    fix:
      names.length === 0 ? "make its key with `postern key add`" : `they are ${names.join(", ")}`,
  });
}

/** A client of that name is a problem, and stays as it is. */
export function writeClient(host: Host, { name, key }: Client): Promise<Result<undefined>> {
  return host.writeNew(keyFileOf(host, name), printKey(name, key));
}

/** In the place of the file that is there. */
export function rewriteClient(host: Host, { name, key }: Client): Promise<Result<undefined>> {
  return host.replace(keyFileOf(host, name), printKey(name, key));
}

/** From now on it is nobody's. What follows takes its tokens away. */
export async function revokeClient(host: Host, name: ClientName): Promise<Result<undefined>> {
  const file = `${folderOf(host)}/${name}${REVOKED}`;
  return host.rename(keyFileOf(host, name), file);
}

/** Once none of its tokens is left. */
export function forgetRevoked(host: Host, { name }: Client): Promise<Result<undefined>> {
  return host.remove(`${folderOf(host)}/${name}${REVOKED}`);
}

function folderOf(host: Host): string {
  return `${homeOf(host)}/keys`;
}

async function readAll(host: Host, files: readonly string[], end: string) {
  const read: Client[] = [];
  const unread: string[] = [];
  const problems: Problem[] = [];
  for (const file of files.filter((name) => name.endsWith(end))) {
    const name = parseClientName({ text: file.slice(0, -end.length) });
    const key = name.ok ? await readKey(host, file) : name;
    if (name.ok && key.ok && key.value !== undefined)
      read.push({ name: name.value, key: key.value });
    if (key.ok) continue;
    unread.push(file.slice(0, -end.length));
    problems.push(...key.problems);
  }
  return { read, unread, problems };
}

async function readKey(host: Host, file: string): Promise<Result<ClientKey | undefined>> {
  const path = `${folderOf(host)}/${file}`;
  const text = await host.readSecret(path);
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  return parseKey(text.value, path);
}
