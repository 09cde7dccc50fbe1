/** An HTTP request that carries a token, as curl 7.88 (that of Debian 12) makes one. */
import { authorityOf } from "./name.ts";

const USUAL_PORT = 80;

export function requestWith(token: Uint8Array, host: string, port: number): Buffer {
  const lines = [
    `GET /${Buffer.from(token).toString("latin1")} HTTP/1.1`,
    `Host: ${authorityOf(host, port, USUAL_PORT)}`,
    "User-Agent: curl/7.88.1",
    "Accept: */*",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
