/** The codes of all problems that only the host can tell; scripts may rely on them. */
export const HOST_CODES = [
  // Who is connected.
  "locks-you-out",
  "you-must-knock",
  "others-must-knock",
  // What listens.
  "nothing-listens",
  "bound-listener",
  "carrier-without-server",
  "stopped-elsewhere",
  // Who may sign.
  "signers-missing",
  // What else meets the watch range.
  "watch-over-ephemeral",
  "watch-over-service",
  "udp-over-ephemeral",
  // Names of things that are not there.
  "no-such-interface",
  "not-this-host",
  // Ways to a service past its door.
  "nat-around-door",
  "second-port",
  "local-elsewhere",
  "source-routes",
  // Where packets get past the gate.
  "port-of-bridge",
  "default-route-uncovered",
  "macvlan-uncovered",
  "guest-not-gated",
  "container-not-gated",
  "redirected-before-gate",
  // What the host is too old for.
  "carrier-needs-newer",
  // What iptables does otherwise.
  "short-lists",
  "strays-pass",
  "one-syn-each",
  "cut-log-names",
  "ticks-wrap",
] as const;

export type HostCode = (typeof HOST_CODES)[number];
