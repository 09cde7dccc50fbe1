/**
 * Two senders in lockstep, each with a processor of its own: for every payload they wait for each
 * other, and then both send it in the same instant.
 */
import type { Host } from "./host.ts";

export interface Lockstep {
  /** Where each of the two sends from and to: addresses of one family. */
  readonly senders: readonly [Ends, Ends];
  readonly port: number;
  readonly payloads: readonly Uint8Array[];
}

interface Ends {
  readonly from: string;
  readonly to: string;
}

/** As many bytes as each payload has. */
const PAYLOAD_BYTES = 16;

/** Returns when all is sent. Nobody may answer, as an answer would be taken for a failed send. */
export async function sendInLockstep(
  host: Host,
  { senders, port, payloads }: Lockstep,
): Promise<void> {
  const all = Buffer.concat(payloads).toString("base64");
  const stdin = `const work = ${JSON.stringify({ senders, port, all })};\n${SENDER}`;
  await host.run([process.execPath, "-"], { stdin, timeoutSeconds: 100 });
}

const SENDER = `
const { Worker, isMainThread, workerData } = require("node:worker_threads");
if (isMainThread) {
  const shared = new SharedArrayBuffer(4);
  const source = "(" + send + ")(require('node:worker_threads').workerData)";
  for (const ends of work.senders) {
    new Worker(source, { eval: true, workerData: { ...work, ...ends, shared } });
  }
}
function send({ from, to, port, all, shared }) {
  const payloads = Buffer.from(all, "base64");
  const arrived = new Int32Array(shared);
  const socket = require("node:dgram").createSocket(to.includes(":") ? "udp6" : "udp4");
  let n = 0;
  const step = () => {
    if (n * ${PAYLOAD_BYTES} >= payloads.length) return socket.close();
    const payload = payloads.subarray(n * ${PAYLOAD_BYTES}, (n + 1) * ${PAYLOAD_BYTES});
    n += 1;
    Atomics.add(arrived, 0, 1);
    while (Atomics.load(arrived, 0) < 2 * n);
    socket.send(payload, (error) => {
      if (error) throw error;
    });
    setImmediate(step);
  };
  socket.bind(0, from, () => socket.connect(port, to, step));
}
`;
