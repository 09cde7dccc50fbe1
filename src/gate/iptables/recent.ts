/** The lists of xt_recent, in the files that the kernel keeps for them. */
import {
  CLOCK,
  type Clock,
  clockAt,
  parseSeen,
  type Recent,
  type Seen,
} from "../../backend/iptables/index.ts";
import type { Finished, Host } from "../../host/index.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { readUptime } from "../keep/uptime.ts";
import { obstacle } from "../obstacle.ts";
import { readCapacity } from "./capacity.ts";

const FOLDER = "/proc/net/xt_recent";

/** @param list the only one that is asked about; default: all. */
export async function readRecent(host: Host, list?: string): Promise<Recent> {
  // One program for all files, of which a gate with many doors has hundreds.
  const where = list === undefined ? FOLDER : `${FOLDER}/${list}`;
  const files = await host.run(["grep", "-rH", "^src=", where], { purpose: "rules" });
  // Afterwards, so that nobody came in the future.
  const clock = await readClock(host);
  const lines = files.stdout.split("\n").flatMap((line) => {
    const [, name, rest] = new RegExp(`^${FOLDER}/([^:]+):(.*)$`).exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, rest }];
  });
  const seen = new Map<string, Seen[]>();
  for (const { name, rest } of lines)
    seen.set(name, [...(seen.get(name) ?? []), ...parseSeen(rest)]);
  return { capacity: await readCapacity(host), clock, seen };
}

/** What is in the file of one list, also those whose time is over. */
export async function readSeen(host: Host, list: string): Promise<Seen[]> {
  return parseSeen((await host.readKernelFile(`${FOLDER}/${list}`)) ?? "");
}

/** No members, for those who do not ask for them. */
export async function readNobody(host: Host): Promise<Recent> {
  return {
    capacity: await readCapacity(host),
    clock: { ticks: 0n, perSecond: 1 },
    seen: new Map(),
  };
}

/** Writes one line to the file of a list: `+ADDRESS`, `-ADDRESS`, or `/` to forget all. */
export async function writeTo(host: Host, list: string, line: string): Promise<Result<undefined>> {
  const path = `${FOLDER}/${list}`;
  const written = await host.run(["tee", path], { stdin: `${line}\n` });
  return written.status === 0 ? ok(undefined) : fail(unwritable(path, written));
}

function unwritable(path: string, { stderr, status }: Finished): Problem {
  const said = stderr.trim() || `tee ended with status ${status}`;
  return obstacle(
    "list-unwritable",
    `a list of the gate cannot be written: ${said}`,
    `see whether the gate still stands with \`postern status\`, and who may write to ${path}`,
  );
}

/** The moment is when a source came into a list of ours that holds nobody. */
async function readClock(host: Host): Promise<Clock> {
  await writeTo(host, CLOCK, "+127.0.0.1");
  const [stamp] = await readSeen(host, CLOCK);
  const ticks = stamp?.at ?? 0n;
  return clockAt(ticks, await readUptime(host));
}
