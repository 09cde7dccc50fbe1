/** What the carriers of knocks need of a host: servers, and a kernel and nft that find them. */

import type { Host } from "../../host/index.ts";
import { CARRIERS, type Carrier, printCarrier } from "../../policy/carriers.ts";
import type { PlacedPolicy } from "../../policy/parse.ts";
import type { Door } from "../../policy/policy.ts";
import type { Place, Problem } from "../../problem/problem.ts";
import { SIGNED_LOG_GROUP, SIGNED_SNAP_BYTES } from "../../program/index.ts";
import { askVersion } from "../ask-once.ts";
import { findObstacle, isOlder } from "../obstacle.ts";
import type { HostCode } from "./codes.ts";
import { isBeforeThisHost } from "./listening.ts";
import { portsMeet } from "./ports.ts";
import type { Surroundings } from "./surroundings.ts";
import { warning } from "./words.ts";

interface Carried {
  readonly door: Door;
  readonly of: "token" | "signed";
  readonly carrier: Carrier;
  readonly place: Place | undefined;
}

function carriedIn({ policy, places }: PlacedPolicy): Carried[] {
  return policy.doors.flatMap((door, n) => [
    ...(door.token?.carriers ?? []).map((carrier, index) => ({
      ...{ door, of: "token" as const, carrier },
      place: places.doors[n]?.carriers[index],
    })),
    ...(door.signed?.carriers ?? []).map((carrier, index) => ({
      ...{ door, of: "signed" as const, carrier },
      place: places.doors[n]?.signedCarriers[index],
    })),
  ]);
}

/** A token in TCP comes over a connection that somebody has accepted. */
export function checkCarrierServers(placed: PlacedPolicy, around: Surroundings): Problem[] {
  const { listeners, published } = around;
  if (listeners === undefined) return [];
  const isServed = (port: number) =>
    listeners.some((one) => one.protocol === "tcp" && one.port === port && !one.isLoopback) ||
    published.some(
      ({ protocol, ports }) => protocol === "tcp" && portsMeet(ports, { first: port, last: port }),
    );
  return carriedIn(placed).flatMap(({ door, carrier, place }) => {
    if (carrier.kind === "ping" || CARRIERS[carrier.kind].protocol !== "tcp") return [];
    if (!isBeforeThisHost(door, around) || isServed(carrier.port)) return [];
    const what = `nothing listens on tcp/${carrier.port}, so no token comes to door ${door.name} by ${printCarrier(carrier)}`;
    const fix = "let a web server listen there, or leave out that carrier; the others need none";
    return [warning("carrier-without-server", place, what, fix)];
  });
}

/** nft learnt sets of raw bytes in this release. */
const OLDEST_NFT = [1, 0, 1] as const;
/** Where the header of TCP ends, the kernel tells since this one. */
const OLDEST_KERNEL_FOR_TCP = [5, 16] as const;

/** As errors: rules with such a carrier would be refused as a whole. */
export async function checkCarrierNeeds(host: Host, placed: PlacedPolicy): Promise<Problem[]> {
  const all = carriedIn(placed);
  if (all.length === 0) return [];
  const isAnswered = (await findObstacle(host)) === undefined;
  const needs = new Set(all.map(needOf));
  const lacks = await (isAnswered ? lacksAsTried : lacksByVersion)(host, [...needs]);
  return all.flatMap((carried) => {
    const lack = lacks.get(needOf(carried));
    return lack === undefined ? [] : [needsNewer(carried, lack)];
  });
}

/** Whether the problem is that this host cannot hold the gate of a policy, whoever wants it. */
export function isBeyondHost({ code }: Problem): boolean {
  const own: HostCode = "carrier-needs-newer";
  return code === own;
}

/** What carriers need for which the rules are alike. */
type Need = "token" | "token-in-tcp" | "signed";

function needOf({ carrier, of }: Carried): Need {
  if (of === "signed") return "signed";
  return CARRIERS[carrier.kind].protocol === "tcp" ? "token-in-tcp" : "token";
}

/** What the host has that is too old for it. */
type Lacks = ReadonlyMap<Need, string>;

async function lacksAsTried(host: Host, needs: readonly Need[]): Promise<Lacks> {
  const tried = await Promise.all(
    needs.map(async (need) => {
      const { status } = await host.run(["nft", "--check", "-f", "-"], { stdin: probeFor(need) });
      return { need, isTaken: status === 0 };
    }),
  );
  const found = await readVersions(host);
  return new Map(
    tried.filter(({ isTaken }) => !isTaken).map(({ need }) => [need, printVersions(found)]),
  );
}

/** Nothing of it is kept, and no table of that name exists. */
function probeFor(need: Need): string {
  const lines = need === "signed" ? SIGNED_PROBE : tokenProbe(need);
  return `table inet postern_probe {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

function tokenProbe(need: Exclude<Need, "signed">): string[] {
  const token = need === "token-in-tcp" ? "@ih,0,128" : "@th,64,128";
  return [
    `set tokens { typeof ${token}; size 1; flags dynamic,timeout; limit rate 1/week burst 1 packets; }`,
    `chain spend { ${token} @tokens delete @tokens { ${token} }; }`,
  ];
}

const SIGNED_PROBE = [
  "set tags { typeof @th,64,64; size 1; flags dynamic,timeout; }",
  `chain hand_over { exthdr frag missing @th,64,64 @tags log group ${SIGNED_LOG_GROUP} snaplen ${SIGNED_SNAP_BYTES}; }`,
];

async function lacksByVersion(host: Host, needs: readonly Need[]): Promise<Lacks> {
  const found = await readVersions(host);
  const isOldNft = found.nft !== undefined && isOlderRelease(found.nft);
  const isOldKernel = isOlder(found.kernel, OLDEST_KERNEL_FOR_TCP);
  return new Map(
    needs
      .filter((need) => isOldNft || (need === "token-in-tcp" && isOldKernel))
      .map((need) => [need, printVersions(found)]),
  );
}

interface Versions {
  readonly kernel: string;
  /** Undefined: nft does not say. */
  readonly nft: string | undefined;
}

async function readVersions(host: Host): Promise<Versions> {
  const kernel = (await host.readKernelFile("/proc/sys/kernel/osrelease")) ?? "";
  const { stdout } = await askVersion(host, "nft");
  return { kernel: kernel.trim(), nft: /v?(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] };
}

function printVersions({ kernel, nft }: Versions): string {
  return `Linux ${kernel}${nft === undefined ? "" : ` and nft ${nft}`}`;
}

function isOlderRelease(version: string): boolean {
  const parts = version.split(".").map(Number);
  const differing = OLDEST_NFT.findIndex((part, n) => (parts[n] ?? 0) !== part);
  return differing !== -1 && (parts[differing] ?? 0) < (OLDEST_NFT[differing] ?? 0);
}

const NEEDED: Readonly<Record<Need, string>> = {
  token: "nft 1.0.1",
  "token-in-tcp": "Linux 5.16 and nft 1.0.1",
  signed: "a kernel with nfnetlink_log and nft 1.0.1",
};

function needsNewer(carried: Carried, found: string): Problem {
  const { door, of, carrier, place } = carried;
  const knocks = of === "token" ? "tokens" : "signed knocks";
  return {
    ...warning(
      "carrier-needs-newer",
      place,
      `${knocks} of door ${door.name} cannot come by ${printCarrier(carrier)} here: this host has ${found}`,
      `bring ${NEEDED[needOf(carried)]} or newer, or leave out that carrier`,
    ),
    severity: "error",
  };
}
