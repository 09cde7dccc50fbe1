/**
 * What signed knocks cost, beside fwknopd, knockd and our own one-time tokens: how long after a knock
 * the port is open, for the server and for the user; how many knocks an agent judges in a second
 * (aim: more than the 960 of OpenSPA); what it takes at rest; and whether knocks open while the gate
 * is flooded (aim: all of them, under 100,000 random packets a second).
 *
 * `node dist/bench/signed.js PART...` measures some parts anew, and leaves the figures of the others.
 */
import { measureDelays } from "./lab/delay.ts";
import { fwknopWay, makeFwknopd, makeKnockd } from "./lab/peers.ts";
import { runParts } from "./lab/results.ts";
import { stepsWay, tokenWay } from "./lab/ways.ts";
import { measureCapacity } from "./signed/capacity.ts";
import { measureFloods } from "./signed/floods.ts";
import { makePostern, signedWay } from "./signed/postern.ts";
import { measureRest } from "./signed/rest.ts";
import { measureUse } from "./signed/use.ts";

const postern = await makePostern();
const udp = await makeFwknopd("udp");
const pcap = await makeFwknopd("pcap");
const knockd = await makeKnockd();
const sites = [postern, udp, pcap, knockd];

const ways = [
  ...[
    signedWay(postern, "udp/62201"),
    signedWay(postern, "ping"),
    tokenWay(postern, "one-time token, udp"),
  ],
  ...[fwknopWay(udp), fwknopWay(pcap), stepsWay(knockd)],
];

const PARTS = {
  rest: () => measureRest(sites),
  delay: () => measureDelays(ways),
  use: () => measureUse(postern, [udp, pcap]),
  capacity: () => measureCapacity(postern),
  floods: () => measureFloods(postern, [udp, pcap]),
};

try {
  await runParts("signed", PARTS, { parts: process.argv.slice(2), keeps: true });
} finally {
  for (const { network } of sites) network.remove();
}
