/** Hosts on which a first policy is made, and somebody who answers the questions. */
import type { Asker } from "../../src/cli/asker.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import type { Finished, Host } from "../../src/host/index.ts";
import { type Answers, type FakeHost, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";
import type { Ran } from "./run.ts";

export const FILE = "/etc/postern/policy.yaml";
const SS = "ss --no-header --numeric --listening --tcp --udp --processes";
export const IP = "ip --json address show up scope global";

export const SSHD = 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))';
const LISTENERS = [
  'udp UNCONN 0 0 127.0.0.53:53 0.0.0.0:* users:(("resolved",pid=4,fd=3))',
  "udp UNCONN 0 0 0.0.0.0:51820 0.0.0.0:*",
  'tcp LISTEN 0 511 *:443 *:* users:(("nginx",pid=2,fd=6),("nginx",pid=3,fd=6))',
  'tcp LISTEN 0 511 127.0.0.1:5432 0.0.0.0:* users:(("postgres",pid=5,fd=6))',
  'tcp LISTEN 0 511 [::]:8080 [::]:* users:(("\u001b[31mWeb",pid=9,fd=6))',
  SSHD,
  'tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=4))',
];
export const SESSION = "198.51.100.7 51234 203.0.113.5 22";

interface Scene extends Answers {
  readonly listeners?: readonly string[];
  readonly programs?: Readonly<Record<string, Finished>>;
}

export function hostWith({
  listeners = LISTENERS,
  programs = {},
  ...answers
}: Scene = {}): FakeHost {
  const host = fakeHost({
    ...answers,
    files: { "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n", ...answers.files },
  });
  const known: Readonly<Record<string, Finished>> = {
    [SS]: prints(`${listeners.join("\n")}\n`),
    [IP]: prints('[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.5"}]}]'),
    ...programs,
  };
  return { ...host, run: (argv, options) => found(known, argv) ?? host.run(argv, options) };
}

function found(known: Readonly<Record<string, Finished>>, argv: readonly string[]) {
  const answer = known[argv.join(" ")];
  return answer && Promise.resolve(answer);
}

export async function init(line: string, host: Host, asker?: Asker): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const exit = await runCommandLine(["init", ...line.split(" ").filter((word) => word !== "")], {
    host,
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    colour: { stdout: false, stderr: false },
    asker: asker && (() => Promise.resolve(asker)),
  });
  return { exit, ...written };
}

export function textIn(host: FakeHost, file = FILE): string {
  const text = host.written.get(file);
  if (text === undefined) throw new Error(`textIn: nothing was written to ${file}`);
  return text;
}

export function doorIn(host: FakeHost, file = FILE) {
  const { doors, trusted } = policyOf(textIn(host, file));
  const [door] = doors;
  if (door?.sequence === undefined || doors.length > 1) throw new Error("doorIn: not one door");
  return { ...door, sequence: door.sequence, trusted };
}

/** Somebody who answers so many questions with Enter but for some, and then breaks off. */
interface Somebody extends Asker {
  readonly asked: string[];
  readonly labels: string[];
}

export function somebody(
  answers: Readonly<Record<string, string | boolean>> = {},
  patience = 99,
): Somebody {
  const asked: string[] = [];
  const labels: string[] = [];
  const next = (question: string) => {
    asked.push(question);
    return asked.length <= patience;
  };
  const answerTo = (question: string) =>
    Object.entries(answers).find(([part]) => question.includes(part))?.[1];
  return {
    asked,
    labels,
    choose({ question, options }) {
      if (!next(question)) return Promise.resolve(undefined);
      labels.push(...options.map(({ label }) => label));
      const wanted = String(answerTo(question) ?? options[0]?.label);
      return Promise.resolve(options.find(({ label }) => label.includes(wanted))?.value);
    },
    read({ question, preset, parse }) {
      if (!next(question)) return Promise.resolve(undefined);
      const parsed = parse(String(answerTo(question) ?? preset));
      if (!parsed.ok) throw new Error(`read: ${parsed.problems[0]?.what}`);
      return Promise.resolve(parsed.value);
    },
    confirm({ question, preset }) {
      if (!next(question)) return Promise.resolve(undefined);
      return Promise.resolve(
        answerTo(question) === undefined ? preset : answerTo(question) === true,
      );
    },
  };
}
