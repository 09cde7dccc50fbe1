import { type ClientDoor, portsOf, probe as probeHost, type Verdict } from "../client/index.ts";
import { escapeControl } from "../problem/escape.ts";
import { probeFacts, renderProbe, renderProbeHints } from "../view/probe.ts";
import { type Command, EXIT, type Exit, refuse } from "./command.ts";
import { KNOCK_OPTIONS, readHow } from "./knock.ts";
import { findDoor } from "./target.ts";

export const probe: Command = {
  name: "probe",
  summary: "show from outside that a door is shut, opens to a knock, and shuts again",
  arguments: [["<target>", "HOST or HOST:DOOR; a host of your profiles"]],
  options: [
    ...KNOCK_OPTIONS,
    ["--wait", "wait for the end of the grant, and show that the door is shut again"],
    ["--json", "for scripts: what was seen as one JSON object"],
  ],
  async run({ arguments: [targetText = ""], options }, world) {
    const aim = await findDoor(world.host, targetText);
    if (!aim.ok) return refuse(world, aim.problems);
    const how = await readHow(aim.value, { options }, world, { mayAsk: true });
    if (!how.ok) return refuse(world, how.problems);
    const { host, choice } = aim.value;
    const { door } = choice;
    const waits = options["wait"] === true;
    const probed = await probeHost(world.host, {
      ...how.value,
      ...{ host, door, waits, tryPorts: tryPortsOf(door) },
      ...{ isHurried: false, everyAddress: true },
    });
    const told = { host, door, probe: probed, waits };
    if (options["json"] === true) {
      world.stdout(`${JSON.stringify(probeFacts(told), null, 2)}\n`);
    } else if (probed.obstacle === undefined) {
      world.stdout(renderProbe(told));
      world.stderr(renderProbeHints(told));
    } else {
      world.stderr(`postern: ${escapeControl(probed.obstacle)}\n`);
    }
    return EXITS[probed.verdict];
  },
};

const EXITS: Readonly<Record<Verdict, Exit>> = {
  proved: EXIT.ok,
  refuted: EXIT.refused,
  untested: EXIT.host,
  "not-opened": EXIT.shut,
};

/** At a door for a single use one connection is all there is, and here it is used. */
function tryPortsOf(door: ClientDoor): readonly number[] {
  return door.singleUse ? portsOf(door).slice(0, 1) : portsOf(door);
}
