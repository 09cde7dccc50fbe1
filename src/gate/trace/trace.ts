/** Follows the packets of one source through the gate, as the kernel tells of them. */
import type { TableListing } from "../../backend/nftables/index.ts";
import type { Host, Running } from "../../host/index.ts";
import type { Address } from "../../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import type { BackendName } from "../backend.ts";
import { readTable } from "../nftables/index.ts";
import { NO_GATE, readGate } from "../standing.ts";
import { shapeOf } from "./happening.ts";
import type { TracedPacket } from "./monitor.ts";
import { narrator, type Seen } from "./narrator.ts";
import { type LeftOut, type Marks, markPackets } from "./table.ts";
import { type Telling, trailReader } from "./trails.ts";

export type TraceEvent =
  /** From here on nothing is missed. */
  | { readonly kind: "begun" }
  | { readonly kind: "packet"; readonly packet: TracedPacket; readonly seen: Seen }
  | Exclude<Telling, { readonly kind: "judged" }>;

/** @param at milliseconds since 1970. */
export type Tell = (event: TraceEvent, at: number) => void;

export interface TraceEnd {
  /** How many were told of, whether or not they were worth a line. */
  readonly packets: number;
  readonly leftOut: LeftOut;
}

/**
 * Tells of every packet of the source, for so many seconds or until Ctrl-C. What happens to
 * packets is not changed, and nothing is left behind.
 */
export async function traceSource(
  host: Host,
  source: Address,
  seconds: number,
  tell: Tell,
): Promise<Result<TraceEnd>> {
  const gate = await readTraceable(host);
  if (!gate.ok) return gate;
  const marks = await markPackets(host, source, seconds);
  if (!marks.ok) return marks;
  try {
    return await listen(host, seconds, { gate: gate.value, marks: marks.value, tell });
  } finally {
    await marks.value.remove();
  }
}

/** The gate, if it is one of nftables. */
async function readTraceable(host: Host): Promise<Result<TableListing>> {
  const standing = await readGate(host, { members: false });
  if (!standing.ok) return standing;
  const { name } = standing.value.backend;
  if (name !== "nftables") return fail(noTraceOf(name));
  const table = await readTable(host, { members: false });
  if (!table.ok) return table;
  return table.value === undefined ? fail(NO_GATE) : ok(table.value);
}

interface Session {
  readonly gate: TableListing;
  readonly marks: Marks;
  readonly tell: Tell;
}

async function listen(host: Host, seconds: number, session: Session): Promise<Result<TraceEnd>> {
  const monitor = await startMonitor(host, seconds, session.marks);
  if (monitor === undefined) return fail(NO_MONITOR);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    monitor.stop();
  };
  host.interruption().then(stop, stop);
  session.tell({ kind: "begun" }, host.now());
  const packets = await follow(host, monitor, session);
  const status = await monitor.ended;
  if (status !== TIME_IS_UP && !isStopped) return fail(NO_MONITOR);
  return ok({ packets, leftOut: await session.marks.countLeftOut() });
}

/** How many packets it has told of. */
async function follow(host: Host, { lines }: Running, session: Session): Promise<number> {
  const { gate, marks, tell } = session;
  const roles = new Map(gate.sets.map(({ name, label }) => [name, label.role.kind]));
  const read = trailReader(marks.table, roles);
  const narrate = narrator(shapeOf(gate.sets, chainsIn(gate)));
  let packets = 0;
  for await (const line of lines) {
    const at = host.now();
    for (const telling of read(line)) {
      if (telling.kind === "judged") {
        const { packet } = telling;
        packets += 1;
        for (const seen of narrate(telling, at)) tell({ kind: "packet", packet, seen }, at);
      } else {
        tell(telling, at);
      }
    }
  }
  return packets;
}

function chainsIn({ names }: TableListing): string[] {
  return names.flatMap((name) => /^chain (.*)$/.exec(name)?.[1] ?? []);
}

/** What `timeout` ends with when it has ended its program. */
const TIME_IS_UP = 124;
/** A minute and a half of them, each twice as long after the one before. */
const STIRS = 12;
const FIRST_STIR_MILLISECONDS = 25;

/**
 * A monitor that hears: it has told of a change to our own table. `nft monitor trace` would tell
 * of packets alone, and nobody could say from when on. It ends when this process is killed.
 *
 * First it reads all that the kernel has of nftables, and begins anew whenever something changes
 * meanwhile: so where sets are full it has to be left in peace for longer and longer.
 */
async function startMonitor(
  host: Host,
  seconds: number,
  marks: Marks,
): Promise<Running | undefined> {
  const argv = ["setpriv", "--pdeathsig", "TERM", "timeout", `${seconds}`, "nft", "monitor"];
  const monitor = host.start(argv);
  const told = new AbortController();
  const stir = async () => {
    for (let n = 0; n < STIRS && !told.signal.aborted; n += 1) {
      await marks.stir(`heard_${n}`);
      await host.pause(FIRST_STIR_MILLISECONDS * 2 ** n, told.signal);
    }
    if (!told.signal.aborted) monitor.stop();
  };
  const stirring = stir();
  const hears = await tellsOf(monitor, `add counter ${marks.table} heard_`);
  told.abort();
  await stirring;
  return hears ? monitor : undefined;
}

/** Whether a line comes that begins so; all lines before it are left out. */
async function tellsOf({ lines }: Running, beginning: string): Promise<boolean> {
  for await (const line of lines) {
    if (line.startsWith(beginning)) return true;
  }
  return false;
}

function noTraceOf(backend: BackendName): Problem {
  return {
    code: "host-no-trace",
    severity: "error",
    what: `a trace follows gates of nftables only, and this one is of ${backend}`,
    fix: "ask `postern explain ADDRESS`, which tells about any packet",
  };
}

const NO_MONITOR: Problem = {
  code: "host-no-trace",
  severity: "error",
  what: "`nft monitor` does not tell of packets here",
  fix: "see that `setpriv`, `timeout` and `nft monitor` can be started",
};
