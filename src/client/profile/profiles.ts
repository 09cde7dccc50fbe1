/** What a client knows of doors: hosts.yaml to {@link Profiles}, in the words of a policy. */
import type { DraftDoor } from "../../policy/across.ts";
import { doorOf } from "../../policy/finish.ts";
import { DOOR } from "../../policy/keys.ts";
import { clientName, doorName, hostName, secret } from "../../policy/notations.ts";
import type {
  ClientName,
  Door,
  DoorName,
  HostName,
  Policy,
  Seconds,
  Secret,
  Sequence,
  Service,
  Signed,
  Token,
} from "../../policy/policy.ts";
import { readFile } from "../../policy/read.ts";
import { named } from "../../policy/shape/named.ts";
import { type FieldsOf, record } from "../../policy/shape/record.ts";
import { problemAt } from "../../policy/value/written.ts";
import { ok, type Problem, type Result } from "../../problem/problem.ts";
import type { Bind } from "../signed/bind.ts";
import { bind, identityFile, sealingKey } from "./notations.ts";

/** What is known of each host, by the name under which it is known here. */
export type Profiles = ReadonlyMap<HostName, Profile>;

export interface Profile {
  readonly doors: readonly ClientDoor[];
  /** What the host of the gate calls whoever has the key. */
  readonly client: ClientName | undefined;
  /** From which the tokens of its doors are made. */
  readonly key: Secret | undefined;
  /** The public half of the server's, to which signed knocks are sealed: 32 bytes. */
  readonly sealingKey: Uint8Array | undefined;
  /** The SSH key that signs, `~/` in front of it or not; undefined: as ssh does it. */
  readonly identity: string | undefined;
  readonly bind: Bind | undefined;
}

/** Of a door what it takes to knock and to come in, and no more; it opens to one knock at least. */
export interface ClientDoor {
  readonly name: DoorName;
  readonly protects: readonly Service[];
  readonly openForSeconds: Seconds;
  readonly singleUse: boolean;
  readonly sequence: Pick<Sequence, "steps" | "withinSeconds"> | undefined;
  /** The carriers, the first to try first. */
  readonly token: Pick<Token, "carriers"> | undefined;
  readonly signed: Pick<Signed, "carriers" | "bound"> | undefined;
}

export const HOST = record(
  {
    name: "a host",
    wanted: "`doors:` and, indented on the next lines, the name of a door and its keys",
  },
  {
    client: {
      shape: clientName,
      meaning: "the name that the key has on the host",
      example: "ana",
      absent: { kind: "described", value: undefined, words: "none" },
    },
    key: {
      shape: secret,
      meaning: "the key of which tokens are made",
      example: "",
      absent: { kind: "described", value: undefined, words: "none" },
    },
    "sealing-key": {
      shape: sealingKey,
      meaning: "the public half of the key to which signed knocks are sealed",
      example: "",
      absent: { kind: "described", value: undefined, words: "asked for" },
    },
    identity: {
      shape: identityFile,
      meaning: "the SSH key that signs, either half of it",
      example: "~/.ssh/id_ed25519",
      absent: { kind: "described", value: undefined, words: "those that ssh would use" },
    },
    bind: {
      shape: bind,
      meaning: "the source address that signed knocks are to open for",
      example: "none",
      absent: { kind: "described", value: undefined, words: "auto" },
    },
    doors: {
      shape: named(doorName, DOOR, {
        wanted: "the name of each door and, indented under it, its keys",
        mark: "protects",
      }),
      meaning: "the doors of the host, in the words of its policy",
      example: { ssh: { protects: "tcp/22", sequence: { steps: [21001, "udp/24040"] } } },
      absent: { kind: "refused" },
    },
  },
);

export type HostFields = FieldsOf<(typeof HOST)["keys"]>;

const PROFILES = record(
  {
    name: "a file of profiles",
    wanted: "`hosts:` and, indented on the next lines, the name of a host and its `doors:`",
  },
  {
    hosts: {
      shape: named(hostName, HOST, {
        wanted: "the name of each host and, indented under it, its `doors:`",
        mark: "doors",
      }),
      meaning: "the hosts, by the names or addresses that you call them by",
      example: { "gate.example.org": { doors: {} } },
      absent: { kind: "refused" },
    },
  },
);

/** Reads hosts.yaml; `file` is what the problems call it. Never throws, whatever the text. */
export function parseProfiles(text: string, file: string): Result<Profiles> {
  const read = readFile(text, file, {
    name: "a file of profiles",
    code: "not-profiles",
    shape: PROFILES,
    check: ({ hosts }) => (hosts.value ?? []).flatMap((host) => checkHost(host.content)),
    holdsSecrets: true,
  });
  if (!read.ok) return read;
  const hosts = read.value.hosts.value ?? [];
  return ok(new Map(hosts.map(({ value, content }) => [value, profileOf(content)])));
}

/** Of fields without a problem. */
export function profileOf({ client, key, doors, identity, ...fields }: HostFields): Profile {
  return {
    doors: (doors.value ?? []).flatMap((door) => clientDoorOf(doorOf(door)) ?? []),
    client: client.value,
    key: key.value,
    sealingKey: fields["sealing-key"].value,
    identity: identity.value,
    bind: fields.bind.value,
  };
}

/** The doors of a policy that a client can knock at. */
export function clientDoorsOf(policy: Policy): ClientDoor[] {
  return policy.doors.flatMap((door) => clientDoorOf(door) ?? []);
}

/** Undefined for a door that opens by hand alone. */
export function clientDoorOf(door: Door): ClientDoor | undefined {
  const { name, protects, openForSeconds, singleUse, sequence, token, signed } = door;
  if (sequence === undefined && token === undefined && signed === undefined) return undefined;
  return {
    ...{ name, protects, openForSeconds, singleUse },
    sequence: sequence && { steps: sequence.steps, withinSeconds: sequence.withinSeconds },
    token: token && { carriers: token.carriers },
    signed: signed && { carriers: signed.carriers, bound: signed.bound },
  };
}

/** Whether doors get in each other's way is a matter of the gate, and of its policy. */
export function checkHost({ key, doors }: HostFields): Problem[] {
  return (doors.value ?? []).flatMap((door) => checkDoor(door, key.place !== undefined));
}

function checkDoor({ place, value, content }: DraftDoor, hasKey: boolean): Problem[] {
  const missing = (what: string, fix: string) => [problemAt(place, "missing-key", what, fix)];
  const { sequence, token, signed } = content;
  if ([sequence, token, signed].every((way) => way.place === undefined)) {
    return missing(
      `door ${value} needs the key \`sequence\`, \`token\` or \`signed\`: there is nothing to knock`,
      "write `sequence:` with its `steps`, or remove the door",
    );
  }
  if (token.place === undefined || hasKey) return [];
  return missing(
    `door ${value} opens with tokens, and its host has no \`key\` to make them of`,
    "`postern key show NAME` there prints what to give to `postern profile add` here",
  );
}
