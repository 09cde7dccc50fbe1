/** What is known of the doors of other hosts. Steps are secret and not shown. */
import { bracketed, type ClientDoor, type Profiles } from "../client/index.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printService } from "../policy/value/service.ts";
import { escapeControl } from "../problem/escape.ts";
import { renderDoor } from "./doors.ts";

export function renderProfiles(profiles: Profiles): string {
  if (profiles.size === 0) return "there are no profiles yet\n";
  return [...profiles]
    .map(
      ([host, doors]) => `${host}\n${doors.map((door) => `${renderClientDoor(door)}\n`).join("")}`,
    )
    .join("");
}

/** The same facts for scripts. */
export function reportProfiles(profiles: Profiles) {
  return {
    hosts: [...profiles].map(([host, doors]) => ({
      host,
      doors: doors.map(({ name, protects, openForSeconds, singleUse, steps }) => ({
        name,
        protects: protects.map(printService),
        openFor: printSeconds(openForSeconds),
        singleUse,
        steps: steps.length,
      })),
    })),
  };
}

export interface Added {
  readonly host: string;
  readonly doors: readonly ClientDoor[];
  readonly file: string;
  /** Those that were there before. */
  readonly replaced: readonly ClientDoor[];
}

export function renderAdded({ host, doors, file, replaced }: Added): string {
  const lines = doors.map((door) => {
    const isNew = !replaced.some(({ name }) => name === door.name);
    return `${renderClientDoor(door)}${isNew ? "" : " (in the place of what was there)"}\n`;
  });
  const [first] = doors;
  const target = doors.length === 1 ? host : `${bracketed(host)}:${first?.name}`;
  return `\
wrote ${escapeControl(file)}, for your eyes alone
${host}
${lines.join("")}
  postern knock ${target}
  postern ssh-config ${host}
      prints what lets \`ssh ${host}\` knock by itself
`;
}

function renderClientDoor(door: ClientDoor): string {
  return renderDoor({ ...door, sequence: door });
}
