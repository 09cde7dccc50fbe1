/** Plays the scenes: what an actor types is run, what it prints is shown and held to its claim. */
import type { Host, Running } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { Act, Claim, Performance, Scene } from "./scenes.ts";
import { commandLine, type Screen } from "./screen.ts";
import type { Stage } from "./stage.ts";

interface Theatre {
  readonly host: Host;
  readonly stage: Stage;
  readonly screen: Screen;
}

/** Between two looks at what changes by itself. */
const LOOK_AGAIN_MILLISECONDS = 200;

export async function play(scenes: readonly Scene[], theatre: Theatre): Promise<Result<undefined>> {
  const { screen } = theatre;
  const sessions: Running[] = [];
  for (const [index, { title, acts, remark }] of scenes.entries()) {
    await screen.scene(index + 1, title);
    for (const act of acts) {
      const played = await playAct(act, sessions, theatre);
      if (!played.ok) return played;
      await screen.rest();
    }
    if (remark !== undefined) await screen.remark(remark);
  }
  return ok(undefined);
}

/** `sessions` has what was entered, the last one at its end. */
async function playAct(
  act: Act,
  sessions: Running[],
  theatre: Theatre,
): Promise<Result<undefined>> {
  const { stage, screen } = theatre;
  switch (act.kind) {
    case "run":
      await screen.command(act.actor, commandLine(act.argv));
      return run(act, theatre);
    case "watch":
      await screen.command(act.actor, commandLine(act.argv));
      return watch(act, theatre);
    case "enter":
      await screen.command(act.actor, commandLine(act.argv));
      sessions.push(stage.start(act.actor, act.argv));
      return ok(undefined);
    case "type":
      await screen.command("friend@server", act.text);
      return type(act, sessions.at(-1), screen);
  }
}

async function run(
  { actor, argv, shows, claim, status = 0 }: Performance,
  { stage, screen }: Theatre,
): Promise<Result<undefined>> {
  const running = stage.start(actor, argv);
  const printed: string[] = [];
  for await (const line of running.lines) {
    printed.push(line);
    if (shows.test(line)) screen.output(line);
  }
  const ended = { status: await running.ended, wanted: status };
  return judge(claim, ended, printed, commandLine(argv));
}

async function watch(
  act: Extract<Act, { kind: "watch" }>,
  { host, stage, screen }: Theatre,
): Promise<Result<undefined>> {
  const look = async (before: readonly string[]) => {
    const running = stage.start(act.actor, act.argv);
    const printed: string[] = [];
    for await (const line of running.lines) printed.push(line);
    const shown = printed.filter((line) => act.shows.test(line));
    screen.outputAgain(before, shown);
    return { shown, printed, status: await running.ended };
  };
  let seen = await look([]);
  while (proves(seen.printed, act.still)) {
    await host.pause(LOOK_AGAIN_MILLISECONDS);
    seen = await look(seen.shown);
  }
  const ended = { status: seen.status, wanted: act.status ?? 0 };
  return judge(act.claim, ended, seen.printed, commandLine(act.argv));
}

async function type(
  { text, claim }: Extract<Act, { kind: "type" }>,
  session: Running | undefined,
  screen: Screen,
): Promise<Result<undefined>> {
  if (session === undefined) throw new Error("type: no act has entered anything");
  session.write(`${text}\n`);
  const printed: string[] = [];
  for await (const line of session.lines) {
    printed.push(line);
    if (!claim.proof.test(line)) continue;
    screen.output(line);
    return ok(undefined);
  }
  return judge(claim, { status: await session.ended, wanted: 0 }, printed, text);
}

function judge(
  claim: Claim,
  { status, wanted }: { readonly status: number; readonly wanted: number },
  printed: readonly string[],
  command: string,
): Result<undefined> {
  if (status === wanted && proves(printed, claim)) return ok(undefined);
  const said = JSON.stringify(printed.join("\n"));
  return fail({
    code: "demo-failed",
    severity: "error",
    what: `it is not so that ${claim.words}: \`${command}\` ended with ${status} and printed ${said}`,
    fix: "run `postern demo` again; if it fails again, report it with all of this",
  });
}

function proves(printed: readonly string[], { proof }: Claim): boolean {
  return proof.test(printed.join("\n"));
}
