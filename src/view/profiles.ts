/** What is known of the doors of other hosts. Steps and keys are secret and not shown. */
import {
  bracketed,
  type ClientDoor,
  type Kept,
  type Profile,
  type Profiles,
} from "../client/index.ts";
import { printCarrier } from "../policy/carriers.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";
import { escapeControl } from "../problem/escape.ts";
import { fingerprintOf } from "../signed/index.ts";
import { renderDoor } from "./doors.ts";

export function renderProfiles(profiles: Profiles): string {
  if (profiles.size === 0) return "there are no profiles yet\n";
  return [...profiles]
    .flatMap(([host, { doors, client }]) => [
      client === undefined ? host : `${host}, with the key of ${client}`,
      ...doors.map(renderDoor),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

/** The same facts for scripts. */
export function reportProfiles(profiles: Profiles) {
  return {
    hosts: [...profiles].map(([host, { doors, client = null, sealingKey, identity = null }]) => ({
      ...{ host, client, identity },
      sealingKey: sealingKey === undefined ? null : fingerprintOf(sealingKey),
      doors: doors.map(({ name, protects, openForSeconds, singleUse, ...ways }) => ({
        name,
        protects: protects.map(printService),
        openFor: printSeconds(openForSeconds),
        singleUse,
        steps: ways.sequence?.steps.length ?? 0,
        carriers: ways.token?.carriers.map(printCarrier) ?? [],
        signed: ways.signed?.carriers.map(printCarrier) ?? [],
      })),
    })),
  };
}

export interface Added extends Kept {
  readonly host: string;
  /** What was to be added. */
  readonly added: Profile;
}

export function renderAdded({ host, added, doors, file, before }: Added): string {
  const lines = doors.map((door, n) => {
    const known = before?.doors.find(({ name }) => name === door.name);
    return `${renderDoor(door)}${whatIsReplaced(added.doors[n], known)}\n`;
  });
  const [first] = doors;
  const target = doors.length === 1 ? host : `${bracketed(host)}:${first?.name}`;
  return `\
wrote ${escapeControl(file)}, for your eyes alone
${host}${whoseKey(added, before)}
${lines.join("")}
  postern knock ${target}
  postern ssh-config ${host}
      prints what lets \`ssh ${host}\` knock by itself
`;
}

function whoseKey({ key, client, sealingKey }: Profile, before: Profile | undefined): string {
  const isOther = before?.key !== undefined && before.key !== key;
  const whose = client === undefined ? ", with a key" : `, with the key of ${client}`;
  const tokens = key === undefined ? "" : `${whose}${isOther ? IN_PLACE : ""}`;
  if (sealingKey === undefined) return tokens;
  const fingerprint = fingerprintOf(sealingKey);
  const known = before?.sealingKey && fingerprintOf(before.sealingKey);
  const isNew = known !== undefined && known !== fingerprint;
  return `${tokens}, with the sealing key ${fingerprint}${isNew ? ` (in the place of ${known})` : ""}`;
}

const IN_PLACE = " (in the place of another key)";

function whatIsReplaced(door: ClientDoor | undefined, known: ClientDoor | undefined): string {
  if (door === undefined || known === undefined) return "";
  const stays = [
    ...(door.sequence === undefined && known.sequence !== undefined ? ["sequence"] : []),
    ...(door.token === undefined && known.token !== undefined ? ["token"] : []),
    ...(door.signed === undefined && known.signed !== undefined ? ["signed knock"] : []),
  ].map((knock) => `; its ${knock} stays`);
  return ` (in the place of what was there${stays.join("")})`;
}
