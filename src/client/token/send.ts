/** Sends a token in the packet that its carrier is (src/policy/carriers.ts). */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { Destination, Host, Sent } from "../../host/index.ts";
import type { Carrier } from "../../policy/carriers.ts";
import { queryWith } from "./dns.ts";
import { requestWith } from "./http.ts";
import { helloWith } from "./tls.ts";
import { datagramWith } from "./udp.ts";

export interface Shown {
  readonly carrier: Carrier;
  /** As it stands in the packet. */
  readonly token: Uint8Array;
  /** What the server is called by who knocks. */
  readonly host: string;
}

/** As `ping` sends where nothing is said of it. */
const PING_BYTES = 56;

export function sendToken(
  { network }: Host,
  to: Destination,
  { carrier, token, host }: Shown,
): Sent {
  switch (carrier.kind) {
    case "ping":
      return network.ping(to, { payloadBytes: PING_BYTES, pattern: token });
    case "udp":
      return network.sendDatagram(to, carrier.port, datagramWith(token, randomBytes));
    case "dns": {
      const type = to.family === "ipv6" ? "AAAA" : "A";
      return network.sendDatagram(to, carrier.port, queryWith(token, host, type, randomBytes));
    }
    case "http":
      return network.ask(to, carrier.port, requestWith(token, host, carrier.port));
    case "tls": {
      const parts = { token, host, keyShare: newKeyShare(), random: randomBytes };
      return network.ask(to, carrier.port, helloWith(parts));
    }
  }
}

/** A real one: random bytes would often be none, and whoever looks on could tell. */
function newKeyShare(): Buffer {
  const { publicKey } = generateKeyPairSync("x25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return Buffer.from(x, "base64url");
}
