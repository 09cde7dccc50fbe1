import {
  ASKING,
  type Bind,
  chooseMeans,
  type Errand,
  knock as knockAt,
  parseBind,
  planOf,
  prepareSigning,
  VIAS,
  type Via,
} from "../client/index.ts";
import { escapeControl } from "../problem/escape.ts";
import { fail, ok, type Result } from "../problem/problem.ts";
import {
  renderKnock,
  renderShut,
  renderSight,
  renderTurnedBack,
  renderUnbound,
} from "../view/knock.ts";
import { type Command, EXIT, type Given, refuse, type World } from "./command.ts";
import { placeOf } from "./reading.ts";
import { askSealingKey } from "./sealing-key.ts";
import { type Aim, findDoor } from "./target.ts";

/** What every command that knocks can be told. */
export const KNOCK_OPTIONS: Command["options"] = [
  ["-4, --ipv4", "IPv4 addresses only"],
  ["-6, --ipv6", "IPv6 addresses only"],
  ["--via <way>", `one of ${VIAS.join(", ")} (default: all that the door opens to)`],
  ["-i, --identity <file>", "SSH key that signs (default: those that ssh would use)"],
  ["--bind <address>", "source that a signed knock is for, none, or auto"],
  ["--batch", "ask nobody: no passphrase, and no key to trust"],
  ["-v, --verbose", "show each packet; steps are secret, and this shows them"],
];

export const knock: Command = {
  name: "knock",
  summary: "knock at a door of HOST, and say whether it opened",
  arguments: [["<target>", "HOST or HOST:DOOR; a host of your profiles"]],
  options: [
    ...KNOCK_OPTIONS,
    ["--no-wait", "do not try whether it opened"],
    ["--json", "for scripts: the outcome as one JSON object"],
  ],
  async run({ arguments: [targetText = ""], options }, world) {
    // By a line of ssh's settings, which a knock is just asking for.
    if (world.host.environment(ASKING) !== undefined) return EXIT.ok;
    const aim = await findDoor(world.host, targetText);
    if (!aim.ok) return refuse(world, aim.problems);
    const how = await readHow(aim.value, { options }, world, { mayAsk: true });
    if (!how.ok) return refuse(world, how.problems);
    const { host, choice } = aim.value;
    const { door } = choice;
    const plan = planOf(door, { wait: options["wait"] !== false });
    const errand = { ...how.value, ...plan, host };
    const outcome = await knockAt(world.host, errand);
    const knocked = { host, door, outcome };
    const isShut = outcome.isOpen === false;
    if (options["json"] === true) {
      const { isOpen: open = null, addresses, obstacle, milliseconds } = outcome;
      const by = addresses.find(({ state }) => state === "open")?.by ?? null;
      const facts = { host, door: door.name, open, by, addresses, obstacle, milliseconds };
      world.stdout(`${JSON.stringify(facts, null, 2)}\n`);
    } else if (isShut) {
      world.stderr(`postern: ${renderShut(knocked)}`);
    } else {
      world.stdout(renderKnock(knocked));
      if (outcome.isOpen === undefined) world.stderr(renderTurnedBack(outcome.addresses));
      if (how.value.signing?.bind !== "none") world.stderr(renderUnbound(outcome.addresses));
    }
    return isShut ? EXIT.shut : EXIT.ok;
  },
};

type How = Pick<Errand, "family" | "key" | "means" | "signing" | "tell" | "watch">;

/** What the options say of how to knock at a door. */
export async function readHow(
  { host: name, choice }: Aim,
  { options }: Pick<Given, "options">,
  world: World,
  { mayAsk }: { readonly mayAsk: boolean },
): Promise<Result<How>> {
  const via = readVia(options["via"]);
  const bind = readBind(options["bind"]);
  if (!via.ok) return via;
  if (!bind.ok) return bind;
  const means = chooseMeans(choice.door, via.value);
  if (!means.ok) return means;
  const [only4, only6] = [options["ipv4"] === true, options["ipv6"] === true];
  const oneFamily = only4 ? "ipv4" : "ipv6";
  const began = world.host.monotonic();
  const tell = (line: string) => world.stderr(`postern: ${escapeControl(line)}\n`);
  const { asker } = world;
  const { identity } = options;
  const prepared = await prepareSigning(
    world.host,
    { name, choice, means: means.value },
    {
      ...{ tell, bind: bind.value, isBatch: options["batch"] === true },
      identity: typeof identity === "string" ? identity : undefined,
      askSealingKey:
        mayAsk && asker !== undefined ? () => askSealingKey(world.host, name, asker) : undefined,
    },
  );
  if (!prepared.ok) return prepared;
  return ok({
    ...prepared.value,
    family: only4 === only6 ? undefined : oneFamily,
    ...{ key: choice.key, tell },
    watch: (sight) => {
      if (options["verbose"] === true) world.stderr(renderSight(sight, began));
    },
  });
}

function readBind(text: string | boolean | undefined): Result<Bind | undefined> {
  return typeof text === "string" ? parseBind({ text, place: placeOf(text) }) : ok(undefined);
}

/** What `--via` names; undefined stays undefined. */
function readVia(text: string | boolean | undefined): Result<Via | undefined> {
  if (typeof text !== "string") return ok(undefined);
  const via = VIAS.find((one) => one === text);
  if (via !== undefined) return ok(via);
  return fail({
    code: "unknown-word",
    severity: "error",
    place: placeOf(text),
    what: `${JSON.stringify(text)} is no way to knock`,
    fix: `write one of ${VIAS.join(", ")}, or leave it out`,
  });
}
