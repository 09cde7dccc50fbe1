/** Lines that knock at a door with what is installed nearly everywhere. */
import { bracketed } from "../client/index.ts";
import type { Sequence, Step } from "../policy/policy.ts";
import { printPowershell } from "./powershell.ts";

/** Those that people have first come first. */
export const TOOLS = ["knock", "nc", "nmap", "bash", "curl", "powershell", "ping"] as const;
export type Tool = (typeof TOOLS)[number];

export interface Recipe {
  readonly tool: Tool;
  /** One line that ends by itself: for PowerShell, or else for any shell. */
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
 * One recipe for each tool that can make the steps. `host` is an address or a name, as it stands
 * in a command. Whoever reads a recipe can open the door.
 */
export function recipesOf(
  { steps, withinSeconds }: Pick<Sequence, "steps" | "withinSeconds">,
  host: string,
): readonly Recipe[] {
  if (!/^[\w:][\w.:%-]*$/.test(host)) throw new Error(`recipesOf: ${host} is not a host`);
  const isHurried = withinSeconds < SECONDS_TO_SPARE;
  const lineOf = (print: (visit: Visit) => string) =>
    runsOf(steps)
      .map((run) =>
        isPing(run) ? ping(run, host, isHurried) : print({ host, steps: run, isHurried }),
      )
      .join("; ");
  const powershell: Recipe = { tool: "powershell", line: printPowershell(steps, host) };
  if (steps.every(({ kind }) => kind === "ping")) {
    return [{ tool: "ping", line: lineOf(() => "") }, powershell];
  }
  return [
    { tool: "knock", line: lineOf(knock) },
    { tool: "nc", line: lineOf(nc) },
    { tool: "nmap", line: lineOf(nmapAs(whoRuns(steps))) },
    { tool: "bash", line: lineOf(bash) },
    { tool: "curl", line: lineOf(curl) },
    powershell,
  ];
}

/** One tool a line. */
export function listRecipes(recipes: readonly Recipe[]): readonly string[] {
  const width = Math.max(...recipes.map(({ tool }) => tool.length));
  return recipes.map(({ tool, line }) => `${tool.padEnd(width)}  ${line}`);
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

/**
 * Neither by way of a proxy nor with settings of the user's; by HTTP 1.0, as a connection that is
 * kept would serve a later step at the same port. TFTP begins with a datagram to the port.
 */
function curl({ host, steps, isHurried }: Visit): string {
  const authority = bracketed(host.replace("%", "%25"));
  // Shells take brackets for a pattern, and so does curl without -g.
  const quote = host.includes(":") ? '"' : "";
  const urls = steps.map(
    (step) => `${quote}${isUdp(step) ? "tftp" : "http"}://${authority}:${step.port}${quote}`,
  );
  const patience = isHurried ? "0.5" : "1";
  return `curl -q -0sg -m ${patience} --noproxy "*" ${urls.join(" ")} >/dev/null`;
}

/** Where either will do, TCP does without root. */
function isUdp({ protocol }: PortStep): boolean {
  return protocol === "udp";
}
