/** What a client knows of doors: hosts.yaml to {@link Profiles}, in the words of a policy. */
import type { DraftDoor } from "../../policy/across.ts";
import { doorOf } from "../../policy/finish.ts";
import { DOOR } from "../../policy/keys.ts";
import { doorName, hostName } from "../../policy/notations.ts";
import type {
  Door,
  DoorName,
  HostName,
  Policy,
  Seconds,
  Service,
  Step,
} from "../../policy/policy.ts";
import { readFile } from "../../policy/read.ts";
import { named } from "../../policy/shape/named.ts";
import { record } from "../../policy/shape/record.ts";
import { problemAt } from "../../policy/value/written.ts";
import { ok, type Problem, type Result } from "../../problem/problem.ts";

/** The doors of each host, by the name under which the host is known here. */
export type Profiles = ReadonlyMap<HostName, readonly ClientDoor[]>;

/** Of a door what it takes to knock and to come in, and no more. */
export interface ClientDoor {
  readonly name: DoorName;
  readonly protects: readonly Service[];
  readonly openForSeconds: Seconds;
  readonly singleUse: boolean;
  readonly steps: readonly Step[];
  /** The longest pause between two steps. */
  readonly withinSeconds: Seconds;
}

const HOST = record(
  {
    name: "a host",
    wanted: "`doors:` and, indented on the next lines, the name of a door and its keys",
  },
  {
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
    check: ({ hosts }) =>
      (hosts.value ?? []).flatMap((host) => checkDoors(host.content.doors.value)),
  });
  if (!read.ok) return read;
  const hosts = read.value.hosts.value ?? [];
  return ok(
    new Map(
      hosts.map(({ value, content }) => {
        const doors = content.doors.value ?? [];
        return [value, doors.flatMap((door) => clientDoorOf(doorOf(door)) ?? [])];
      }),
    ),
  );
}

/** The doors of a policy that a client can knock at. */
export function clientDoorsOf(policy: Policy): ClientDoor[] {
  return policy.doors.flatMap((door) => clientDoorOf(door) ?? []);
}

/** Undefined for a door that opens by hand alone. */
export function clientDoorOf(door: Door): ClientDoor | undefined {
  const { name, protects, openForSeconds, singleUse, sequence } = door;
  if (sequence === undefined) return undefined;
  const { steps, withinSeconds } = sequence;
  return { name, protects, openForSeconds, singleUse, steps, withinSeconds };
}

/** Whether doors get in each other's way is a matter of the gate, and of its policy. */
function checkDoors(doors: readonly DraftDoor[] = []): Problem[] {
  const mute = doors.filter(({ content }) => content.sequence.place === undefined);
  return mute.map(({ place, value }) =>
    problemAt(
      place,
      "missing-key",
      `door ${value} needs the key \`sequence\`: there is nothing to knock`,
      "write `sequence:` with its `steps`, or remove the door",
    ),
  );
}
