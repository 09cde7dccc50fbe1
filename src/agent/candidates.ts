/** Packets that the gate hands over because they may be signed knocks. */
import type { Host, Socket } from "../host/index.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { SIGNED_LOG_GROUP } from "../program/index.ts";
import { parseAcknowledgement, parseLogged, printListen, printListenNoMore } from "./netlink.ts";
import { type Carried, parseCarried } from "./packet.ts";

export interface Candidate extends Carried {
  /** As a policy writes it. */
  readonly carrier: string;
}

export interface Candidates {
  /** Those that have come together, and how many got lost since the last ones. Undefined: closed. */
  next(): Promise<{ readonly candidates: readonly Candidate[]; readonly lost: number } | undefined>;
  /** Whoever waits for the next ones is told. */
  close(): void;
}

/** Only one process can have them. */
export async function openCandidates(host: Host): Promise<Result<Candidates>> {
  const sockets = await host.sockets();
  if (!sockets.ok) return sockets;
  const socket = sockets.value.netfilter();
  if (!socket.ok) return socket;
  for (const request of printListen(SIGNED_LOG_GROUP)) {
    const refusal = ask(socket.value, request);
    if (refusal === 0) continue;
    socket.value.close();
    return fail(refusal === EPERM || refusal === EBUSY ? TAKEN : refused(refusal));
  }
  return ok(candidatesOf(socket.value));
}

/** What the kernel says of another one that has the group. */
const EPERM = 1;
const EBUSY = 16;

/** The number of the error, or 0. */
function ask(socket: Socket, request: Uint8Array): number {
  socket.write(request);
  while (true) {
    // A packet may come first.
    const answer = parseAcknowledgement(socket.readNow());
    if (answer !== undefined) return answer;
  }
}

function candidatesOf(socket: Socket): Candidates {
  let isClosed = false;
  let expected: number | undefined;
  const next: Candidates["next"] = async () => {
    const read = isClosed ? new Uint8Array() : await socket.read();
    if (isClosed) {
      socket.close();
      return undefined;
    }
    if (read === "lost") return { candidates: [], lost: 1 };
    const logged = parseLogged(read);
    const first = logged[0]?.sequence;
    const lost = first === undefined || expected === undefined ? 0 : Math.max(0, first - expected);
    const last = logged.at(-1)?.sequence;
    if (last !== undefined) expected = last + 1;
    const candidates = logged.flatMap(({ prefix, packet }) => {
      const carried = parseCarried(packet);
      return carried === undefined ? [] : [{ ...carried, carrier: prefix }];
    });
    return { candidates, lost };
  };
  return {
    next,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      socket.write(printListenNoMore(SIGNED_LOG_GROUP));
    },
  };
}

const TAKEN: Problem = {
  code: "host-agent-runs",
  severity: "error",
  what: "another agent is running: the kernel gives these packets to one process only",
  fix: "stop that one first (`systemctl stop postern-agent`, or see `pgrep -af 'postern.* agent'`)",
};

function refused(number: number): Problem {
  return {
    code: "host-no-log",
    severity: "error",
    what: `the kernel does not hand over packets that rules log: error ${number}`,
    fix: "it needs nfnetlink_log (`modprobe nfnetlink_log`)",
  };
}
