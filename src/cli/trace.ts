import { traceSource } from "../gate/index.ts";
import { printAddress } from "../policy/address.ts";
import { printSeconds } from "../policy/value/seconds.ts";
import { printTraceEvent, renderTraceEnd, renderTraceEvent } from "../view/trace.ts";
import { type Command, EXIT, refuse } from "./command.ts";
import { readAddress, readSeconds } from "./reading.ts";

const DEFAULT_TIME = "1m";

export const trace: Command = {
  name: "trace",
  summary: "show every packet from ADDRESS as it comes, and what the gate makes of it",
  arguments: [["<address>", "an IPv4 or IPv6 address"]],
  options: [
    ["--for <time>", `how long, as in a policy (default: ${DEFAULT_TIME})`],
    ["--json", "for scripts: one JSON object a line"],
  ],
  async run({ arguments: [addressText = ""], options }, world) {
    const address = readAddress(addressText);
    const seconds = readSeconds(String(options["for"] ?? DEFAULT_TIME));
    if (!address.ok) return refuse(world, address.problems);
    if (!seconds.ok) return refuse(world, seconds.problems);
    const source = printAddress(address.value);
    const view = { source, colour: world.colour.stdout };
    const forScripts = options["json"] === true;
    const begun = `tracing ${source} for ${printSeconds(seconds.value)}; Ctrl-C ends it\n`;
    const ended = await traceSource(world.host, address.value, seconds.value, (event, at) => {
      if (event.kind === "begun") world.stderr(begun);
      if (forScripts) world.stdout(printTraceEvent(event, at));
      else if (event.kind !== "begun") world.stdout(renderTraceEvent(event, at, view));
    });
    if (!ended.ok) return refuse(world, ended.problems);
    world.stderr(renderTraceEnd(ended.value, source));
    return EXIT.ok;
  },
};
