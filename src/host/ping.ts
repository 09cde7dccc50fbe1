/** Echo requests take a privilege that the program `ping` has, whoever starts it. */
import { spawn } from "node:child_process";
import { type Answer, awaiting, type Sent } from "./answer.ts";
import { ENVIRONMENT } from "./programs.ts";

export interface Echo {
  readonly payloadBytes: number;
  /** Bytes of the payload from the 17th on, again and again; up to 16. */
  readonly pattern?: Uint8Array;
}

const SECONDS = 2;
/** What `ping` ends with where nothing came back. */
const NO_REPLY = 1;

/** Flooding with one packet: then `ping` of iputils prints a point once it has sent it. */
const SAYS_WHEN = ["-f", "-i", "1"];

export function argvOf(address: string, { payloadBytes, pattern }: Echo): string[] {
  const hex = pattern === undefined ? [] : ["-p", Buffer.from(pattern).toString("hex")];
  const options = ["-n", ...SAYS_WHEN, "-c", "1", "-W", `${SECONDS}`, "-s", `${payloadBytes}`];
  return ["ping", ...options, ...hex, address];
}

/** Sends one. */
export function sendPing({ address }: { readonly address: string }, echo: Echo): Sent {
  const { answer, settle, left, leave } = awaiting();
  const [program = "", ...args] = argvOf(address, echo);
  const ping = spawn(program, args, { env: { ...process.env, ...ENVIRONMENT } });
  let said = "";
  for (const stream of [ping.stdout, ping.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/^PING .*\n\./m.test(said)) leave(true);
    });
  }
  ping.on("error", ({ message }) => settle({ kind: "unreachable", why: message }));
  ping.on("close", (status) => settle(answerOf(status, said)));
  answer.then(
    (came) => leave(came?.kind === "accepted"),
    () => undefined,
  );
  return {
    answer,
    left,
    end: () => {
      settle(undefined);
      ping.kill();
    },
  };
}

function answerOf(status: number | null, said: string): Answer | undefined {
  if (status === 0) return { kind: "accepted" };
  if (status === NO_REPLY || status === null) return undefined;
  const why = said.split("\n").find((line) => line !== "" && !/^(PING|PATTERN)/.test(line));
  return { kind: "unreachable", why: why ?? "ping failed" };
}
