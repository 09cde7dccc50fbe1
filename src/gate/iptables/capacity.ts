/** How many sources the lists of this host hold, and what has to be done so that they hold more. */
import type { Host } from "../../host/index.ts";

/** What this host says of xt_recent. */
export interface XtRecent {
  /** How many sources a list holds; undefined where this user may not know. */
  readonly capacity: number | undefined;
  readonly module: "built in" | "loaded" | "not loaded";
}

const LISTS = "/proc/net/xt_recent";
const MODULE = "/sys/module/xt_recent";
const CAPACITY = `${MODULE}/parameters/ip_list_tot`;
/** A parameter that everybody may read, unlike the capacity. */
const OPEN_TO_ALL = `${MODULE}/parameters/ip_list_uid`;
/** Only of what was loaded. */
const STATE = `${MODULE}/initstate`;
/** What the module takes when nobody tells it (xt_recent.c of Linux). */
const DEFAULT_CAPACITY = 100;
const OPTIONS = "/etc/modprobe.d/postern.conf";

/** How many sources a list of this host holds. */
export async function readCapacity(host: Host): Promise<number> {
  return (await readXtRecent(host)).capacity ?? DEFAULT_CAPACITY;
}

export async function readXtRecent(host: Host): Promise<XtRecent> {
  const [told, open, state] = await Promise.all(
    [CAPACITY, OPEN_TO_ALL, STATE].map((path) => host.readKernelFile(path)),
  );
  const capacity = numberIn(told);
  if (capacity === undefined && open === undefined && state === undefined) {
    const options = await host.readText(OPTIONS);
    const [, written] =
      /^options\s+xt_recent\s.*\bip_list_tot=(\d+)/m.exec(options.ok ? options.value : "") ?? [];
    return { capacity: numberIn(written) ?? DEFAULT_CAPACITY, module: "not loaded" };
  }
  return { capacity, module: state === undefined ? "built in" : "loaded" };
}

function numberIn(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isNaN(number) ? undefined : number;
}

/** One less than a power of two: of one more source the kernel makes twice the room. */
const CAPACITIES = [65_535, 16_383, 4095] as const;
const LEAST = 1023;
/** The room for a list is there from the beginning: 16 bytes for each source that it may hold. */
const BYTES_A_SOURCE = 16;
/** What all lists of a gate may take while they are empty. */
const MOST_BYTES = 64 * 1024 * 1024;

/** How many sources each of so many lists ought to hold. */
export function capacityFor(lists: number): number {
  const bytesFor = (capacity: number) => lists * (capacity + 1) * BYTES_A_SOURCE;
  return CAPACITIES.find((capacity) => bytesFor(capacity) <= MOST_BYTES) ?? LEAST;
}

/** What to do so that the lists which there are now hold more. */
export async function adviseOnCapacity(host: Host): Promise<string> {
  const names = await host.run(["ls", LISTS]);
  const lists = names.stdout.split("\n").filter((name) => name.startsWith("postern-"));
  return howToRaise(await readXtRecent(host), lists.length);
}

/** What to do so that each of so many lists holds that many. */
export function howToRaise({ module }: Pick<XtRecent, "module">, lists: number): string {
  const capacity = capacityFor(lists);
  const option = `ip_list_tot=${capacity}`;
  const bytes = lists * (capacity + 1) * BYTES_A_SOURCE;
  const takes = `the ${lists} lists of this gate then take ${Math.ceil(bytes / 2 ** 20)} MB`;
  if (module === "built in") {
    return `add \`xt_recent.${option}\` to the kernel's command line and restart the host; ${takes}`;
  }
  const write = `write \`options xt_recent ${option}\` into ${OPTIONS}`;
  const when =
    module === "not loaded"
      ? "before the first gate is loaded"
      : "and restart the host, or `postern remove`, `modprobe -r xt_recent` and apply again";
  return `${write} ${when}; ${takes}`;
}
