/** Makes a packet that got past a gate as small as it can be and still gets past. */
import type { Packet } from "../../../src/model/packet.ts";
import { type Draft, type FragmentLayer, HIGHEST_ID, type Layer, sequenceOf } from "./draft.ts";
import type { Site } from "./site.ts";

/** How often it is made smaller. */
const ROUNDS = 20;

/** The smallest of the drafts that come from this one by leaving something out. */
export async function reduceDraft(draft: Draft, { attack }: Pick<Site, "attack">): Promise<Draft> {
  let smallest = draft;
  for (let round = 0; round < ROUNDS; round += 1) {
    const breaches = await attack(smallerOnes(smallest).map(underNewId));
    const [first] = breaches;
    if (first === undefined) return smallest;
    smallest = first.draft;
  }
  return smallest;
}

/** Those that leave most out stand first. */
function smallerOnes(draft: Draft): Draft[] {
  const { layers, odd, ip, core } = draft;
  const { disorder, ...inOrder } = draft;
  const { destination, label } = ip;
  const plainIp = { label, ...(destination === undefined ? {} : { destination }) };
  return [
    ...layers.map((_, n) => ({ ...draft, layers: layers.toSpliced(n, 1) })),
    ...(disorder === undefined ? [] : [inOrder]),
    ...(Object.keys(odd).length === 0 ? [] : [{ ...draft, odd: {} }]),
    ...(Object.keys(ip).length === Object.keys(plainIp).length ? [] : [{ ...draft, ip: plainIp }]),
    ...plainer(core).map((plain) => ({ ...draft, core: plain })),
    ...layers.flatMap((layer, n) =>
      plainerLayers(layer).map((plain) => ({ ...draft, layers: layers.with(n, plain) })),
    ),
  ];
}

function plainer(core: Packet): Packet[] {
  const { content } = core;
  if (content.protocol !== "tcp" || content.flags?.length === 1) return [];
  return [{ ...core, content: { ...content, flags: ["syn"] } }];
}

/** Options that pad. */
const PADDING = Buffer.of(0, 1, 4, 0, 0, 0, 0);

function plainerLayers(layer: Layer): Layer[] {
  if (layer.kind === "header") {
    const isPlain = layer.body.length === PADDING.length && layer.body[1] === PADDING[1];
    return isPlain || ![0, 60].includes(layer.number) ? [] : [{ ...layer, body: PADDING }];
  }
  const { overlap, nextOfRest, next, ...rest } = layer;
  return [
    ...(next === undefined ? [] : [without(layer, { overlap, nextOfRest })]),
    ...(overlap === undefined && nextOfRest === undefined ? [] : [without(layer, { next })]),
    ...(layer.reserved === 0 ? [] : [{ ...layer, reserved: 0 }]),
    ...rest.cuts.map((_, n) => ({ ...layer, cuts: rest.cuts.toSpliced(n, 1) })),
  ];
}

/** Without what it has in `rest`'s place. */
function without(
  { kind, identification, cuts, reserved }: FragmentLayer,
  rest: Partial<FragmentLayer>,
): FragmentLayer {
  const kept = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { kind, identification, cuts, reserved, ...Object.fromEntries(kept) };
}

let idsTaken = 0;

/** As another packet: nothing of it mixes with what was sent before. */
function underNewId(draft: Draft): Draft {
  idsTaken += 1;
  const id = HIGHEST_ID - idsTaken;
  const { core } = draft;
  const layers = draft.layers.map((layer, n) =>
    layer.kind === "header" ? layer : { ...layer, identification: (id * 256 + n * 16) >>> 0 },
  );
  return { ...draft, id, layers, core: { ...core, content: contentUnder(id, core) } };
}

function contentUnder(id: number, { content }: Packet): Packet["content"] {
  switch (content.protocol) {
    case "tcp":
      // From another port: where one has begun a connection, a second SYN is none.
      return { ...content, sourcePort: 1 + (id % 65_000), sequenceNumber: sequenceOf(id) };
    case "udp":
      return { ...content, payload: Buffer.from(`#${id};`) };
    case "ping":
    case "hidden":
      throw new Error(`contentUnder: the fuzzer makes no packet of ${content.protocol}`);
  }
}
