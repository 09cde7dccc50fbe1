/** Shows from outside that a door is shut, opens to a knock, and shuts again, at every address. */
import type { Destination, Host } from "../../host/index.ts";
import { type AddressOutcome, type Errand, findAddresses, knock } from "../knock/knock.ts";
import { type Finding, judgeDatagram, judgeShut, judgeShutAgain, worstOf } from "./judge.ts";
import { observe, type Sighting, seeDatagram } from "./observe.ts";

/** What is claimed of an address, in this order. */
export type StageName = "shut-before" | "opens" | "shut-again";

export interface Stage {
  readonly name: StageName;
  readonly finding: Finding;
  /** What was seen at its ports. */
  readonly sightings: readonly Sighting[];
  /** Why FIN and ACK were not tried; undefined where they were. */
  readonly unsent?: string | undefined;
  /** Of `opens`: how the knock ended there. */
  readonly knocked?: AddressOutcome | undefined;
  /** Of `opens`, where nothing has ever come back: whether the address answers pings. */
  readonly answersPing?: boolean | undefined;
  /** Of `shut-again`: how long after the knock, in seconds. */
  readonly afterSeconds?: number;
}

export interface AddressProbe extends Destination {
  /** One that is not reached is missing, as are those behind it. */
  readonly stages: readonly Stage[];
}

export type Verdict = "proved" | "refuted" | "not-opened" | "untested";

export interface Probe {
  readonly addresses: readonly AddressProbe[];
  /** Why nothing could be probed. */
  readonly obstacle: string | undefined;
  readonly verdict: Verdict;
}

/** As for a knock that is only looked at; `waits` for the end of the grant. */
export interface ProbeErrand extends Errand {
  readonly waits: boolean;
}

/** In milliseconds: entries of the kernel go at the latest a second after their time. */
const SLACK = 1000;
/** How often it is looked whether the door has shut, a second apart. */
const LOOKS = 4;

export async function probe(host: Host, errand: ProbeErrand): Promise<Probe> {
  const found = await findAddresses(host, errand);
  if ("why" in found) return { addresses: [], obstacle: found.why, verdict: "untested" };
  const before = await Promise.all(
    found.map(async ({ to, hasRoute }): Promise<AddressProbe> => {
      if (!hasRoute) return { ...to, stages: [NO_ROUTE] };
      const observation = await observe(host, to, errand.door);
      const finding = judgeShut(observation);
      return { ...to, stages: [{ name: "shut-before", finding, ...observation }] };
    }),
  );
  if (!mayKnock(before)) return probeOf(before);
  const opened = await open(host, errand, before);
  if (!errand.waits) return probeOf(opened);
  return probeOf(await awaitEnd(host, errand, opened));
}

const NO_ROUTE: Stage = {
  name: "shut-before",
  finding: "untested",
  sightings: [{ service: "", packet: "syn", answer: "no way there" }],
};

/** Where one is open, a knock shows nothing; where none can be reached, it goes nowhere. */
function mayKnock(addresses: readonly AddressProbe[]): boolean {
  const stages = addresses.flatMap(({ stages: [before] }) => before ?? []);
  return stages.every(({ finding }) => finding !== "not-so") && addresses.some(isReached);
}

/** As far as this host knows: a datagram that nobody answers may have got there. */
function isReached({ stages: [before] }: AddressProbe): boolean {
  return before?.sightings.some(({ answer }) => HEARD_OR_SILENT.includes(answer)) ?? false;
}

const HEARD_OR_SILENT = ["silent", "refused", "accepted"];

async function open(
  host: Host,
  errand: ProbeErrand,
  before: readonly AddressProbe[],
): Promise<readonly AddressProbe[]> {
  const { addresses } = await knock(host, { ...errand, isLook: true, isPatient: true });
  return await Promise.all(
    before.map(async (one) => {
      const knocked = addresses.find(({ address }) => address === one.address);
      const [shut] = one.stages;
      if (shut === undefined || knocked === undefined || !isReached(one)) return one;
      const opens = await openStage(host, errand, { to: one, shut, knocked });
      const told = opens.sightings.filter(({ answer }) => answer !== "silent");
      const finding = judgeShut(
        shut,
        told.map(({ service }) => service),
      );
      return { ...one, stages: [{ ...shut, finding }, opens] };
    }),
  );
}

interface Opening {
  readonly to: Destination;
  /** What was seen before. */
  readonly shut: Stage;
  readonly knocked: AddressOutcome;
}

async function openStage(
  host: Host,
  { door, tryPorts }: ProbeErrand,
  { to, shut: { sightings: seen }, knocked }: Opening,
): Promise<Stage> {
  const udp = door.protects.filter(({ protocol }) => protocol === "udp");
  const sightings = await Promise.all(udp.map(({ ports }) => seeDatagram(host, to, ports.first)));
  const datagrams = sightings.map((after) =>
    judgeDatagram(
      seen.find(({ service }) => service === after.service),
      after,
    ),
  );
  const connected = knocked.state === "open" ? "so" : "not-so";
  const finding = worstOf([...datagrams, ...(tryPorts.length === 0 ? [] : ([connected] as const))]);
  const wasHeard = [...seen, ...sightings].some(({ answer }) => answer !== "silent");
  const answersPing = finding === "not-so" && !wasHeard ? await isAnswered(host, to) : undefined;
  return { name: "opens", finding, sightings, knocked, answersPing };
}

/** A ping like any other, when it cannot disturb a knock any more. */
async function isAnswered({ network }: Host, to: Destination): Promise<boolean> {
  return (await network.ping(to, { payloadBytes: 56 }).answer)?.kind === "accepted";
}

async function awaitEnd(
  host: Host,
  { door, tell }: ProbeErrand,
  opened: readonly AddressProbe[],
): Promise<readonly AddressProbe[]> {
  const isOpened = ({ stages }: AddressProbe) =>
    stages.some(({ name, finding }) => name === "opens" && finding !== "not-so");
  if (!opened.some(isOpened)) return opened;
  const began = host.monotonic();
  const after = () => Math.round((host.monotonic() - began) / 1000);
  // The one connection of such a door has been made.
  const milliseconds = door.singleUse ? 0 : door.openForSeconds * 1000 + SLACK;
  if (milliseconds > 0) tell(`waiting ${milliseconds / 1000} s, for the grant to end`);
  await host.pause(milliseconds);
  return await Promise.all(
    opened.map(async (one) => {
      if (!isOpened(one)) return one;
      return { ...one, stages: [...one.stages, await seeShut(host, one, door, after)] };
    }),
  );
}

async function seeShut(
  host: Host,
  to: Destination,
  door: ProbeErrand["door"],
  after: () => number,
): Promise<Stage> {
  // A datagram continues the session that the last one has begun.
  const protects = door.protects.filter(({ protocol }) => protocol === "tcp");
  const hasUdp = protects.length < door.protects.length;
  for (let looks = 1; ; looks++) {
    const afterSeconds = after();
    const observation = await observe(host, to, { protects });
    const shut = judgeShutAgain(observation);
    const finding = hasUdp ? worstOf([shut, "untested"]) : shut;
    if (finding !== "not-so" || looks === LOOKS) {
      return { name: "shut-again", finding, ...observation, afterSeconds };
    }
    await host.pause(SLACK);
  }
}

function probeOf(addresses: readonly AddressProbe[]): Probe {
  return { addresses, obstacle: undefined, verdict: verdictOf(addresses) };
}

/** What is refuted outweighs what is not known; a knock that opened nowhere has a status of its own. */
function verdictOf(addresses: readonly AddressProbe[]): Verdict {
  const stages = addresses.flatMap((one) => one.stages);
  const opens = stages.filter(({ name }) => name === "opens");
  const others = stages.filter(({ name }) => name !== "opens");
  if (others.some(({ finding }) => finding === "not-so")) return "refuted";
  const shut = opens.filter(({ finding }) => finding === "not-so");
  if (shut.length > 0) return shut.length === opens.length ? "not-opened" : "refuted";
  const isUntested = stages.some(({ finding }) => finding === "untested");
  return isUntested || opens.length === 0 ? "untested" : "proved";
}
