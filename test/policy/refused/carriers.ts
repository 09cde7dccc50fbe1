/** Policies that are refused for what carries their tokens. */
import { door, keys, refused } from "./row.ts";

/** A door whose tokens have these carriers. */
function carriedBy(list: string): string {
  return keys(`token: { carriers: ${list} }`);
}

const formRows = [
  refused(
    "a carrier that nobody knows",
    carriedBy("[«quic/443»]"),
    "not-a-carrier: write ping, udp/PORT, dns/PORT, http/PORT or tls/PORT",
  ),
  refused(
    "a carrier with a typing mistake",
    carriedBy("[«htpp/80»]"),
    "not-a-carrier: write http/80",
  ),
  refused(
    "a carrier by the name of its protocol",
    carriedBy("[«https/443»]"),
    "not-a-carrier: write tls/443",
  ),
  refused("a ping by the name of its protocol", carriedBy("[«icmp»]"), "not-a-carrier: write ping"),
  refused("a carrier in capitals", carriedBy("[«PING»]"), "not-a-carrier: write ping"),
  refused("a ping with a length", carriedBy("[«ping/63»]"), "not-a-carrier: write ping"),
  refused(
    "a carrier without a port",
    carriedBy("[ping, «udp»]"),
    "not-a-carrier: write udp/PORT, such as udp/62201",
  ),
  refused("a carrier to a port that does not exist", carriedBy("[dns/«70000»]"), "not-a-port"),
  refused("a carrier to a range", carriedBy("[udp/«1-5»]"), "not-a-port"),
  refused("room for no client", keys("token: { carriers: [ping], clients: «0» }"), "not-a-number"),
];

const portRows = [
  refused(
    "a carrier to a port that its door protects",
    door("protects: [tcp/22, tcp/8000-8010]\ntoken: { carriers: [«http/8005»] }"),
    "protected-carrier: choose a port that no door protects",
  ),
  refused(
    "a carrier to a port that a later door protects",
    "doors:\n  a: { protects: tcp/22, token: { carriers: [ping, «dns/53»] } }\n  b: { protects: udp/53 }",
    "protected-carrier",
  ),
];

export const carriers = { carriers: formRows, portsOfCarriers: portRows };
