/** Doors of clients as YAML, in the words of a policy. */
import { printCarrier } from "../../policy/carriers.ts";
import { turnedByYaml } from "../../policy/text/turned.ts";
import { printSeconds } from "../../policy/value/seconds.ts";
import { printService } from "../../policy/value/service.ts";
import { printStep } from "../../policy/value/step.ts";
import type { ClientDoor } from "./profiles.ts";

/** As a policy that has what a client needs of the door and nothing else. */
export function printExport(door: ClientDoor): string {
  return `\
# What a client needs to knock at the door ${door.name}. Whoever has this can open it. There:
# postern profile add HOST --from FILE
doors:
${indented(printDoor(door), 2)}`;
}

/** The name of the door and what stands under it. */
export function printDoor(door: ClientDoor): string {
  const services = door.protects.map(printService);
  const [service = ""] = services;
  return `\
${printKey(door.name)}:
  protects: ${services.length === 1 ? service : `[${services.join(", ")}]`}
  open-for: ${printSeconds(door.openForSeconds)}
${door.singleUse ? "  single-use: true\n" : ""}${printSequence(door)}${printToken(door)}${printSigned(door)}`;
}

function printSequence({ sequence }: ClientDoor): string {
  if (sequence === undefined) return "";
  return `\
  sequence:
    steps: [${sequence.steps.map(printStep).join(", ")}]
    within: ${printSeconds(sequence.withinSeconds)}
`;
}

function printToken({ token }: ClientDoor): string {
  if (token === undefined) return "";
  return `\
  token:
    carriers: [${token.carriers.map(printCarrier).join(", ")}]
`;
}

function printSigned({ signed }: ClientDoor): string {
  if (signed === undefined) return "";
  return `\
  signed:
    carriers: [${signed.carriers.map(printCarrier).join(", ")}]
${signed.bound ? "    bound: true\n" : ""}`;
}

/** A name as it stands before a colon: in quotes where YAML would make something else of it. */
export function printKey(name: string): string {
  return turnedByYaml(name) === undefined && !name.includes(":") ? name : JSON.stringify(name);
}

export function indented(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(columns));
}
