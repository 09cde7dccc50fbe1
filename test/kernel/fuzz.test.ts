/**
 * Whole packets at random against real listeners behind shut doors: whatever its headers, options
 * and fragments are, no packet gets past.
 *
 *     POSTERN_FUZZ=1000000 ./dev test kernel/fuzz    at least so many packets in all
 *     SEED=4711 ./dev test kernel/fuzz               those of an earlier run, whose seed it says
 *
 * A packet that gets past is shown with its frames, and as the smallest one like it that does.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES } from "../../src/policy/address.ts";
import { INPUTS, LIMIT } from "../setup/fuzz.ts";
import type { Draft } from "./fuzz/draft.ts";
import { drawPacket, packetBehind, type Target } from "./fuzz/draw.ts";
import { KNOWN } from "./fuzz/known.ts";
import { takeRemediesOut } from "./fuzz/remedies.ts";
import { reportOn } from "./fuzz/report.ts";
import { type Breach, DOOR, type Kind, makeSite, type Site } from "./fuzz/site.ts";
import { loadGate, removeGate } from "./gate.ts";
import { HOLDERS, type Holder, IPTABLES_LEGACY, IPTABLES_NFT, NFTABLES } from "./holders.ts";
import { addressOf } from "./network.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

interface Gate {
  readonly name: string;
  readonly holder: Holder;
  /** Default: `drop`. */
  readonly refuse?: "drop" | "reset";
  /** Doors over UDP alone: on iptables nothing else asks for fragments to be put together. */
  readonly isUdpOnly?: boolean;
}

const GATES: readonly Gate[] = [
  ...HOLDERS.map((holder) => ({ name: holder.name, holder })),
  { name: "nftables with refuse: reset", holder: NFTABLES, refuse: "reset" },
];

const UDP_ONLY: readonly Gate[] = [NFTABLES, IPTABLES_NFT, IPTABLES_LEGACY].map((holder) => ({
  name: `${holder.name} with doors over UDP alone`,
  holder,
  isUdpOnly: true,
}));

interface Place extends Kind {
  readonly name: string;
  readonly gates: readonly Gate[];
}

const PLACES: readonly Place[] = [
  { name: "where nobody tracks connections", isTracking: false, gates: [...GATES, ...UDP_ONLY] },
  { name: "where somebody tracks connections", isTracking: true, gates: GATES },
  {
    name: "to a host behind, where both track connections",
    isTracking: true,
    isForwarded: true,
    gates: HOLDERS.map((holder) => ({ name: holder.name, holder })),
  },
  {
    name: "to a host behind, where that alone tracks connections",
    isTracking: false,
    isForwarded: true,
    gates: [{ name: NFTABLES.name, holder: NFTABLES }],
  },
];

/** In all gates more than {@link INPUTS}. */
const PACKETS_A_GATE = Math.ceil(INPUTS / 10);
/** Without a gate, or without what it has against odd headers. */
const PACKETS_WITHOUT = 1000;
/** Of the packets without a gate at least so many in a hundred reach a listener, over each of both. */
const REACHING = 10;

function policyOf({ refuse = "drop", isUdpOnly = false }: Gate, { door, isBehind }: Site): string {
  const tcp = isUdpOnly ? [] : [`tcp/${DOOR.tcp}`];
  return `
doors:
  both:
    protects: [${[...tcp, `udp/${DOOR.udp}`].join(", ")}]
    refuse: ${refuse}
    ${isBehind ? `destinations: [${door.ipv4}, "${door.ipv6}"]` : ""}
    sequence: { steps: [51001, 54040, 52777] }
`;
}

/** A gate that resets answers segments as a host without a listener does. */
function pastOf({ refuse }: Gate, breaches: readonly Breach[]): readonly Breach[] {
  return breaches.filter(({ what }) => refuse !== "reset" || what !== "segment");
}

/** Each packet of a run has an id of its own, so that no answer is taken for another's. */
let drawn = 0;

function draw(count: number, site: Site, gate?: Gate): readonly Draft[] {
  const target = targetOf(site, gate);
  return Array.from({ length: count }, () => drawPacket(SEED, ++drawn, target));
}

/** Each over TCP, where there is a door, and over UDP. */
function drawKnown(site: Site, gate: Gate): readonly Draft[] {
  const target = targetOf(site, gate);
  return [...KNOWN, ...KNOWN].map((layersOf, n) => {
    drawn += 1;
    const port = n < KNOWN.length ? target.tcp : undefined;
    return packetBehind(layersOf(drawn), drawn, { ...target, tcp: port });
  });
}

function targetOf({ door }: Site, gate?: Gate): Target {
  const ends = { ipv4: addressOf(door.ipv4), ipv6: addressOf(door.ipv6) };
  return { ...ends, ...DOOR, ...(gate?.isUdpOnly === true ? { tcp: undefined } : {}) };
}

describe.each(PLACES)(`$name, SEED=${SEED}`, ({ gates, ...kind }) => {
  let site: Site;
  beforeAll(async () => {
    site = await makeSite(kind);
  });
  afterAll(() => site.network.remove());

  test("without a gate, many of them reach a listener", async () => {
    const drafts = draw(PACKETS_WITHOUT, site);
    const breaches = await site.attack(drafts);
    for (const family of FAMILIES) {
      for (const what of ["syn ack", "datagram"]) {
        const reaching = breaches.filter(
          (one) => one.what === what && one.draft.core.source.family === family,
        );
        const all = drafts.filter(
          ({ core: { source, content } }) =>
            source.family === family && content.protocol === (what === "datagram" ? "udp" : "tcp"),
        );
        expect(reaching.length).toBeGreaterThan((REACHING / 100) * all.length);
      }
    }
  });

  describe.each(gates)("$name", (gate) => {
    beforeAll(() => loadGate(site.network.server, policyOf(gate, site), gate.holder));
    afterAll(() => removeGate(site.network.server, gate.holder));

    test("no packet gets past", LIMIT, async () => {
      const drafts = [...drawKnown(site, gate), ...draw(PACKETS_A_GATE, site, gate)];
      const breaches = pastOf(gate, await site.attack(drafts));
      expect(await reportOn(breaches, site)).toEqual([]);
    });

    test("packets with IPv6 headers in odd places do where nothing is done against them", async () => {
      await takeRemediesOut(gate.holder, site.network.server);
      const past = pastOf(gate, await site.attack(draw(PACKETS_WITHOUT, site, gate)));
      expect(past.length).toBeGreaterThan(0);
      expect(past.filter(({ draft }) => draft.core.source.family === "ipv4")).toEqual([]);
    });
  });
});
