/** Hears what the kernel hands over by NFLOG, with tcpdump. */
import { readFile } from "node:fs/promises";
import { SIGNED_LOG_GROUP } from "../../src/program/index.ts";
import { type Host, untilSays } from "./host.ts";
import { parsePcap } from "./pcap.ts";

export interface HandedOver {
  readonly prefix: string;
  /** From its IP header on. */
  readonly packet: Buffer;
}

export interface Hearing {
  /** What was heard so far, in its order. */
  readonly heard: () => Promise<readonly HandedOver[]>;
  readonly stop: () => Promise<void>;
}

/** Listens in the host to the group of signed knocks from now on. */
export async function hear(host: Host): Promise<Hearing> {
  const file = host.newPath("nflog.pcap");
  const device = `nflog:${SIGNED_LOG_GROUP}`;
  const tcpdump = host.start(["tcpdump", "-U", "-Z", "root", "-i", device, "-w", file]);
  await untilSays(tcpdump, "listening on");
  return {
    heard: async () => parsePcap(await readFile(file)).map(({ bytes }) => parseHandedOver(bytes)),
    stop: tcpdump.stop,
  };
}

/** Before the first attribute: the family, the version, and the group. */
const NFLOG_HEADER_BYTES = 4;
const PAYLOAD = 9;
const PREFIX = 10;

/** LINKTYPE_NFLOG: attributes of netlink, each with its length and type as this machine has them. */
function parseHandedOver(bytes: Uint8Array): HandedOver {
  const message = Buffer.from(bytes);
  const attributes = new Map<number, Buffer>();
  for (let at = NFLOG_HEADER_BYTES; at + 4 <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (length < 4) throw new Error(`parseHandedOver: an attribute of ${length} bytes`);
    attributes.set(message.readUInt16LE(at + 2), message.subarray(at + 4, at + length));
    at += Math.ceil(length / 4) * 4;
  }
  const prefix = attributes.get(PREFIX)?.toString("latin1").replace(/\0$/, "") ?? "";
  return { prefix, packet: attributes.get(PAYLOAD) ?? Buffer.alloc(0) };
}
