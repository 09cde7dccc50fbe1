/**
 * What signed knocks cost, beside fwknopd, knockd and our own one-time tokens: how long after a knock
 * the port is open, for the server and for the user; how many knocks an agent judges in a second
 * (aim: more than the 960 of OpenSPA); what it takes at rest; and whether knocks open while the gate
 * is flooded (aim: all of them, under 100,000 random packets a second).
 *
 * `node dist/bench/signed.js PART...` measures some parts anew, and leaves the figures of the others.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { measureCapacity } from "./signed/capacity.ts";
import { measureDelays } from "./signed/delay.ts";
import { measureFloods } from "./signed/floods.ts";
import { describeMachine, loadNow, untilQuiet } from "./signed/machine.ts";
import { fwknopWay, knockdWay, makeFwknopd, makeKnockd } from "./signed/peers.ts";
import { makePostern, signedWay, tokenWay } from "./signed/postern.ts";
import { measureRest } from "./signed/rest.ts";
import { measureUse } from "./signed/use.ts";

const RESULTS = "bench/results/signed.json";

const machine = describeMachine();
await untilQuiet();

const postern = await makePostern();
const udp = await makeFwknopd("udp");
const pcap = await makeFwknopd("pcap");
const knockd = await makeKnockd();
const sites = [postern, udp, pcap, knockd];

const ways = [
  ...[signedWay(postern, "udp/62201"), signedWay(postern, "ping"), tokenWay(postern)],
  ...[fwknopWay(udp), fwknopWay(pcap), knockdWay(knockd)],
];

const PARTS = {
  rest: () => measureRest(sites),
  delay: () => measureDelays(ways),
  use: () => measureUse(postern, [udp, pcap]),
  capacity: () => measureCapacity(postern),
  floods: () => measureFloods(postern, [udp, pcap]),
};

/** Of another machine nothing is kept. */
function resultsSoFar(): Record<string, unknown> {
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "{}";
  const results: Record<string, unknown> = JSON.parse(text);
  const isOfThisMachine = JSON.stringify(results["machine"]) === JSON.stringify(machine);
  return isOfThisMachine ? results : { machine };
}

const wanted = process.argv.slice(2);
try {
  const results = resultsSoFar();
  for (const [name, measure] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const date = new Date().toISOString().slice(0, 10);
    const before = loadNow();
    const figures = await measure();
    results[name] = { date, load: { before, after: loadNow() }, figures };
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }
} finally {
  for (const { network } of sites) network.remove();
}
