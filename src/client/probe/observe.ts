/** What comes back for packets to the ports of a door, from somebody who has not knocked. */
import type { Answer, Destination, Flag, Host, Sent } from "../../host/index.ts";
import type { Port } from "../../policy/policy.ts";
import type { ClientDoor } from "../profile/profiles.ts";

export type Kind = "syn" | Flag | "datagram";

export interface Sighting {
  /** As services are written: one port. */
  readonly service: string;
  readonly packet: Kind;
  /**
   * `silent`, `refused` (closed, as a port on which nothing listens), `accepted`, or the system's
   * word for why the packet did not get there.
   */
  readonly answer: string;
}

export interface Observation {
  readonly sightings: readonly Sighting[];
  /** Why FIN and ACK were not sent; undefined where they were, or where the door has no TCP port. */
  readonly unsent: string | undefined;
}

/** In milliseconds: a host of the same network that is not there is known to be none after three seconds. */
const PATIENCE = 3500;
/** One of them may be lost. */
const SEND_AGAIN = 1000;

const FLAGS: readonly Flag[] = ["fin", "ack"];

/** Sends to the first and the last port of each service, all at once. */
export async function observe(
  host: Host,
  to: Destination,
  { protects }: Pick<ClientDoor, "protects">,
): Promise<Observation> {
  const portsOf = (wanted: "tcp" | "udp") => [
    ...new Set(
      protects
        .filter(({ protocol }) => protocol === wanted)
        .flatMap(({ ports: { first, last } }) => [first, last]),
    ),
  ];
  const [tcp, udp] = [portsOf("tcp"), portsOf("udp")];
  const [first] = tcp;
  const unsent = first === undefined ? undefined : await whyNoSegments(host, to, first);
  const flags = unsent === undefined ? FLAGS : [];
  const sightings = await Promise.all([
    ...tcp.flatMap((port) => [
      see(host, { service: `tcp/${port}`, packet: "syn" }, () => host.network.look(to, port)),
      ...flags.map((flag) => seeSegment(host, to, port, flag)),
    ]),
    ...udp.map((port) => seeDatagram(host, to, port)),
  ]);
  return { sightings, unsent };
}

/** What came back for a datagram alone. */
export function seeDatagram(host: Host, to: Destination, port: Port): Promise<Sighting> {
  const send = () => host.network.sendDatagram(to, port);
  return see(host, { service: `udp/${port}`, packet: "datagram" }, send);
}

async function whyNoSegments(host: Host, to: Destination, port: Port): Promise<string | undefined> {
  const sent = await host.network.sendSegment(to, port, "ack");
  if (sent.ok) sent.value.end();
  return sent.ok ? undefined : sent.problems.map(({ what, fix }) => `${what}; ${fix}`).join(", ");
}

async function seeSegment(host: Host, to: Destination, port: Port, flag: Flag): Promise<Sighting> {
  const what = { service: `tcp/${port}`, packet: flag } as const;
  const end = new AbortController();
  const answers = [0, SEND_AGAIN].map(async (pause) => {
    await host.pause(pause, end.signal);
    if (end.signal.aborted) throw new Error("not sent");
    const sent = await host.network.sendSegment(to, port, flag);
    if (!sent.ok) throw new Error("not sent");
    const { answer } = await see(host, what, () => sent.value, PATIENCE - pause);
    if (answer === "silent") throw new Error(answer);
    return answer;
  });
  const answer = await Promise.any(answers).catch(() => "silent");
  end.abort();
  return { ...what, answer };
}

/** An answer, or that none came in that time. */
async function see(
  host: Host,
  what: Omit<Sighting, "answer">,
  send: () => Sent,
  patience = PATIENCE,
): Promise<Sighting> {
  const sent = send();
  const came = new AbortController();
  const answer = await Promise.race([
    sent.answer,
    host.pause(patience, came.signal).then(() => undefined),
  ]);
  came.abort();
  sent.end();
  return { ...what, answer: wordFor(answer) };
}

function wordFor(answer: Answer | undefined): string {
  if (answer === undefined) return "silent";
  return answer.kind === "unreachable" ? answer.why : answer.kind;
}
