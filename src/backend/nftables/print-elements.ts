/** Changes to the members of live sets, as text for `nft -f`. */
import { type Address, FAMILIES, maskAddress, printAddress } from "../../policy/address.ts";
import type { Connection, LiveSet } from "../live.ts";
import { TABLE } from "./names.ts";

/** A membership made by hand has its use still before it: nothing has looked it up. */
const ONE_USE = " limit rate 1/week burst 1 packets";

/** Makes the source a member from now on, whatever it was before; without an end if none is given. */
export function printRemember(set: LiveSet, source: Address, seconds: number | undefined): string {
  const use = set.label.singleUse ? ONE_USE : "";
  const end = seconds === undefined ? "" : ` timeout ${seconds}s`;
  return `${printForget(set, source)}${change("add", set, `${printMember(set, source)}${use}${end}`)}`;
}

/** It is added first because to delete what is not there fails the whole transaction. */
export function printForget(set: LiveSet, source: Address): string {
  return `${change("add", set, printMember(set, source))}${change("delete", set, printMember(set, source))}`;
}

export function printForgetAll(set: LiveSet): string {
  return `flush set ${TABLE} ${set.name}\n`;
}

function change(verb: "add" | "delete", set: LiveSet, element: string): string {
  return `${verb} element ${TABLE} ${set.name} { ${element} }\n`;
}

export function printMember({ label }: LiveSet, source: Address): string {
  return printAddress(maskAddress(source, label.prefixLength));
}

/** Lets connections go on that began before there was a gate. */
export function printAdoption(connections: readonly Connection[], seconds: number): string {
  const doors = [...new Set(connections.map(({ door }) => door))];
  return doors
    .flatMap((door) =>
      FAMILIES.map((family) => {
        const flows = connections
          .filter((one) => one.door === door && one.source.family === family)
          .map(printFlow);
        if (flows.length === 0) return "";
        const elements = flows.map((flow) => `${flow} timeout ${seconds}s`).join(",\n    ");
        const set = `${door}_flows${family === "ipv4" ? 4 : 6}`;
        return `add element ${TABLE} ${set} {\n    ${elements}\n}\n`;
      }),
    )
    .join("");
}

function printFlow({ source, sourcePort, destination, destinationPort }: Connection): string {
  return [printAddress(source), sourcePort, printAddress(destination), destinationPort].join(" . ");
}
