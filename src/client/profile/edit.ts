/** Changes to hosts.yaml that leave what else stands there as it was, comments too. */
import {
  type Document,
  isMap,
  isPair,
  type Node,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
} from "yaml";
import type { HostName } from "../../policy/policy.ts";
import { printSealingPublicKey } from "../../signed/index.ts";
import { printDoor, printKey } from "./print.ts";
import type { Profile } from "./profiles.ts";

/** Nothing is turned into a number or a boolean, as when it is read. */
const AS_WRITTEN = { schema: "failsafe" } as const;
const STYLE = { lineWidth: 0, flowCollectionPadding: false } as const;

const BEGINNING = `\
# The doors that you can knock at: postern knock HOST. Whoever reads this file can open them.
hosts: {}
`;

/** What is kept of a host besides what its user writes. */
export type Told = Pick<Profile, "doors"> & Partial<Pick<Profile, "client" | "key" | "sealingKey">>;

/**
 * The text with these doors under the host, each in the place of one that has its name, and with
 * its keys, if there are any. `text` is one that could be read; undefined for none.
 */
export function withProfile(
  text: string | undefined,
  host: HostName,
  { doors, client, key, sealingKey }: Told,
): string {
  const document = documentOf(text ?? BEGINNING);
  const known = mapAt(mapAt(document.contents, "hosts"), host);
  setFirst(known, {
    ...{ client, key },
    "sealing-key": sealingKey && printSealingPublicKey(sealingKey),
  });
  const under = mapAt(known, "doors");
  for (const door of doors) {
    const written = parseDocument(printDoor(door), AS_WRITTEN).contents;
    const pair = isMap(written) ? written.items[0] : undefined;
    if (!isPair(pair)) throw new Error("withProfile: a door was not printed as YAML");
    under.set(pair.key, pair.value);
  }
  return document.toString(STYLE);
}

/** Sets what is not undefined, and puts what is new before all that is there. */
function setFirst(map: YAMLMap, values: Readonly<Record<string, string | undefined>>): void {
  const fresh = new YAMLMap();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const scalar = new Scalar(value);
    // Other readers would turn some into numbers.
    scalar.type = Scalar.QUOTE_DOUBLE;
    (map.has(name) ? map : fresh).set(name, scalar);
  }
  map.items.unshift(...fresh.items);
}

/** The text without the host; undefined when no other is left. */
export function withoutHost(text: string, host: HostName): string | undefined {
  const document = documentOf(text);
  const hosts = mapAt(document.contents, "hosts");
  hosts.items = hosts.items.filter(({ key }) => !isNamed(key, host));
  return hosts.items.length === 0 ? undefined : document.toString(STYLE);
}

/** Without aliases: what stands in two places by way of one may be about to change in one of them. */
function documentOf(text: string): Document {
  const document = parseDocument(text, AS_WRITTEN);
  visit(document, {
    Alias: (_, alias) => alias.resolve(document)?.clone() as Node | undefined,
  });
  visit(document, {
    Node: (_, node) => {
      Reflect.deleteProperty(node, "anchor");
    },
  });
  return document;
}

/** The mapping under a key, made where there is none. */
function mapAt(parent: unknown, name: string): YAMLMap {
  if (!isMap(parent)) throw new Error(`mapAt: ${name} would stand in no mapping`);
  const found = parent.items.find(({ key }) => isNamed(key, name));
  if (isMap(found?.value)) {
    // What began as `{}` goes on in lines.
    if (found.value.items.length === 0) found.value.flow = false;
    return found.value;
  }
  const made = new YAMLMap();
  parent.set(parseDocument(printKey(name), AS_WRITTEN).contents, made);
  return made;
}

/** Names of hosts are the same whatever their case. */
function isNamed(key: unknown, name: string): boolean {
  return String(key).toLowerCase() === name.toLowerCase();
}
