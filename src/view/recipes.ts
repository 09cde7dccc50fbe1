/** Lines of shell that knock at a door with what is installed nearly everywhere. */
import type { Door, Step } from "../policy/policy.ts";

export interface Recipe {
  readonly tool: "knock" | "nc" | "nmap" | "bash" | "ping";
  /** One line, for any shell, that ends by itself. */
  readonly line: string;
}

type PortStep = Extract<Step, { readonly kind: "port" }>;
type PingStep = Extract<Step, { readonly kind: "ping" }>;

/** The steps at the ports of one host, and how much time there is between two of them. */
interface Visit {
  readonly host: string;
  readonly steps: readonly PortStep[];
  readonly isHurried: boolean;
}

/**
 * One recipe for each tool, none for a door without a sequence. `host` is an address or a name,
 * as it stands in a command. Whoever reads a recipe can open the door.
 */
export function recipesOf({ sequence }: Door, host: string): readonly Recipe[] {
  if (!/^[\w:][\w.:%-]*$/.test(host)) throw new Error(`recipesOf: ${host} is not a host`);
  if (sequence === undefined) return [];
  const { steps, withinSeconds } = sequence;
  const isHurried = withinSeconds < SECONDS_TO_SPARE;
  const lineOf = (print: (visit: Visit) => string) =>
    runsOf(steps)
      .map((run) =>
        isPing(run) ? ping(run, host, isHurried) : print({ host, steps: run, isHurried }),
      )
      .join("; ");
  if (steps.every(({ kind }) => kind === "ping")) {
    return [{ tool: "ping", line: lineOf(() => "") }];
  }
  return [
    { tool: "knock", line: lineOf(knock) },
    { tool: "nc", line: lineOf(nc) },
    { tool: "nmap", line: lineOf(nmapAs(whoRuns(steps))) },
    { tool: "bash", line: lineOf(bash) },
  ];
}

/** A tool that waits for an answer to each step gives it a second. */
const SECONDS_TO_SPARE = 3;
const HURRIED = "timeout 0.5";

/** A network may turn round packets that follow each other at once. */
const KNOCK_PAUSE_MILLISECONDS = 200;

/** Steps in a row that one command can make. */
function runsOf(steps: readonly Step[]): (readonly PortStep[] | PingStep)[] {
  const runs: (PortStep[] | PingStep)[] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    if (step.kind === "ping") runs.push(step);
    else if (Array.isArray(run)) run.push(step);
    else runs.push([step]);
  }
  return runs;
}

function isPing(run: readonly PortStep[] | PingStep): run is PingStep {
  return "kind" in run;
}

function ping({ payloadBytes }: PingStep, host: string, isHurried: boolean): string {
  return `${isHurried ? `${HURRIED} ` : ""}ping -c 1 -W 1 -s ${payloadBytes} ${host}`;
}

function knock({ host, steps }: Visit): string {
  const ports = steps.map((step) => (isUdp(step) ? `${step.port}:udp` : step.port));
  return `knock -d ${KNOCK_PAUSE_MILLISECONDS} ${host} ${ports.join(" ")}`;
}

/** `-z` would do for UDP as well, but one nc of many then sends nothing. */
function nc({ host, steps, isHurried }: Visit): string {
  const [start, wait] = isHurried ? [`${HURRIED} nc`, ""] : ["nc", "-w 1 "];
  return steps
    .map((step) =>
      isUdp(step)
        ? `echo | ${start} -u ${wait}${host} ${step.port}`
        : `${start} -z ${wait}${host} ${step.port}`,
    )
    .join("; ");
}

/**
 * UDP takes root, which is asked for before the first step: somebody may have to type a password.
 */
function whoRuns(steps: readonly Step[]): "sudo " | "" {
  return steps.some((step) => step.kind === "port" && isUdp(step)) ? "sudo " : "";
}

function nmapAs(who: "sudo " | ""): (visit: Visit) => string {
  return ({ host, steps, isHurried }) => {
    const family = host.includes(":") ? "-6 " : "";
    const time = isHurried ? "--max-rtt-timeout 300ms " : "";
    return steps
      .map((step) => {
        const scan = isUdp(step) ? "-sU" : "-sT";
        return `${who}nmap ${family}-n -Pn ${scan} --max-retries 0 ${time}-p ${step.port} ${host}`;
      })
      .join("; ");
  };
}

/** A connection that nobody answers would keep bash for two minutes. */
function bash({ host, steps, isHurried }: Visit): string {
  const files = steps.map((step) => `${isUdp(step) ? "udp" : "tcp"}/${host}/${step.port}`);
  const patience = isHurried ? HURRIED : "timeout 1";
  return `for s in ${files.join(" ")}; do ${patience} bash -c "echo >/dev/$s"; done 2>/dev/null`;
}

/** Where either will do, TCP does without root. */
function isUdp({ protocol }: PortStep): boolean {
  return protocol === "udp";
}
