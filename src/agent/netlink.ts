/**
 * What is said to the kernel and by it over a netlink socket, as far as an agent needs it: packets
 * that rules log (nfnetlink_log.h of Linux), and whether rules have changed (nf_tables.h).
 */

export interface LoggedPacket {
  /** What the rule wrote in front of it. */
  readonly prefix: string;
  /** From its IP header on, as far as it was copied. */
  readonly packet: Uint8Array;
  /** Counts them; undefined where the kernel was not asked to. */
  readonly sequence: number | undefined;
}

/** Of this processor, as the fields of netlink's own headers are. Others are in network order. */
const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const HEADER_BYTES = 16;
const FAMILY_BYTES = 4;
const ATTRIBUTE_BYTES = 4;
const REQUEST = 1;
const ACKNOWLEDGE = 4;
const TYPE = { error: 2, packet: 0x0400, logConfig: 0x0401, generation: 0x0a0f } as const;
const GET_GENERATION = 0x0a10;
const CONFIG = { command: 1, mode: 2, flags: 6 } as const;
const BIND = 1;
const UNBIND = 2;
const COPY_PACKET = 2;
const NUMBERED = 1;
const LOGGED = { payload: 9, prefix: 10, sequence: 12 } as const;
const GENERATION_ID = 1;
/** The two highest bits of an attribute's type say how it is to be read. */
const TYPE_MASK = 0x3fff;

/** Asks for the packets of a group, whole and numbered: each is answered. */
export function printListen(group: number): readonly Uint8Array[] {
  return [
    printConfig(group, CONFIG.command, [BIND]),
    printConfig(group, CONFIG.mode, [0, 0, 0xff, 0xff, COPY_PACKET, 0]),
    printConfig(group, CONFIG.flags, [0, NUMBERED]),
  ];
}

/** Asks for no more; as that is answered, whoever is reading wakes up. */
export function printListenNoMore(group: number): Uint8Array {
  return printConfig(group, CONFIG.command, [UNBIND]);
}

/** Asks how often rules have changed so far. */
export function printAskGeneration(): Uint8Array {
  return printMessage(GET_GENERATION, REQUEST, 0, Buffer.alloc(0));
}

function printConfig(group: number, type: number, value: readonly number[]): Buffer {
  const attribute = Buffer.alloc(alignedTo4(ATTRIBUTE_BYTES + value.length));
  const view = viewOf(attribute);
  view.setUint16(0, ATTRIBUTE_BYTES + value.length, IS_LITTLE);
  view.setUint16(2, type, IS_LITTLE);
  attribute.set(value, ATTRIBUTE_BYTES);
  return printMessage(TYPE.logConfig, REQUEST | ACKNOWLEDGE, group, attribute);
}

function printMessage(type: number, flags: number, resource: number, attributes: Buffer): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + FAMILY_BYTES + attributes.length);
  const view = viewOf(message);
  view.setUint32(0, message.length, IS_LITTLE);
  view.setUint16(4, type, IS_LITTLE);
  view.setUint16(6, flags, IS_LITTLE);
  view.setUint16(18, resource);
  message.set(attributes, HEADER_BYTES + FAMILY_BYTES);
  return message;
}

/** The packets in what was read; what is not one, or is broken off, is left out. */
export function parseLogged(bytes: Uint8Array): LoggedPacket[] {
  return messagesIn(bytes)
    .filter(({ type }) => type === TYPE.packet)
    .flatMap(({ body }) => {
      const attributes = attributesIn(body.subarray(FAMILY_BYTES));
      const packet = attributes.get(LOGGED.payload);
      if (packet === undefined) return [];
      const sequence = attributes.get(LOGGED.sequence);
      return [
        {
          packet,
          prefix: textOf(attributes.get(LOGGED.prefix) ?? new Uint8Array()),
          sequence: sequence === undefined ? undefined : numberOf(sequence),
        },
      ];
    });
}

/** What the kernel answers to {@link printAskGeneration}; undefined where it is something else. */
export function parseGeneration(bytes: Uint8Array): number | undefined {
  const answer = messagesIn(bytes).find(({ type }) => type === TYPE.generation);
  if (answer === undefined) return undefined;
  const id = attributesIn(answer.body.subarray(FAMILY_BYTES)).get(GENERATION_ID);
  return id === undefined ? undefined : numberOf(id);
}

/** What a request is answered with: 0, or the number of an error; undefined: nothing so far. */
export function parseAcknowledgement(bytes: Uint8Array): number | undefined {
  const answer = messagesIn(bytes).find(
    ({ type, body }) => type === TYPE.error && body.length >= 4,
  );
  return answer === undefined ? undefined : Math.abs(viewOf(answer.body).getInt32(0, IS_LITTLE));
}

interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

function messagesIn(bytes: Uint8Array): Message[] {
  const view = viewOf(bytes);
  const messages: Message[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = view.getUint32(at, IS_LITTLE);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, IS_LITTLE),
      body: bytes.subarray(at + HEADER_BYTES, at + length),
    });
    at += alignedTo4(length);
  }
  return messages;
}

/** By their types; of several of one type, the last. */
function attributesIn(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  for (let at = 0; at + ATTRIBUTE_BYTES <= bytes.length; ) {
    const length = view.getUint16(at, IS_LITTLE);
    if (length < ATTRIBUTE_BYTES || at + length > bytes.length) break;
    const type = view.getUint16(at + 2, IS_LITTLE) & TYPE_MASK;
    attributes.set(type, bytes.subarray(at + ATTRIBUTE_BYTES, at + length));
    at += alignedTo4(length);
  }
  return attributes;
}

/** It ends with a zero. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("latin1");
}

function numberOf(bytes: Uint8Array): number | undefined {
  return bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0);
}

function alignedTo4(length: number): number {
  return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
