/** What a host is, in the words of its programs: asked once, and not before every look at a gate. */
import type { Finished, Host } from "../host/index.ts";

const answers = new WeakMap<Host, Map<string, Promise<Finished>>>();

/** Runs a program for what does not change while this process runs. A failure is no answer. */
export async function askOnce(host: Host, ...argv: readonly string[]): Promise<Finished> {
  return answerOnce(host, argv.join(" "), () => host.run(argv));
}

/** Asks nft and the kernel whether they would take a text; nothing is changed. */
export async function tryOnce(host: Host, text: string): Promise<Finished> {
  const argv = ["nft", "--check", "-f", "-"];
  return answerOnce(host, `${argv.join(" ")} ${text}`, () => host.run(argv, { stdin: text }));
}

async function answerOnce(
  host: Host,
  question: string,
  ask: () => Promise<Finished>,
): Promise<Finished> {
  const known = answers.get(host) ?? new Map<string, Promise<Finished>>();
  answers.set(host, known);
  const answer = known.get(question) ?? ask();
  known.set(question, answer);
  let isAnswered = false;
  try {
    const finished = await answer;
    isAnswered = finished.status === 0;
    return finished;
  } finally {
    if (!isAnswered) known.delete(question);
  }
}

export function askVersion(host: Host, program: string): Promise<Finished> {
  return askOnce(host, program, "--version");
}
