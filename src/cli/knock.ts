import {
  chooseDoor,
  type Errand,
  knock as knockAt,
  planOf,
  readProfiles,
} from "../client/index.ts";
import { ok, type Result } from "../problem/problem.ts";
import { renderKnock, renderShut, renderSight, renderTurnedBack } from "../view/knock.ts";
import { type Command, EXIT, type Given, refuse, type World } from "./command.ts";
import { readProtocol } from "./reading.ts";
import { readTarget } from "./target.ts";

/** What every command that knocks can be told. */
export const KNOCK_OPTIONS: Command["options"] = [
  ["-4, --ipv4", "IPv4 addresses only"],
  ["-6, --ipv6", "IPv6 addresses only"],
  ["--via <protocol>", "tcp or udp, for steps that take either (default: both)"],
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
    const target = readTarget(targetText);
    if (!target.ok) return refuse(world, target.problems);
    const profiles = await readProfiles(world.host);
    if (!profiles.ok) return refuse(world, profiles.problems);
    const { host } = target.value;
    const door = chooseDoor(profiles.value, host, target.value.door);
    if (!door.ok) return refuse(world, door.problems);
    const how = readHow({ options }, world);
    if (!how.ok) return refuse(world, how.problems);
    const plan = planOf(door.value, { wait: options["wait"] !== false });
    const errand = { ...how.value, ...plan, host };
    const outcome = await knockAt(world.host, errand);
    outcome.connection?.end();
    const knocked = { host, door: door.value, outcome };
    const isShut = outcome.isOpen === false;
    if (options["json"] === true) {
      const { isOpen: open = null, addresses, obstacle, milliseconds } = outcome;
      const facts = { host, door: door.value.name, open, addresses, obstacle, milliseconds };
      world.stdout(`${JSON.stringify(facts, null, 2)}\n`);
    } else if (isShut) {
      world.stderr(`postern: ${renderShut(knocked)}`);
    } else {
      world.stdout(renderKnock(knocked));
      if (outcome.isOpen === undefined) world.stderr(renderTurnedBack(outcome.addresses));
    }
    return isShut ? EXIT.shut : EXIT.ok;
  },
};

/** What the options say of how to knock. */
export function readHow(
  { options }: Pick<Given, "options">,
  world: World,
): Result<Pick<Errand, "family" | "via" | "watch">> {
  const via = readProtocol(options["via"]);
  if (!via.ok) return via;
  const [only4, only6] = [options["ipv4"] === true, options["ipv6"] === true];
  const oneFamily = only4 ? "ipv4" : "ipv6";
  const began = world.host.monotonic();
  return ok({
    family: only4 === only6 ? undefined : oneFamily,
    via: via.value,
    watch: (sight) => {
      if (options["verbose"] === true) world.stderr(renderSight(sight, began));
    },
  });
}
