import {
  type Applied,
  applyPolicy,
  awaitEnd,
  checkGate,
  findSession,
  isBeyondHost,
  type Picked,
  pickBackend,
} from "../gate/index.ts";
import type { PlacedPolicy } from "../policy/parse.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { ok, type Result } from "../problem/problem.ts";
import { renderDoor } from "../view/doors.ts";
import { type Command, EXIT, type Exit, type Given, refuse, type World, warn } from "./command.ts";
import { readPlacedPolicy, readSeconds } from "./reading.ts";

const DEFAULT_SECONDS = 60;

export const apply: Command = {
  name: "apply",
  summary: "put POLICY to work on this host; what still means the same is kept",
  arguments: [["[policy]", "policy file (default: /etc/postern/policy.yaml)"]],
  options: [
    [
      "--confirm <time>",
      `without \`postern confirm\` in that time the gate of before comes back (over SSH the default: ${DEFAULT_SECONDS}s)`,
    ],
    ["--no-confirm", "put it to work for good"],
    ["--anyway", "also if `postern check` finds errors"],
  ],
  async run(given, world) {
    const policy = await readPlacedPolicy(world.host, given.arguments[0]);
    if (!policy.ok) return refuse(world, policy.problems);
    const seconds = await confirmSecondsOf(given, world);
    if (!seconds.ok) return refuse(world, seconds.problems);
    const picked = await pickBackend(world.host, policy.value.policy);
    if (!picked.ok) return refuse(world, picked.problems);
    if (!(await passesCheck(given, world, policy.value, picked.value))) return EXIT.refused;
    const applied = await applyPolicy(world.host, policy.value.policy, {
      written: policy.value.written,
      confirmSeconds: seconds.value,
    });
    if (!applied.ok) return refuse(world, applied.problems);
    warn(world, applied.value.warnings);
    const doors = policy.value.policy.doors.map((door) => `${renderDoor(door)}\n`);
    world.stdout(`the gate is up on ${applied.value.heldBy}\n${doors.join("")}`);
    return seconds.value === undefined
      ? EXIT.ok
      : untilConfirmed(world, applied.value, seconds.value);
  },
};

/** Who types it over the connection that it guards is asked whether that can be had again. */
async function confirmSecondsOf(
  { options }: Given,
  { host, isTyped }: World,
): Promise<Result<number | undefined>> {
  const { confirm } = options;
  if (typeof confirm === "string") return readSeconds(confirm);
  if (confirm === false || isTyped !== true) return ok(undefined);
  return ok((await findSession(host)) === undefined ? undefined : DEFAULT_SECONDS);
}

async function passesCheck(
  { options }: Given,
  world: World,
  placed: PlacedPolicy,
  { backend }: Picked,
): Promise<boolean> {
  const { problems } = await checkGate(world.host, placed, { backend: backend.name });
  warn(world, problems);
  if (backend.limitsOf(placed).length > 0 || problems.some(isBeyondHost)) {
    world.stderr(`postern: nothing was changed; ${backend.name} cannot say all of the policy\n`);
    return false;
  }
  if (options["anyway"] === true) return true;
  if (problems.every(({ severity }) => severity === "warning")) return true;
  world.stderr("postern: nothing was changed; `postern apply --anyway` applies it all the same\n");
  return false;
}

async function untilConfirmed(
  world: World,
  { pending = "" }: Applied,
  seconds: number,
): Promise<Exit> {
  const time = printSeconds(seconds);
  world.stderr(
    `for ${time} only: then the gate of before comes back, unless you confirm this one\n` +
      "knock, log in anew in another terminal, and there: postern confirm\n",
  );
  if (world.isTyped !== true) return EXIT.ok;
  const end = await countDown(world, pending);
  if (end === "confirmed") {
    world.stdout("confirmed: the gate stays\n");
    return EXIT.ok;
  }
  world.stderr(`postern: ${end === undefined ? STILL : ENDS[end]}\n`);
  return EXIT.refused;
}

/** How the wait ended; undefined after Ctrl-C, when nobody looks any longer. */
async function countDown({ host, asker, stderr }: World, pending: string) {
  let isInterrupted = false;
  const stop = () => {
    isInterrupted = true;
  };
  host.interruption().then(stop, stop);
  // Where stderr is a file, nobody would see the seconds go.
  const show = asker === undefined ? () => undefined : stderr;
  const end = await awaitEnd(host, pending, (left) => {
    show(`\r${left} s left `);
    return !isInterrupted;
  });
  show(`\r${" ".repeat(20)}\r`);
  return end;
}

const STILL =
  "the time runs on: `postern status` says how long, and `postern confirm` keeps the gate";

const ENDS = {
  undone: "not confirmed: the gate of before is back",
  "rolled back": "somebody has gone back to the gate of before",
  removed: "somebody has removed the gate",
  "not loaded": "the gate was not loaded",
} as const;
